// The admin socket's two ends, with a handler of the test's own.
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "messages/base/error.hpp"
#include "relay/admin/admin_client.hpp"
#include "relay/admin/admin_server.hpp"
#include "relay/admin/unix_socket.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::relay {
namespace {

using json = nlohmann::json;

struct admin_socket_test : ::testing::Test {
  liveconnect::test::temporary_folder folder;
  const std::string path = (folder.path() / "inner" / "admin.sock").string();

  static nlohmann::ordered_json echo(const json& request, const admin_server::say_function& say) {
    for (int i = 0; i < request.value("lines", 0); ++i)
      say({{"type", "line"}, {"number", i}});
    return {{"ok", true}, {"heard", request.value("command", "")}};
  }

  std::vector<json> ask(const json& request) {
    std::vector<json> out;
    const auto err = ask_admin(path, request, [&](const json& x) { out.push_back(x); });
    EXPECT_FALSE(err) << detail_of(err);
    return out;
  }

  /// More than a request may have: the server stops reading and may close before all is sent.
  static constexpr size_t too_much = 100'000;

  /// What a raw client reads.
  std::string talk(const std::string& text) {
    const int fd = connect_unix(path, std::chrono::seconds(10));
    EXPECT_GE(fd, 0);
    const auto sent = send_all(fd, text);
    EXPECT_TRUE(sent || text.size() > too_much);
    shutdown(fd, SHUT_WR);
    std::string out;
    char buffer[4096];
    for (ssize_t count = 0; (count = recv(fd, buffer, sizeof buffer, 0)) > 0;)
      out.append(buffer, static_cast<size_t>(count));
    close(fd);
    return out;
  }
};

TEST_F(admin_socket_test, answers_lines_and_then_the_result) {
  const auto server = admin_server::open(path, echo);
  ASSERT_TRUE(server) << detail_of(server.error());
  const auto lines = ask({{"command", "rooms"}, {"lines", 5000}});
  ASSERT_EQ(lines.size(), 5001u);
  EXPECT_EQ(lines[4999]["number"], 4999);
  EXPECT_EQ(lines.back()["type"], "result");
  EXPECT_EQ(lines.back()["heard"], "rooms");
  EXPECT_EQ(ask({{"command", "again"}}).back()["heard"], "again");
}

TEST_F(admin_socket_test, is_for_its_user_alone) {
  const auto server = admin_server::open(path, echo);
  ASSERT_TRUE(server);
  struct stat about {};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((folder.path() / "inner").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
}

TEST_F(admin_socket_test, a_folder_that_others_may_enter_is_refused) {
  std::filesystem::create_directory(folder.path() / "inner");
  chmod((folder.path() / "inner").c_str(), 0755);
  const auto server = admin_server::open(path, echo);
  ASSERT_FALSE(server);
  EXPECT_EQ(code_of(server.error()), ec::cannot_listen);
  EXPECT_NE(detail_of(server.error()).find("must be mode 0700"), std::string::npos);
}

TEST_F(admin_socket_test, a_socket_in_use_is_kept_and_one_left_behind_is_replaced) {
  {
    const auto first = admin_server::open(path, echo);
    ASSERT_TRUE(first);
    const auto second = admin_server::open(path, echo);
    ASSERT_FALSE(second);
    EXPECT_NE(detail_of(second.error()).find("another relay answers"), std::string::npos);
    EXPECT_EQ(ask({{"command", "x"}}).back()["heard"], "x");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  // A relay that was killed leaves its socket.
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  ASSERT_TRUE(unix_address(path, at));
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  close(fd);
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(admin_server::open(path, echo));
  // A file that is not a socket belongs to another program.
  std::ofstream(path) << "mine";
  EXPECT_FALSE(admin_server::open(path, echo));
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(admin_socket_test, survives_what_is_no_request) {
  const auto server = admin_server::open(path, echo);
  ASSERT_TRUE(server);
  for (const auto& text : {std::string("\n"), std::string("hello\n"), std::string("[]\n"),
                           std::string("7\n"), std::string("{\"command\":\n"), std::string(),
                           std::string(200'000, 'x'), std::string("{\"a\":\"") + "\xff\"}\n"}) {
    const auto answer = talk(text);
    // One that sent too much may be reset before it reads the answer.
    if (!answer.empty()) {
      EXPECT_EQ(json::parse(answer)["ok"], false) << text.substr(0, 20);
    }
  }
  EXPECT_EQ(ask({{"command", "alive"}}).back()["heard"], "alive");
}

TEST_F(admin_socket_test, says_that_no_relay_is_there) {
  const auto err = ask_admin(path, {{"command", "x"}}, [](const json&) { FAIL(); });
  EXPECT_EQ(code_of(err), ec::relay_unreachable);
}

} // namespace
} // namespace liveconnect::relay
