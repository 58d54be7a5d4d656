#include <cstdio>
#include <iostream>

#include "relay/command_line.hpp"
#include "relay/operator_commands.hpp"
#include "relay/run.hpp"

int main(int argc, char** argv) {
  using namespace liveconnect::relay;
  const auto asked = read_command_line(argc, argv);
  if (asked.exit_code >= 0)
    return asked.exit_code;
  if (asked.what == command_line::command::run)
    return run(asked.settings, asked.read_again, asked.json);
  if (asked.what != command_line::command::version)
    return operate(asked);
  if (asked.json)
    std::cout << R"({"v":1,"type":"version","program":"liveconnect-relay","version":")" << version()
              << "\"}\n";
  else
    std::cout << program_and_version() << "\n";
  return 0;
}
