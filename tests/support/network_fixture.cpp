#include "tests/support/network_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <stdexcept>

#include <caf/all.hpp>

#include "actors/io/runtime.hpp"
#include "tests/support/sockets.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/files/folders.hpp"
#include "wallet/files/store.hpp"
#include "wallet/raida/client/actor_port.hpp"
#include "wallet/raida/client/client.hpp"
#include "wallet/raida/client/note_commands.hpp"

namespace liveconnect::test {

namespace {

using clock = std::chrono::steady_clock;

constexpr milliseconds start_patience{30'000};
constexpr int start_attempts = 10;
constexpr size_t quorum = 13;

std::vector<std::string> with_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "liveconnect");
  arguments.push_back("--json");
  return arguments;
}

std::vector<note> notes_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::vector<char> content{std::istreambuf_iterator<char>{in}, {}};
  auto notes =
      wallet::parse_coin_file({reinterpret_cast<const uint8_t*>(content.data()), content.size()});
  return notes ? std::move(*notes) : std::vector<note>{};
}

/// Every coin file below a folder.
std::vector<std::filesystem::path> coin_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  if (!std::filesystem::exists(folder))
    return out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder})
    if (entry.is_regular_file() && entry.path().extension() == ".bin")
      out.push_back(entry.path());
  return out;
}

/// Detect for any notes, asked over sockets of our own.
std::vector<std::string> detect(const std::vector<std::string>& servers,
                                const std::vector<note>& notes) {
  if (notes.empty())
    return {};
  caf::actor_system_config config;
  caf::actor_system system{config};
  io::runtime net{system};
  std::vector<endpoint> addresses;
  for (const auto& x : servers) {
    endpoint at;
    if (!endpoint::parse(x, at))
      throw std::runtime_error("no address: " + x);
    addresses.push_back(at);
  }
  auto client = raida::spawn_raida_client(system, net.gate(), addresses);
  raida::actor_port port{system, client, addresses.size()};
  auto out = raida::detect(port, notes);
  // CAF's clock would keep it for as long as its requests could have taken.
  caf::anon_send_exit(client, caf::exit_reason::user_shutdown);
  return out;
}

} // namespace

amount coins(const std::string& text) {
  if (text == "0")
    return {};
  auto x = amount::parse(text);
  EXPECT_TRUE(x) << "no amount: " << text;
  return x ? *x : amount{};
}

client::client(const std::vector<std::string>& arguments, const process::options& how)
    : program_(with_json(arguments), how) {}

bool client::read_one(clock::time_point until) {
  auto left = std::chrono::duration_cast<milliseconds>(until - clock::now());
  if (left.count() <= 0)
    return false;
  auto line = program_.read_line(left);
  if (!line)
    return false;
  auto x = json::parse(*line, nullptr, false);
  EXPECT_TRUE(x.is_object()) << "not an object: " << *line;
  if (x.is_object())
    objects_.push_back(std::move(x));
  return true;
}

std::optional<json> client::wait_for(const std::string& type, milliseconds deadline) {
  return wait_until([&](const json& x) { return x.value("type", "") == type; }, deadline);
}

std::optional<json> client::wait_for_step(int number, milliseconds deadline) {
  return wait_until(
      [&](const json& x) {
        return x.value("type", "") == "step" && x.value("number", 0) == number &&
               x.value("phase", "") == "finished";
      },
      deadline);
}

json client::result(milliseconds deadline) {
  auto until = clock::now() + deadline;
  while (read_one(until))
    continue;
  auto code = program_.wait(
      std::max(milliseconds{1}, std::chrono::duration_cast<milliseconds>(until - clock::now())));
  if (!code) {
    ADD_FAILURE() << "it does not end; last it said: "
                  << (objects_.empty() ? "nothing" : objects_.back().dump()) << "\n"
                  << program_.errors();
    return json::object();
  }
  if (objects_.empty() || objects_.back().value("type", "") != "result") {
    ADD_FAILURE() << "no result at the end (code " << *code << "): " << program_.errors();
    return json::object();
  }
  EXPECT_EQ(objects_.back().value("code", -1), *code);
  EXPECT_EQ(objects_.back().value("ok", false), *code == 0);
  return objects_.back();
}

