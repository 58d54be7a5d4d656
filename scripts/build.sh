#!/usr/bin/env bash
# Brings this machine and one build folder to where programs can run: installs missing Debian packages, configures, builds.
# Used by ./run, ./test and ./fuzz; called as: scripts/build.sh PRESET [TARGET...]
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=$1
shift

say() { printf '%s\n' "$*" >&2; }

# Who builds named programs needs no browser and no balancer: the packages below the heading are for tests alone.
wanted() {
  if [ $# -gt 0 ]; then
    sed '/^# tests only/,$d' "$top/scripts/packages.txt"
  else
    cat "$top/scripts/packages.txt"
  fi | grep -v '^#'
  if [ "$preset" = fuzz ]; then printf '%s\n' clang libclang-rt-dev; fi
}

missing=()
for package in $(wanted "$@"); do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  say "Installing Debian packages: ${missing[*]}"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { say "These packages need root. Run this again as root, or install sudo."; exit 1; }
    as_root=(sudo)
  fi
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    say "The packages could not be installed. See the lines above, mend it, and run this again."
    exit 1
  fi
  rm -f "$log"
fi

build="$top/build/$preset"
mkdir -p "$build"
# One build of a folder at a time; a second caller waits for the first.
exec 9>"$build/.lock"
flock 9

if [ ! -f "$build/build.ninja" ]; then
  say "Configuring ($preset)"
  if ! (cd "$top" && cmake --preset "$preset") >"$build/configure.log" 2>&1; then
    tail -30 "$build/configure.log" >&2
    say "CMake could not configure the build. The whole log is in build/$preset/configure.log."
    exit 1
  fi
fi
if ! cmake --build "$build" --target "${@:-all}" -- -n 2>/dev/null | grep -q 'no work to do'; then
  say "Building ($preset)"
fi
if ! cmake --build "$build" --target "${@:-all}" >"$build/build.log" 2>&1; then
  grep -E 'error|Error|FAILED' -A 12 "$build/build.log" | head -80 >&2
  say "The build failed. The whole log is in build/$preset/build.log."
  exit 1
fi
