#include <csignal>
#include <fstream>
#include <map>
#include <sstream>

#include "messages/invitation.hpp"
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

TEST_F(attack, somebody_with_another_key_gets_nothing) {
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

/// Another clear message in place of the one that stands there.
std::string altered(const std::string& line) {
  if (message_number(line) == 4) {
    auto at = line.find("3439");
    return at == std::string::npos ? line : line.substr(0, at) + "34390" + line.substr(at + 4);
  }
  static const std::map<std::string, std::string> others = {
      {"Empty_Import_Export", "Making_Change"},
      {"Import_Export_Empty", "Ready_To_Receive"},
      {"Making_Change", "Joining_Coins"},
      {"Joining_Coins", "Finding_Change"},
      {"Finding_Change", "Fixing_Change"},
      {"Fixing_Change", "Finding_Change"},
      {"Moving_Coins_To_Sender", "Detecting_Coin_authenticity"},
      {"Detecting_Coin_authenticity", "Fixing_Coins"},
      {"Fixing_Coins", "Putting_Coins_in_Export"},
      {"Putting_Coins_in_Export", "Encrypting_Coins"},
      {"Ready_To_Receive", "Received"},
  };
  for (const auto& [name, other] : others)
    if (line.compare(0, 3 + name.size(), "<# " + name) == 0)
      return "<# " + other + line.substr(3 + name.size());
  // One letter of the body, or of the proof where there is no body.
  auto out = line;
  auto body = out.find('>') + 1;
  auto proof = out.find("a=\"") + 3;
  auto& letter = out[body < out.size() ? body : proof];
  letter = letter == 'A' ? 'B' : 'A';
  return out;
}

class tampering : public attack, public ::testing::WithParamInterface<int> {};

TEST_P(tampering, with_any_command_before_the_coins_moves_nothing) {
  start_network();
  size_t changed = 0;
  line_proxy wire{relay_address_, [&](const line_proxy::record& x) -> std::optional<std::string> {
                    if (!x.to_relay || message_number(x.line) != GetParam())
                      return x.line;
                    auto out = altered(x.line);
                    EXPECT_NE(out, x.line);
                    ++changed;
                    return out;
                  }};
  relay_address_ = wire.address();
  auto sender = start_sender("3439", {"--wait", "10s", "--timeout", "5s"});
  auto receiver = start_receiver({"--wait", "10s", "--timeout", "5s"});
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
                         ::testing::Values(2, 3, 4, 5, 6, 7, 20, 8, 9, 10, 11, 21, 13));

class tampering_once : public attack, public ::testing::WithParamInterface<int> {};

TEST_P(tampering_once, is_noticed_and_the_transfer_goes_on_by_its_id) {
  start_network();
  bool done = false;
  line_proxy wire{relay_address_, [&](const line_proxy::record& x) -> std::optional<std::string> {
                    if (done || !x.to_relay || message_number(x.line) != GetParam())
                      return x.line;
                    done = true;
                    auto out = altered(x.line);
                    EXPECT_NE(out, x.line);
                    return out;
                  }};
  relay_address_ = wire.address();
  auto sender = start_sender("3439");
  auto receiver = start_receiver();
  EXPECT_EQ(sender.result().value("name", ""), "done");
  EXPECT_EQ(receiver.result().value("name", ""), "done");
  EXPECT_TRUE(done);
  expect_moved("3439");
}

INSTANTIATE_TEST_SUITE_P(relay, tampering_once, ::testing::Values(4, 24, 14, 17));

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
