#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "messages/secure/invitation.hpp"
#include "messages/wire/frame.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/network_fixture.hpp"
#include "tests/support/onlooker.hpp"

namespace liveconnect::test {
namespace {

class attack : public network_test {
protected:
  std::string read(const std::filesystem::path& file) const {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
};

TEST_F(attack, a_client_with_another_key_gets_nothing) {
  start_network();
  auto sender = start_sender("3439", {"--wait", "60s"});
  // The right room, the right id, another key.
  std::istringstream text{read(invitation())};
  auto other = key_words(secret<32>::random());
  auto forged = folder_.path() / "forged.txt";
  {
    std::ofstream out{forged};
    for (std::string line; std::getline(text, line);)
      out << (line.compare(0, 4, "Key:") == 0 ? "Key: " + std::string{view(other).text()} : line)
          << "\n";
  }
  auto thief = run_to_end("thief", {"receive", forged.string(), "--wait", "5s"});
  EXPECT_EQ(thief.value("code", 0), 5) << thief;
  EXPECT_EQ(thief.value("name", ""), "wrong_key");
  auto receiver = start_receiver();
  EXPECT_EQ(sender.result().value("name", ""), "done");
  EXPECT_EQ(receiver.result().value("name", ""), "done");
  expect_moved("3439");
}

TEST_F(attack, a_third_person_finds_the_room_full) {
  start_network();
  gate here;
  bool held = false;
  line_proxy wire{relay_address_, [&](const line_proxy::record& x) -> std::optional<std::string> {
                    if (!held && x.to_relay && message_number(x.line) == 5) {
                      held = true;
                      here.pass();
                    }
                    return x.line;
                  }};
  auto straight = relay_address_;
  relay_address_ = wire.address();
  gate_opener at_the_end{here};
  auto sender = start_sender("3439");
  auto receiver = start_receiver();
  ASSERT_TRUE(here.wait_reached(patience));
  // The third has the very same invitation, and goes to the relay itself.
  auto text = read(invitation());
  auto at = text.find(wire.address());
  ASSERT_NE(at, std::string::npos);
  text.replace(at, wire.address().size(), straight);
  std::ofstream{folder_.path() / "third.txt"} << text;
  auto third = run_to_end("third", {"receive", (folder_.path() / "third.txt").string()});
  EXPECT_EQ(third.value("code", 0), 5) << third;
  here.open();
  EXPECT_EQ(sender.result().value("name", ""), "done");
  EXPECT_EQ(receiver.result().value("name", ""), "done");
  expect_moved("3439");
}

TEST_F(attack, more_than_there_is_cannot_be_sent) {
  start_network();
  auto result = run_to_end("sender", {"send", "5311", "--invitation", invitation().string()});
  EXPECT_EQ(result.value("code", 0), 6) << result;
  EXPECT_EQ(result.value("name", ""), "not_enough_coins");
  EXPECT_FALSE(std::filesystem::exists(invitation())) << "an invitation to nothing";
  expect_moved("0");
}

/// One letter of base64 becomes another.
void alter_letter(std::string& text) {
  text[0] = text[0] == 'A' ? 'B' : 'A';
}

/// Another message in place of the one that stands there, with the proof of the first.
std::string altered(const std::string& line) {
  static const std::map<int, uint16_t> others = {
      {2, 5},   {3, 13},  {5, 6},   {6, 7},   {7, 20},  {20, 7},  {8, 9},   {9, 10},
      {10, 11}, {11, 12}, {12, 11}, {13, 14}, {14, 15}, {15, 16}, {16, 18}, {18, 15},
  };
  frame_reader reader;
  reader.feed(byte_view(line + "\n"));
  auto read = reader.next();
  if (!read || !*read) {
    ADD_FAILURE() << "no frame: " << line;
    return line;
  }
  auto x = **read;
  if (auto other = others.find(x.number); other != others.end())
    x.number = other->second;
  else if (x.is(message_number::amount))
    x.details += '0';
  else if (x.is(message_number::cancel))
    x.details = "coins";
  else if (x.is(message_number::coins_confirmed))
    x.details[0] = x.details[0] == '0' ? '1' : '0';
  else
    // Of the handshake or the body, or of the proof where there is neither.
    alter_letter(!x.handshake.empty() ? x.handshake : !x.details.empty() ? x.details : x.auth);
  auto out = encode(x, x.how);
  EXPECT_FALSE(out.empty()) << line;
  EXPECT_NE(out, line + "\n");
  return out.substr(0, out.find('\n'));
}

/// Whether either client reported a message that was not authentic.
bool is_noticed(const client& x) {
  return std::any_of(x.objects().begin(), x.objects().end(), [](const json& y) {
    return y.value("type", "") == "warning" &&
           y.value("text", "").find("was not authentic") != std::string::npos;
  });
}

/// Which message is altered, and the notation in which both write.
struct target {
  int number = 0;
  const char* notation = "tag";
};

std::string to_string(const target& x) {
  return std::to_string(x.number) + "_" + x.notation;
}

void PrintTo(const target& x, std::ostream* out) {
  *out << to_string(x);
}

std::string name_of(const ::testing::TestParamInfo<target>& x) {
  return to_string(x.param);
}

class tampering : public attack, public ::testing::WithParamInterface<target> {};

TEST_P(tampering, with_any_command_before_the_coins_moves_nothing) {
  start_network();
  size_t changed = 0;
  line_proxy wire{relay_address_, [&](const line_proxy::record& x) -> std::optional<std::string> {
                    if (!x.to_relay || message_number(x.line) != GetParam().number)
                      return x.line;
                    ++changed;
                    return altered(x.line);
                  }};
  relay_address_ = wire.address();
  std::vector<std::string> how{"--wait", "10s",        "--timeout",
                               "5s",     "--notation", GetParam().notation};
  auto sender = start_sender("3439", how);
  auto receiver = start_receiver(how);
  auto sent = sender.result();
  auto got = receiver.result();
  EXPECT_NE(sent.value("code", 0), 0) << sent;
  EXPECT_NE(got.value("code", 0), 0) << got;
  EXPECT_TRUE(sent.value("code", 0) == 5 || got.value("code", 0) == 5) << sent << got;
  EXPECT_GT(changed, 0u);
  for (const auto& x : wire.lines())
    if (x.to_relay) {
      EXPECT_NE(message_number(x.line), 24) << "a coin left";
    }
  expect_moved("0");
}

INSTANTIATE_TEST_SUITE_P(relay, tampering,
                         ::testing::Values(target{2}, target{3}, target{4}, target{5}, target{6},
                                           target{7}, target{20}, target{8}, target{9}, target{10},
                                           target{11}, target{12}, target{21}, target{13},
                                           target{8, "json"}),
                         name_of);

class tampering_once : public attack {
protected:
  using is_it = std::function<bool(const line_proxy::record&)>;

