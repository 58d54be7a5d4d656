#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "benchmarks/load/sockets.hpp"
#include "benchmarks/load/syncthing_line.hpp"
#include "benchmarks/subjects/cores.hpp"
#include "benchmarks/subjects/scratch_folder.hpp"
#include "cli/shell/child_process.hpp"

namespace liveconnect::bench {

/// How two ends of the generator come together.
enum class meeting : uint8_t {
  /// Both connect to a relay of ours and join the same room.
  rooms,
  /// One connects; what is measured forwards to a listener of the generator, which is the other.
  forwarded,
  /// Both connect and say the same token: the transit relay of magic-wormhole.
  tokens,
  /// One asks over TLS for another that waits there; both are given keys of a session: syncthing's.
  sessions,
};

/// What the work goes through: our relay, or something to compare it with.
struct subject {
  std::string name;
  /// Of the program, for the result; empty where there is none.
  std::string version;
  meeting how = meeting::rooms;
  /// Where ends connect to.
  endpoint target;
  /// Where a relay of ours answers with /status.json, as far as that is known.
  std::optional<endpoint> status;
  /// meeting::forwarded: where the other ends come.
  descriptor listener;
  /// meeting::sessions: the device that is asked for. The relay ends all sessions of a device that
  /// goes.
  std::optional<syncthing::host> host;
  /// The process whose time and memory are measured: the child, or one that the user names.
  std::optional<pid_t> pid;
  /// Source addresses that connections came from so far (source_addresses).
  size_t sources_used = 0;

  // Order matters: the child ends before its folder goes.
  std::optional<scratch_folder> folder;
  std::optional<cli::child_process> child;
};

/// The names that --peers takes.
inline constexpr const char* relay_name = "liveconnect";
inline constexpr const char* haproxy_name = "haproxy";
inline constexpr const char* raw_name = "raw";
inline constexpr const char* wormhole_name = "wormhole";
inline constexpr const char* syncthing_name = "syncthing";

/// How our relay is started.
struct relay_start {
  /// Empty: `liveconnect-relay` beside this program.
  std::filesystem::path program;
  /// Further arguments, last.
  std::vector<std::string> arguments;
  /// Limits stay as they are; else those that a load from one machine must reach are lifted.
  bool keep_limits = false;
};

/// Whether these arguments set a flag (`--flag` or `--flag=...`): then it is not ours to set.
bool names_flag(const std::vector<std::string>& arguments, const std::string& flag);

/// All of these put the child on `core` (negative: anywhere). Failures carry whole sentences:
/// ec::bad_config when a program is not there, ec::relay_unreachable when it does not come up.

/// The program that start_relay() would start.
caf::expected<std::filesystem::path> find_relay(const relay_start& how);
/// Starts our relay on a free port and waits for its ready line, 10 s at most.
caf::expected<subject> start_relay(const relay_start& how, int core);
/// A relay that runs already. `pid` lets its time and memory be measured.
subject running_relay(const endpoint& where, std::optional<pid_t> pid);

/// Whether a peer of that name exists, and else what to do: ec::bad_argument for an unknown name,
/// ec::bad_config for a program that is not installed.
caf::error check_peer(const std::string& name);
/// Starts the peer of that name.
caf::expected<subject> start_peer(const std::string& name, int core);

} // namespace liveconnect::bench
