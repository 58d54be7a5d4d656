#include "relay/output.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "messages/base/time_text.hpp"

namespace liveconnect::relay {

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

} // namespace

std::string json_line(const char* type, const json_fields& fields) {
  json_fields all{{"v", 1}, {"t", utc_text(std::chrono::system_clock::now())}, {"type", type}};
  all.update(fields);
  return all.dump(-1, ' ', false, json_fields::error_handler_t::replace);
}

int say_done(bool json, const json_fields& fields) {
  if (json)
    say_result(done, fields);
  return done;
}

int say_failed(bool json, const failure& x) {
  std::cerr << x.what << ". " << x.what_to_do << ".\n";
  if (json)
    say_result(x.code, {{"error", to_string(x.error)},
                        {"detail", x.detail},
                        {"what", x.what + "."},
                        {"what_to_do", x.what_to_do + "."}});
  return x.code;
}

int say_stopped(bool json, int signal) {
  const int code = 128 + signal;
  if (json)
    say_result(code, {{"what", "A signal stopped the relay before everybody had left."},
                      {"what_to_do", "Start it again when people shall meet there."}});
  return code;
}

int after_output(int code) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout)
    return code;
  std::cerr << "Standard output takes no more, so a part of the answer is lost. Make room there "
               "and ask again.\n";
  return code == done ? other_error : code;
}

} // namespace liveconnect::relay
