#include "benchmarks/questions/transfer_run.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "benchmarks/figures/histogram.hpp"
#include "benchmarks/subjects/child_crowd.hpp"
#include "cli/demo/demo_network.hpp"
#include "cli/demo/demo_purse.hpp"
#include "cli/transfer/command.hpp"

namespace liveconnect::bench {

namespace {

using clock = std::chrono::steady_clock;
using cli::json_fields;
using options = cli::child_process::options;

/// Longer than a transfer takes on a machine that does ten other things, and not for ever.
constexpr auto patience = std::chrono::minutes(3);

/// All clients come from 127.0.0.1: what protects a relay from one address stands in their way.
const std::vector<std::string> relay_arguments{"--connections-per-address-max",
                                               "0",
                                               "--new-connections-per-address-per-minute",
                                               "0",
                                               "--status-listen",
                                               "none"};

double milliseconds_between(clock::time_point from, clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

/// An error of a child or of the network as two sentences.
caf::error in_words(const caf::error& x) {
  if (code_of(x) == ec::stopped)
    return x;
  const auto words = cli::advice_for(x);
  return fail(code_of(x), words.what + " " + words.what_to_do);
}

std::string purse_of(const transfer_plan& plan) {
  return plan.purse.empty() ? cli::uneven_purse(plan.sum).denominations : plan.purse;
}

/// One transfer: what both sides said at their end.
struct transfer {
  clock::time_point begun;
  clock::time_point ended;
  json_fields sender;
  json_fields receiver;
  size_t still_running = 0;
};

uint64_t cost(const json_fields& result, const char* what) {
  const auto at = result.find("cost");
  return at == result.end() ? 0 : at->value(what, uint64_t{0});
}

class transfers {
public:
  transfers(const transfer_plan& plan, std::filesystem::path folder, cli::output& out,
            cli::interrupts& stop)
      : plan_(plan), folder_(std::move(folder)), out_(out), stop_(stop), list_(plan.count) {}

  caf::expected<measurement> run() {
    cli::settings conf;
    conf.timeout = std::chrono::seconds(60);
    cli::environment env{conf, out_, stop_};
    auto network = cli::demo_network::start(env, folder_, relay_arguments);
    if (!network)
      return in_words(network.error());
    network_ = &*network;
    auto err = mint();
    if (!err)
      err = transfer_all();
    if (!err)
      err = check();
    network->end();
    if (err)
      return in_words(err);
    return figures();
  }

private:
  std::string data(const char* side, size_t i) const {
    return (folder_ / fmt::format("{}-{}", side, i)).string();
  }

  options client(const char* side, size_t i, std::vector<std::string> words) const {
    words.insert(words.begin(), "--data=" + data(side, i));
    return network_->program(std::move(words), folder_ / fmt::format("{}-{}.log", side, i));
  }

  /// A purse for each sender, minted into its own wallet.
  caf::error mint() {
    const auto servers = (folder_ / "servers").string();
    std::vector<options> programs;
    for (size_t i = 0; i < plan_.count; ++i)
      programs.push_back(client(
          "sender", i, {"raida", "mint", "--denominations", purse_of(plan_), "--data=" + servers}));
    out_.progress("Minting purses", 0, plan_.count);
    auto results = run_all(programs, plan_.jobs, stop_, patience);
    if (!results)
      return results.error();
    out_.progress("Minting purses", plan_.count, plan_.count);
    auto minted = amount::parse(results->front().value("amount", ""));
    if (!minted)
      return minted.error();
    minted_ = *minted;
    return caf::none;
  }

  void start_next(child_crowd& crowd) {
    if (next_ == plan_.count)
      return;
    const auto i = next_++;
    auto& x = list_[i];
    x.begun = clock::now();
    x.still_running = 1;
    const auto invitation = (folder_ / fmt::format("invite-{}.txt", i)).string();
    crowd.start(
        client("sender", i, {"send", to_string(plan_.sum), "--invitation", invitation}),
        [this, &crowd, &x, i, invitation](const json_fields& y) {
          const auto type = y.value("type", "");
          if (type == "result")
            x.sender = y;
          if (type != "invitation")
            return;
          ++x.still_running;
          crowd.start(
              client("receiver", i, {"receive", invitation, "--yes"}),
              [&x](const json_fields& z) {
                if (z.value("type", "") == "result")
                  x.receiver = z;
              },
              [this, &crowd, i](int) { one_ended(crowd, i); });
        },
        [this, &crowd, i](int) { one_ended(crowd, i); });
  }

  void one_ended(child_crowd& crowd, size_t i) {
    auto& x = list_[i];
    if (--x.still_running > 0)
      return;
    x.ended = clock::now();
    for (const auto* side : {&x.sender, &x.receiver}) {
      if (!side->is_object())
        return crowd.fail_with(fail(ec::internal, fmt::format("transfer {} gave no result", i)));
      if (auto err = cli::failure_of(*side))
        return crowd.fail_with(std::move(err));
    }
    ++done_;
    out_.progress("Transfers", done_, plan_.count);
    start_next(crowd);
  }

  caf::error transfer_all() {
    child_crowd crowd{stop_, patience};
    out_.progress("Transfers", 0, plan_.count);
    begun_ = clock::now();
    for (size_t i = 0; i < plan_.jobs; ++i)
      start_next(crowd);
    auto err = crowd.run();
    ended_ = clock::now();
    return err;
  }

  caf::error check() {
    std::vector<options> programs;
    for (const auto* side : {"sender", "receiver"})
      for (size_t i = 0; i < plan_.count; ++i)
        programs.push_back(client(side, i, {"wallet", "list"}));
    auto holdings = run_all(programs, plan_.jobs, stop_, patience);
    if (!holdings)
      return holdings.error();
    auto left = minted_;
    if (!left.subtract(plan_.sum))
      return fail(ec::not_enough_coins, "the purse is smaller than the sum");
    for (size_t i = 0; i < plan_.count; ++i) {
      const auto& sender = (*holdings)[i];
      const auto& receiver = (*holdings)[plan_.count + i];
      const auto& x = list_[i];
      const bool adds_up = sender.value("spendable", "") == to_string(left) &&
                           receiver.value("spendable", "") == to_string(plan_.sum) &&
                           sender.value("in_transit", "") == "0" &&
                           receiver.value("in_transit", "") == "0";
      const bool agree = x.sender.value("amount", "") == to_string(plan_.sum) &&
                         x.receiver.value("amount", "") == to_string(plan_.sum) &&
                         !x.sender.value("receipt", "").empty() &&
                         x.sender.value("receipt", "") == x.receiver.value("receipt", "");
      if (!adds_up || !agree)
        return fail(
            ec::internal,
            fmt::format("after transfer {} the two wallets or their results do not add up", i));
    }
    return caf::none;
  }

  measurement figures() const {
    histogram session;
    histogram wall;
    uint64_t notes = 0;
    uint64_t syncs = 0;
    uint64_t cpu_ms = 0;
    uint64_t peak_kb = 0;
    constexpr double ns_per_ms = 1e6;
    for (const auto& x : list_) {
      session.record(x.sender.value("ms", uint64_t{0}) * 1'000'000);
      wall.record(static_cast<uint64_t>(milliseconds_between(x.begun, x.ended) * ns_per_ms));
      notes += x.sender.value("notes", uint64_t{0});
      for (const auto* side : {&x.sender, &x.receiver}) {
        syncs += cost(*side, "syncs");
        cpu_ms += cost(*side, "cpu_ms");
        peak_kb = std::max(peak_kb, cost(*side, "peak_kb"));
      }
    }
    const auto count = static_cast<double>(plan_.count);
    const auto seconds = milliseconds_between(begun_, ended_) / 1000;
    measurement out;
    out["transfers_per_second"] = count / seconds;
    out["notes_per_second"] = static_cast<double>(notes) / seconds;
    for (const auto& [name, from] : {std::pair{"session", &session}, std::pair{"wall", &wall}}) {
      out[fmt::format("{}_ms_p50", name)] = static_cast<double>(from->quantile(0.5)) / ns_per_ms;
      out[fmt::format("{}_ms_p99", name)] = static_cast<double>(from->quantile(0.99)) / ns_per_ms;
    }
    out["syncs_per_transfer"] = static_cast<double>(syncs) / count;
    out["client_cpu_ms_per_transfer"] = static_cast<double>(cpu_ms) / count;
    out["client_peak_kb"] = static_cast<double>(peak_kb);
    return out;
  }

  const transfer_plan& plan_;
  const std::filesystem::path folder_;
  cli::output& out_;
  cli::interrupts& stop_;
  cli::demo_network* network_ = nullptr;
  amount minted_;
  std::vector<transfer> list_;
  size_t next_ = 0;
  size_t done_ = 0;
  clock::time_point begun_;
  clock::time_point ended_;
};

} // namespace

std::string name_of(const transfer_plan& x) {
  return fmt::format("transfer, {} from {}, {} at a time", to_string(x.sum), purse_of(x), x.jobs);
}

caf::expected<measurement> run_transfers(const transfer_plan& plan,
                                         const std::filesystem::path& folder, cli::output& out,
                                         cli::interrupts& stop) {
  return transfers{plan, folder, out, stop}.run();
}

} // namespace liveconnect::bench