  /// A transfer in which the first line to the relay that `wanted` says yes to becomes another; the
  /// transfer must come to its end.
  void run(const is_it& wanted, const std::function<std::string(const std::string&)>& change,
           const char* notation) {
    start_network();
    bool done = false;
    line_proxy wire{relay_address_, [&](const line_proxy::record& x) -> std::optional<std::string> {
                      if (done || !x.to_relay || !wanted(x))
                        return x.line;
                      done = true;
                      return change(x.line);
                    }};
    relay_address_ = wire.address();
    auto sender = start_sender("3439", {"--notation", notation});
    auto receiver = start_receiver({"--notation", notation});
    EXPECT_EQ(sender.result().value("name", ""), "done");
    EXPECT_EQ(receiver.result().value("name", ""), "done");
    EXPECT_TRUE(done);
    noticed_ = is_noticed(sender) || is_noticed(receiver);
    for (const auto& x : wire.lines())
      joins_ += x.to_relay && message_number(x.line) == 100 ? 1 : 0;
    expect_moved("3439");
  }

  void expect_new_connection() const {
    EXPECT_TRUE(noticed_);
    EXPECT_GT(joins_, 2u);
  }

  bool noticed_ = false;
  size_t joins_ = 0;
};

class tampering_with_a_command : public tampering_once,
                                 public ::testing::WithParamInterface<target> {};

TEST_P(tampering_with_a_command, is_noticed_and_the_transfer_goes_on_by_its_id) {
  run([](const line_proxy::record& x) { return message_number(x.line) == GetParam().number; },
      altered, GetParam().notation);
  expect_new_connection();
}

INSTANTIATE_TEST_SUITE_P(relay, tampering_with_a_command,
                         ::testing::Values(target{4}, target{12}, target{24}, target{14},
                                           target{15}, target{16}, target{17}, target{18},
                                           target{19}, target{4, "json"}, target{24, "json"},
                                           target{19, "json"}),
                         name_of);

/// Text of an attribute or member of a heartbeat; empty when there is none, and in other messages.
std::string part_of_heartbeat(const std::string& line, const std::string& tag,
                              const std::string& key) {
  auto mark = line[0] == '{' ? "\"" + key + "\":\"" : " " + tag + "=\"";
  auto at = line.find(mark);
  if (message_number(line) != 1 || at == std::string::npos)
    return {};
  at += mark.size();
  return line.substr(at, line.find('"', at) - at);
}

std::string handshake_of(const std::string& line) {
  return part_of_heartbeat(line, "h", "handshake");
}

bool is_proved_heartbeat(const std::string& line) {
  return !part_of_heartbeat(line, "a", "auth").empty();
}

/// base64_test of the 48 bytes of Noise message 1, and of the 80 of message 2.
constexpr size_t call_letters = 64;
constexpr size_t answer_letters = 108;

TEST_F(tampering_once, with_the_call_is_noticed) {
  run([](const auto& x) { return handshake_of(x.line).size() == call_letters; }, altered, "tag");
  expect_new_connection();
}

TEST_F(tampering_once, with_the_answer_to_a_call_is_passed_over_and_the_answer_repeated) {
  // It may as well be an older session's, so the sender waits for the next one.
  run([](const auto& x) { return handshake_of(x.line).size() == answer_letters; }, altered, "json");
  EXPECT_FALSE(noticed_);
  EXPECT_EQ(joins_, 2u);
}

TEST_F(tampering_once, with_the_senders_proof_of_the_key_is_noticed) {
  run([](const auto& x) { return is_proved_heartbeat(x.line); }, altered, "json");
  expect_new_connection();
}

TEST_F(tampering_once, with_the_receivers_proof_of_the_key_is_noticed) {
  std::optional<size_t> sender;
  run(
      [&](const auto& x) {
        if (!is_proved_heartbeat(x.line))
          return false;
        if (!sender)
          sender = x.connection;
        return x.connection != *sender;
      },
      altered, "tag");
  expect_new_connection();
}

TEST_F(tampering_once, with_a_heartbeat_that_no_client_sent_is_noticed) {
  run([](const auto& x) { return message_number(x.line) == 9; },
      [](const std::string& line) { return "<# Heartbeat>\n" + line; }, "tag");
  expect_new_connection();
}

class tampering_with_a_cancel : public attack, public ::testing::WithParamInterface<const char*> {};

TEST_P(tampering_with_a_cancel, is_noticed_and_nothing_moves) {
  start_network();
  // Both wait for this one, which never comes.
  line_proxy wire{relay_address_, [](const line_proxy::record& x) -> std::optional<std::string> {
                    auto number = message_number(x.line);
                    if (x.to_relay && number == 3)
                      return std::nullopt;
                    return x.to_relay && number == 105 ? altered(x.line) : x.line;
                  }};
  relay_address_ = wire.address();
  auto sender = start_sender("3439", {"--notation", GetParam()});
  auto receiver = start_receiver({"--notation", GetParam()});
  ASSERT_TRUE(wire.wait_for(
      [](const line_proxy::record& x) { return x.to_relay && message_number(x.line) == 3; },
      patience));
  sender.program().signal(SIGINT);
  EXPECT_EQ(sender.result().value("code", 0), 130);
  // It does not obey, and waits for the sender to come back.
  ASSERT_TRUE(receiver.wait_until([&](const json&) { return is_noticed(receiver); }));
  receiver.program().signal(SIGTERM);
  EXPECT_EQ(receiver.result().value("code", 0), 143);
  expect_moved("0");
}

INSTANTIATE_TEST_SUITE_P(both, tampering_with_a_cancel, ::testing::Values("tag", "json"),
                         [](const auto& x) { return std::string{x.param}; });

TEST_F(attack, the_key_is_in_no_argument_environment_or_output) {
  start_network();
  auto sender = start_sender("3439");
  auto invite = parse_invitation(read(invitation()));
  ASSERT_TRUE(invite);
  auto words = std::string{view(key_words(invite->key)).text()};
  auto first_words = words.substr(0, words.find(' ', words.find(' ', words.find(' ') + 1) + 1));
  auto hex = to_hex(invite->key.view());
  auto line = std::string{view(to_line(*invite)).text()};
  auto encoded = line.substr(line.find('#') + 1);
  auto looks = [&](const std::string& text) {
    return text.find(first_words) == text.npos && text.find(hex) == text.npos &&
           text.find(encoded) == text.npos;
  };
  auto receiver = start_receiver();
  for (auto* x : {&sender, &receiver}) {
    auto folder = std::filesystem::path{"/proc"} / std::to_string(x->program().pid());
    EXPECT_TRUE(looks(read(folder / "cmdline")));
    EXPECT_TRUE(looks(read(folder / "environ")));
  }
  EXPECT_EQ(sender.result().value("name", ""), "done");
  EXPECT_EQ(receiver.result().value("name", ""), "done");
  for (auto* x : {&sender, &receiver}) {
    EXPECT_TRUE(looks(x->program().output()));
    EXPECT_TRUE(looks(x->program().errors()));
  }
  for (auto side : {"sender", "receiver"})
    for (const auto& entry : std::filesystem::directory_iterator{data(side) / "Transcripts"})
      EXPECT_TRUE(looks(read(entry.path()))) << entry.path();
}

} // namespace
} // namespace liveconnect::test
