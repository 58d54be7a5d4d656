#include "cli/shell/command.hpp"

#include <cstdio>
#include <cstring>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "messages/base/printable.hpp"

namespace liveconnect::cli {

namespace {

exit_status status_of(const command_end& end) {
  if (end.status)
    return *end.status;
  return end.signal != 0 ? exit_of_signal(end.signal) : exit_of(end.failure);
}

/// Tells people, and adds to the fields of the result what they are told.
void tell(output& out, const command_end& end, exit_status status, const finish_style& how,
          json_fields& fields) {
  const auto text = words_of(end);
  const bool has_error = end.failure && end.signal == 0;
  if (has_error) {
    fields["error"] = to_string(code_of(end.failure));
    fields["detail"] = printable(detail_of(end.failure), detail_chars_max);
  }
  fields["what"] = text.what;
  fields["what_to_do"] = text.what_to_do;
  if (end.signal != 0 && how.tells_signal)
    out.last(text.what + " " + text.what_to_do);
  else if (has_error)
    out.error(status, code_of(end.failure), text, how.error_object);
  else if (end.signal == 0 && !out.style().as_json)
    out.error(status, ec::internal, text, false);
}

} // namespace

advice words_of(const command_end& end) {
  auto out = end.signal != 0 ? advice_for_signal(end.signal)
             : end.failure   ? advice_for(end.failure)
                             : advice{};
  if (!end.words.what.empty())
    out.what = end.words.what;
  if (!end.words.what_to_do.empty())
    out.what_to_do = end.words.what_to_do;
  return out;
}

int finish(output& out, const command_end& end, const finish_style& how) {
  auto fields = end.fields;
  auto status = status_of(end);
  if (status.code != 0)
    tell(out, end, status, how, fields);
  const auto lost = [&] {
    return fmt::format("Not everything could be written to standard output: {}.",
                       std::strerror(out.lost()));
  };
  if (out.lost() != 0 && status.code == 0 && !how.output_may_be_lost) {
    status = exit_of(ec::disk_failed);
    fields["what"] = lost();
    fields["what_to_do"] = how.lost_output;
  }
  out.result(status, fields);
  if (out.lost() == 0 || how.output_may_be_lost)
    return status.code;
  std::fputs(fmt::format("{} {}\n", lost(), how.lost_output).c_str(), stderr);
  return status.code != 0 ? status.code : exit_of(ec::disk_failed).code;
}

size_t named_depth(const CLI::App* app) {
  if (!app->parsed())
    return 0;
  size_t out = 1;
  for (const auto* parent = app->get_parent(); parent != nullptr; parent = parent->get_parent())
    ++out;
  return out;
}

} // namespace liveconnect::cli
