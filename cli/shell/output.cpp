#include "cli/shell/output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include <fmt/format.h>

#include "messages/base/time_text.hpp"

namespace liveconnect::cli {

namespace {

constexpr int bar_cells = 14;

/// 0, or the error number of what did not arrive.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? errno : EIO;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

bool present(const char* name) {
  const auto value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

} // namespace

output_style style_of(bool as_json, bool quiet, bool no_color) {
  output_style out;
  out.as_json = as_json;
  out.quiet = quiet;
  const auto term = std::getenv("TERM");
  const auto dumb = term == nullptr || std::strcmp(term, "dumb") == 0;
  out.terminal = !as_json && ::isatty(STDOUT_FILENO) == 1 && !dumb;
  out.colour = out.terminal && !no_color && !present("NO_COLOR");
  return out;
}

std::string json_line(std::string_view type, const json_fields& fields) {
  json_fields all{{"v", 1}, {"t", utc_text(std::chrono::system_clock::now())}, {"type", type}};
  if (fields.is_object())
    all.update(fields);
  return all.dump(-1, ' ', false, json_fields::error_handler_t::replace);
}

output::output(output_style style) : style_(style) {}

void output::line(std::string_view text) {
  if (style_.as_json || style_.quiet)
    return;
  std::lock_guard guard{mutex_};
  write_line(text);
}

void output::done(std::string_view text) {
  line(fmt::format("{}\u2713{} {}", style_.colour ? "\033[32m" : "", style_.colour ? "\033[0m" : "",
                   text));
}

void output::note(std::string_view text) {
  line(fmt::format("{}!{} {}", style_.colour ? "\033[33m" : "", style_.colour ? "\033[0m" : "",
                   text));
}

void output::last(std::string_view text) {
  if (style_.as_json)
    return;
  std::lock_guard guard{mutex_};
  write_line(text);
}

void output::progress(std::string_view what, uint64_t done, uint64_t of) {
  if (style_.as_json) {
    event("progress", {{"what", what}, {"done", done}, {"of", of}});
    return;
  }
  if (style_.quiet)
    return;
  std::lock_guard guard{mutex_};
  if (!style_.terminal) {
    if (done == 0 || done == of)
      write_line(fmt::format("\u2192 {}  {}/{}", what, done, of));
    return;
  }
  const auto full = of == 0 ? bar_cells : static_cast<int>(done * bar_cells / of);
  std::string bar;
  for (int i = 0; i < bar_cells; ++i)
    bar += i < full ? "\u2588" : "\u2591";
  write(fmt::format("\r\033[K\u2192 {}  {}  {}/{}", what, bar, done, of));
  bar_shown_ = true;
  if (done >= of) {
    write("\n");
    bar_shown_ = false;
  }
}

void output::event(std::string_view type, const json_fields& fields) {
  if (!style_.as_json)
    return;
  std::lock_guard guard{mutex_};
  if (!finished_)
    write_json(type, fields);
}

void output::error(const caf::error& x, const advice& text) {
  if (style_.as_json) {
    const auto status = exit_of(x);
    event("error", {{"code", status.code},
                    {"name", status.name},
                    {"error", to_string(code_of(x))},
                    {"what", text.what},
                    {"what_to_do", text.what_to_do}});
    return;
  }
  std::lock_guard guard{mutex_};
  clear_bar();
  write_all(STDERR_FILENO, text.what + " " + text.what_to_do + "\n");
}

void output::result(exit_status status, const json_fields& fields) {
  std::lock_guard guard{mutex_};
  if (finished_)
    return;
  clear_bar();
  if (style_.as_json) {
    json_fields all{{"ok", status.code == 0}, {"code", status.code}, {"name", status.name}};
    if (fields.is_object())
      all.update(fields);
    write_json("result", all);
  }
  finished_ = true;
}

void output::write(std::string_view text) {
  if (auto err = write_all(STDOUT_FILENO, text); err != 0)
    lost_ = err;
}

void output::write_json(std::string_view type, const json_fields& fields) {
  write(json_line(type, fields) + "\n");
}

void output::write_line(std::string_view text) {
  clear_bar();
  std::string all{text};
  all += '\n';
  write(all);
}

void output::clear_bar() {
  if (bar_shown_)
    write("\r\033[K");
  bar_shown_ = false;
}

} // namespace liveconnect::cli
