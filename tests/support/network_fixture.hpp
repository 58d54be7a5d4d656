#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "messages/money/amount.hpp"
#include "messages/money/note.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::test {

using milliseconds = std::chrono::milliseconds;
using json = nlohmann::json;

/// How long a whole transfer may take in a test before it counts as stuck; generous, because two
/// tests share two cores, and builds with sanitizers are slow.
inline constexpr milliseconds patience{120'000};

/// `liveconnect` with --json: the objects it writes, as they come.
class client {
public:
  client(const std::vector<std::string>& arguments, const process::options& how = {});

  process& program() { return program_; }

  /// Reads until an object of this type; none when it ends or the deadline passes first.
  std::optional<json> wait_for(const std::string& type, milliseconds deadline = patience);
  /// Reads until a step of this number has finished.
  std::optional<json> wait_for_step(int number, milliseconds deadline = patience);
  template<class Wanted>
  std::optional<json> wait_until(Wanted wanted, milliseconds deadline = patience) {
    auto until = std::chrono::steady_clock::now() + deadline;
    for (;;) {
      for (; looked_at_ < objects_.size(); ++looked_at_)
        if (wanted(objects_[looked_at_]))
          return objects_[looked_at_++];
      if (!read_one(until))
        return std::nullopt;
    }
  }

  /// Waits for its end and answers the last object, which must be the result; an empty object with
  /// a test failure when it is not. The exit code must be the result's `code`.
  json result(milliseconds deadline = patience);

  /// SIGKILL, and waits.
  void kill();

  /// All objects so far.
  const std::vector<json>& objects() const { return objects_; }
  /// The numbers of the steps it has reported as finished, in order, table-only messages left out.
  std::vector<int> steps() const;

private:
  bool read_one(std::chrono::steady_clock::time_point until);

  process program_;
  std::vector<json> objects_;
  size_t looked_at_ = 0;
};

/// What the servers say about the notes on a client's disk.
struct holdings {
  /// Value of the notes in the folders that count (Bank, Fracked) that at least 13 servers pass.
  amount counted;
  /// Value of all notes anywhere on the disk, journals left out, that at least 13 servers pass.
  amount anywhere;
  size_t notes = 0;
  /// Fewest servers that pass one of the counted notes.
  size_t fewest_passes = raida_count;
};

/// Real servers, a real relay and two data folders, on free ports of loopback. All of it goes with
/// the fixture.
class network_test : public ::testing::Test {
protected:
  /// Everything lies in a folder of its own below `in`.
  explicit network_test(const std::filesystem::path& in = std::filesystem::temp_directory_path())
      : folder_(in) {}

  /// Starts what is asked for; throws when it does not come up.
  void start_servers(const std::string& which = "0-24");
  void stop_servers();
  void start_relay(std::vector<std::string> more = {});
  void kill_relay();

  /// Servers, relay, and a purse for the sender.
  void start_network(const std::string& sum = "5310",
                     const std::string& denominations = "1000:5,100:3,10:1");

  /// Mints into the sender's wallet.
  void mint(const std::string& sum, const std::string& denominations);

  /// Arguments for a program of one side, settings of this network included.
  std::vector<std::string> arguments(const std::string& side, std::vector<std::string> words) const;
  client run(const std::string& side, std::vector<std::string> words,
             const process::options& how = {}) const;
  /// Runs to the end and answers the result.
  json run_to_end(const std::string& side, std::vector<std::string> words) const;

  /// `send` up to its invitation, and `receive` with it.
  client start_sender(const std::string& sum, std::vector<std::string> more = {});
  client start_receiver(std::vector<std::string> more = {});

  std::filesystem::path data(const std::string& side) const { return folder_.path() / side; }
  std::filesystem::path invitation() const { return folder_.path() / "invite.txt"; }
  std::filesystem::path user_wallet(const std::string& side) const;

  /// What one side holds by the servers' word, asked by the test itself.
  holdings ask_servers(const std::string& side) const;

  /// Detect of any notes, one letter a server; the same note may stand there with several numbers.
  std::vector<std::string> detect_all(const std::vector<note>& notes) const;

  /// `spendable` and `in_transit` of `wallet list`.
  struct balance {
    amount spendable;
    amount in_transit;
  };
  balance list(const std::string& side) const;

  /// The receiver has `moved`, the sender the rest of what was minted; the servers and both wallets
  /// say so, nothing is in transit, and no note exists twice or nowhere.
  void expect_moved(const std::string& moved) const;

  /// Where clients connect; a test may put a proxy's address here.
  std::string relay_address_;
  std::string server_addresses_;
  /// The first port of the servers themselves.
  uint16_t server_port_ = 0;
  uint16_t relay_port_ = 0;
  amount minted_;
  temporary_folder folder_;

private:
  std::optional<process> servers_;
  std::optional<process> relay_;
};

/// The sum as `amount`; a test failure and zero when it is none.
amount coins(const std::string& text);

} // namespace liveconnect::test