void client::kill() {
  program_.signal(SIGKILL);
  EXPECT_TRUE(program_.wait());
}

std::vector<int> client::steps() const {
  std::vector<int> out;
  for (const auto& x : objects_)
    if (x.value("type", "") == "step" && x.value("phase", "") == "finished" &&
        x.value("number", 0) != 0)
      out.push_back(x["number"].get<int>());
  return out;
}

void network_test::start_servers(const std::string& which) {
  auto chosen = server_port_ != 0;
  for (int attempt = 0; attempt < start_attempts; ++attempt) {
    // Restarted servers come back where they were.
    if (!chosen)
      server_port_ = free_ports(raida_count);
    servers_.emplace(std::vector<std::string>{
        "liveconnect", "raida", "run", "--json", "--data", data("servers").string(), "--host",
        "127.0.0.1", "--port-base", std::to_string(server_port_), "--servers", which});
    if (servers_->read_until("\"listening\"", start_patience)) {
      if (!chosen)
        server_addresses_ = "127.0.0.1:" + std::to_string(server_port_);
      return;
    }
  }
  throw std::runtime_error("the servers do not start: " + servers_->output() + servers_->errors());
}

void network_test::stop_servers() {
  servers_->signal(SIGTERM);
  EXPECT_TRUE(servers_->wait());
  servers_.reset();
}

void network_test::start_relay(std::vector<std::string> more) {
  std::vector<std::string> words{"liveconnect-relay", "run", "--listen",
                                 "127.0.0.1:" + std::to_string(relay_port_)};
  words.insert(words.end(), more.begin(), more.end());
  relay_.emplace(words);
  auto line = relay_->read_until("listening on ", start_patience);
  if (!line)
    throw std::runtime_error("the relay does not start: " + relay_->errors());
  auto at = line->find("127.0.0.1:");
  auto address = line->substr(at, line->find_first_of(", ", at) - at);
  if (relay_port_ == 0)
    relay_address_ = address;
  relay_port_ = port_of(address);
}

void network_test::kill_relay() {
  relay_->signal(SIGKILL);
  EXPECT_TRUE(relay_->wait());
  relay_.reset();
}

void network_test::start_network(const std::string& sum, const std::string& denominations) {
  start_servers();
  start_relay();
  mint(sum, denominations);
}

void network_test::mint(const std::string& sum, const std::string& denominations) {
  auto file = (folder_.path() / ("minted-" + sum + ".bin")).string();
  auto made = run_to_end("servers",
                         {"raida", "mint", sum, "--denominations", denominations, "--out", file});
  ASSERT_EQ(made.value("code", -1), 0) << made;
  auto taken = run_to_end("sender", {"wallet", "import", file});
  ASSERT_EQ(taken.value("code", -1), 0) << taken;
  ASSERT_TRUE(minted_.add(coins(sum)));
}

std::vector<std::string> network_test::arguments(const std::string& side,
                                                 std::vector<std::string> words) const {
  for (const auto& x :
       {std::string{"--data"}, data(side).string(), std::string{"--raida"}, server_addresses_,
        std::string{"--relay"}, relay_address_.empty() ? "127.0.0.1:9" : relay_address_})
    words.push_back(x);
  return words;
}

client network_test::run(const std::string& side, std::vector<std::string> words,
                         const process::options& how) const {
  return client{arguments(side, std::move(words)), how};
}

json network_test::run_to_end(const std::string& side, std::vector<std::string> words) const {
  return run(side, std::move(words)).result();
}

client network_test::start_sender(const std::string& sum, std::vector<std::string> more) {
  more.insert(more.begin(), {"send", sum, "--invitation", invitation().string()});
  auto out = run("sender", std::move(more));
  EXPECT_TRUE(out.wait_for("invitation"));
  return out;
}

client network_test::start_receiver(std::vector<std::string> more) {
  more.insert(more.begin(), {"receive", invitation().string(), "--yes"});
  return run("receiver", std::move(more));
}

std::filesystem::path network_test::user_wallet(const std::string& side) const {
  return wallet::wallet_paths{data(side)}.user("Default");
}

