#include "cli/shell/result_line.hpp"

#include <csignal>
#include <cstdio>
#include <iostream>

namespace liveconnect::cli {

namespace {

const char* name_of(int code) {
  switch (code) {
  case done:
    return "done";
  case wrong_usage:
    return "usage";
  case unreachable:
    return "relay_unreachable";
  case try_later:
    return "try_later";
  case 128 + SIGINT:
    return "interrupted";
  case 128 + SIGTERM:
    return "terminated";
  default:
    return "error";
  }
}

void say_result(int code, const json_fields& fields) {
  json_fields all{{"ok", code == done}, {"code", code}, {"name", name_of(code)}};
  all.update(fields);
  std::cout << json_line("result", all) << std::endl;
}

/// With its full stop, unless it is a question.
std::string sentence(const std::string& x) {
  return !x.empty() && x.back() == '?' ? x : x + ".";
}

} // namespace

int say_done(bool json, const json_fields& fields) {
  if (json)
    say_result(done, fields);
  return done;
}

int say_failed(bool json, const failure& x) {
  std::cerr << sentence(x.what) << " " << sentence(x.what_to_do) << "\n";
  if (json)
    say_result(x.code, {{"error", to_string(x.error)},
                        {"detail", x.detail},
                        {"what", sentence(x.what)},
                        {"what_to_do", sentence(x.what_to_do)}});
  return x.code;
}

int say_stopped(bool json, int signal, const advice& text) {
  const int code = 128 + signal;
  if (json)
    say_result(code, {{"what", text.what}, {"what_to_do", text.what_to_do}});
  return code;
}

int after_output(int code) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout)
    return code;
  std::cerr << "Standard output takes no more, so part of the answer is lost. Make room there, and "
               "ask again.\n";
  return code == done ? other_error : code;
}

} // namespace liveconnect::cli