holdings network_test::ask_servers(const std::string& side) const {
  std::vector<note> notes;
  std::vector<bool> counts;
  for (const auto& file : coin_files(data(side))) {
    auto folder = file.parent_path();
    auto counted = folder == user_wallet(side) / wallet::to_string(wallet::folder::bank) ||
                   folder == user_wallet(side) / wallet::to_string(wallet::folder::fracked);
    for (auto& x : notes_of(file)) {
      // The same numbers in two files (a container and its parts) are one note.
      auto known = std::find_if(notes.begin(), notes.end(), [&](const note& y) {
        return x.id == y.id && wallet::same_numbers(x, y);
      });
      if (known == notes.end()) {
        notes.push_back(std::move(x));
        counts.push_back(counted);
      } else if (counted) {
        counts[static_cast<size_t>(known - notes.begin())] = true;
      }
    }
  }
  // Two vectors that 13 servers pass share entries (each server stores one value), as a note does
  // before and after it was healed: one note, one value.
  holdings out;
  std::set<note_id> valid_anywhere;
  std::set<note_id> valid_counted;
  const auto powns = detect_all(notes);
  for (size_t i = 0; i < notes.size(); ++i) {
    auto passes = static_cast<size_t>(std::count(powns[i].begin(), powns[i].end(), 'p'));
    if (counts[i]) {
      ++out.notes;
      out.fewest_passes = std::min(out.fewest_passes, passes);
    }
    if (passes < quorum)
      continue;
    if (valid_anywhere.insert(notes[i].id).second) {
      EXPECT_TRUE(out.anywhere.add(value_of(notes[i])));
    }
    if (!counts[i])
      continue;
    EXPECT_TRUE(valid_counted.insert(notes[i].id).second)
        << to_string(notes[i].id) << " counts twice on one disk";
    EXPECT_TRUE(out.counted.add(value_of(notes[i])));
  }
  return out;
}

std::vector<std::string> network_test::detect_all(const std::vector<note>& notes) const {
  std::vector<std::string> servers;
  for (uint16_t i = 0; i < raida_count; ++i)
    servers.push_back("127.0.0.1:" + std::to_string(server_port_ + i));
  std::vector<std::string> out(notes.size());
  // One id may stand there with several vectors (an older copy in Trash or Sent); a request names
  // each note once, so they are asked in rounds.
  for (size_t left = notes.size(); left > 0;) {
    std::vector<note> round;
    std::vector<size_t> index;
    std::set<note_id> in_round;
    for (size_t i = 0; i < notes.size(); ++i)
      if (out[i].empty() && in_round.insert(notes[i].id).second) {
        round.push_back(notes[i]);
        index.push_back(i);
        --left;
      }
    const auto powns = detect(servers, round);
    for (size_t i = 0; i < round.size(); ++i)
      out[index[i]] = powns[i];
  }
  return out;
}

network_test::balance network_test::list(const std::string& side) const {
  auto x = run_to_end(side, {"wallet", "list"});
  EXPECT_EQ(x.value("code", -1), 0) << x;
  return {coins(x.value("spendable", "0")), coins(x.value("in_transit", "0"))};
}

void network_test::expect_moved(const std::string& moved) const {
  auto there = coins(moved);
  auto here = minted_;
  ASSERT_TRUE(here.subtract(there));
  auto sender = ask_servers("sender");
  auto receiver = ask_servers("receiver");
  EXPECT_EQ(to_string(sender.counted), to_string(here)) << "sender, by the servers' word";
  EXPECT_EQ(to_string(receiver.counted), to_string(there)) << "receiver, by the servers' word";
  EXPECT_EQ(to_string(sender.anywhere), to_string(here)) << "notes of the sender outside its Bank";
  EXPECT_EQ(to_string(receiver.anywhere), to_string(there)) << "notes of the receiver outside";
  auto sender_list = list("sender");
  auto receiver_list = list("receiver");
  EXPECT_EQ(to_string(sender_list.spendable), to_string(here)) << "sender, by its own word";
  EXPECT_EQ(to_string(receiver_list.spendable), to_string(there)) << "receiver, by its own word";
  EXPECT_EQ(to_string(sender_list.in_transit), "0");
  EXPECT_EQ(to_string(receiver_list.in_transit), "0");
}

} // namespace liveconnect::test
