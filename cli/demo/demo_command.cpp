#include "cli/demo/demo_command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/demo/demo_network.hpp"
#include "cli/demo/demo_purse.hpp"
#include "cli/demo/demo_steps.hpp"
#include "cli/demo/demo_verdict.hpp"
#include "cli/transfer/context.hpp"
#include "messages/base/printable.hpp"
#include "wallet/files/folders.hpp"
#include "wallet/raida/client/actor_port.hpp"

namespace liveconnect::cli {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto client_grace = std::chrono::milliseconds(6000);

/// A folder that holds nothing yet: the one named with --data, else a new temporary one.
caf::expected<std::filesystem::path> fresh_folder(const settings& conf) {
  std::error_code problem;
  if (conf.data_from_flag) {
    std::filesystem::create_directories(conf.data, problem);
    if (problem)
      return fail(ec::disk_failed,
                  fmt::format("{}: {}", printable(conf.data.string()), problem.message()));
    if (!std::filesystem::is_empty(conf.data, problem) || problem)
      return fail(ec::file_exists, printable(conf.data.string()) + " is not empty");
    return conf.data;
  }
  auto name = (std::filesystem::temp_directory_path(problem) / "liveconnect-demo-XXXXXX").string();
  if (problem || ::mkdtemp(name.data()) == nullptr)
    return fail(ec::disk_failed, printable(name));
  return std::filesystem::path{name};
}

/// What both wallets hold, as they say themselves.
struct balances {
  amount sender;
  amount receiver;
};

/// The demo from here on: each step either goes on or says why not.
class demonstration {
public:
  demonstration(environment& env, amount sum) : env_(env), sum_(sum) {}

  command_end run() {
    auto err = play();
    fields_["folder"] = folder_.string();
    if (!folder_.empty())
      env_.out.line("Everything is in " + folder_.string() +
                    " (sender, receiver, servers, receipts, logs).");
    if (network_)
      network_->end();
    if (!err)
      env_.out.last(fmt::format("Done: {} sent in {:.2f} s. Receipt {}", to_display(sum_),
                                static_cast<double>(fields_["ms"].get<uint64_t>()) / 1000,
                                fields_["receipt"].get<std::string>()));
    auto words = words_for(err);
    return failed(std::move(err), fields_, std::move(words));
  }

private:
  /// Of a demo's transfer nothing has to be resumed, and its coins are play money.
  advice words_for(const caf::error& x) const {
    const auto kept = folder_.empty() ? std::string{}
                                      : fmt::format("; what was made so far is in {}",
                                                    printable(folder_.string()));
    if (env_.stop.signal() != 0)
      return {env_.stop.signal() == SIGINT ? "You interrupted the demo."
                                           : "The demo was told to stop.",
              "Run it again whenever you like" + kept + "."};
    if (!x || exit_of(x).code == 2)
      return {};
    return {"",
            "Run 'liveconnect demo' again, and report this line if it happens again" + kept + "."};
  }

  caf::error play() {
    auto folder = fresh_folder(env_.conf);
    if (!folder)
      return std::move(folder.error());
    folder_ = *folder;
    env_.out.line(fmt::format("Starting {} servers and a relay on this computer.", raida_count));
    auto network = demo_network::start(env_, folder_);
    if (!network)
      return std::move(network.error());
    network_ = std::move(*network);
    env_.out.event("network", {{"servers", network_->servers()},
                               {"relay", network_->relay()},
                               {"folder", folder_.string()}});
    env_.out.done(
        fmt::format("{} servers are listening, and a relay at {}", raida_count, network_->relay()));
    if (auto err = fill_purse())
      return err;
    if (auto err = read_balances(before_))
      return err;
    fields_["sender_before"] = to_string(before_.sender);
    fields_["receiver_before"] = to_string(before_.receiver);
    if (auto err = transfer())
      return err;
    if (auto err = read_balances(after_))
      return err;
    fields_["sender_after"] = to_string(after_.sender);
    fields_["receiver_after"] = to_string(after_.receiver);
    show_balances();
    if (auto err = check_balances())
      return err;
    return ask_servers();
  }

  child_process::options tool(const char* side, std::vector<std::string> arguments) {
    arguments.push_back("--data=" + (folder_ / side).string());
    return network_->program(std::move(arguments), folder_ / (std::string{side} + ".log"));
  }

  /// Mints notes that cannot make the sum without change, and takes them into the sender's wallet.
  caf::error fill_purse() {
    const auto purse = uneven_purse(sum_);
    const auto file = (folder_ / "minted.bin").string();
    auto minted = run_to_result(
        env_, tool("servers", {"raida", "mint", to_string(purse.sum), "--denominations",
                               purse.denominations, "--out", file}));
    if (!minted)
      return std::move(minted.error());
    if (auto err = failure_of(*minted))
      return err;
    auto imported = run_to_result(env_, tool("sender", {"wallet", "import", file}));
    if (!imported)
      return std::move(imported.error());
    if (auto err = failure_of(*imported))
      return err;
    env_.out.done(fmt::format("The sender's purse: {} in {} notes ({})", to_display(purse.sum),
                              purse.notes, purse.denominations));
    return {};
  }

  caf::error read_balance(const char* side, amount& out) {
    auto listed = run_to_result(env_, tool(side, {"wallet", "list"}));
    if (!listed)
      return std::move(listed.error());
    if (auto err = failure_of(*listed))
      return err;
    const auto text = listed->value("spendable", "0");
    if (text == "0") {
      out = {};
      return {};
    }
    auto value = amount::parse(text);
    if (!value)
      return std::move(value.error());
    out = *value;
    return {};
  }

  caf::error read_balances(balances& out) {
    if (auto err = read_balance("sender", out.sender))
      return err;
    return read_balance("receiver", out.receiver);
  }

  /// One of the two programs while they run.
  struct side_state {
    std::optional<child_process> child;
    json_fields result = json_fields::object();

    bool running() const { return child && child->descriptor() >= 0; }
    /// What it has written by now, line by line.
    std::vector<json_fields> take_objects() {
      std::vector<json_fields> out;
      if (!child)
        return out;
      for (const auto& line : child->take_lines())
        if (auto x = object_of(line); x.is_object())
          out.push_back(std::move(x));
      for (const auto& x : out)
        if (x.value("type", "") == "result")
          result = x;
      return out;
    }
    /// It has said that it failed, or ended without a result.
    bool has_failed() const {
      return result.empty() ? child && !running() : failure_of(result) != caf::none;
    }
  };

  caf::error start_side(role side, side_state& state, std::vector<std::string> arguments) {
    const std::string name = to_string(side);
    const auto notation = env_.conf.notation == notation_choice::json ? "json" : "tag";
    for (const auto& x :
         {std::string{"--notation"}, std::string{notation}, std::string{"--transcript"},
          (folder_ / (name + ".transcript.jsonl")).string()})
      arguments.push_back(x);
    auto child = child_process::start(tool(name.c_str(), std::move(arguments)));
    if (!child)
      return std::move(child.error());
    state.child = std::move(*child);
    return {};
  }

  /// Shows what both have written, and starts the receiver once the invitation is there.
  caf::error show_progress(side_state (&states)[2], demo_steps& steps) {
    for (const auto side : {role::sender, role::receiver})
      for (const auto& object : states[static_cast<size_t>(side)].take_objects()) {
        steps.take(side, object);
        if (object.value("type", "") != "invitation" || states[1].child)
          continue;
        if (auto err = start_side(role::receiver, states[1], {"receive", invitation(), "--yes"}))
          return err;
      }
    return {};
  }

  std::string invitation() const { return (folder_ / "invite.txt").string(); }

  /// Runs both programs to their ends. One side alone cannot finish, because what it would wait for
  /// does not come: the first that fails ends both.
  caf::error run_both(side_state (&states)[2], demo_steps& steps) {
    const auto until = clock::now() + env_.conf.timeout;
    if (auto err = start_side(role::sender, states[0],
                              {"send", to_string(sum_), "--invitation", invitation()}))
      return err;
    while (states[0].running() || states[1].running()) {
      if (auto err = wait_for(states, until))
        return err;
      if (auto err = show_progress(states, steps))
        return err;
      for (const auto& state : states)
        if (state.has_failed()) {
          auto err = failure_of(state.result);
          end_both(states);
          return err;
        }
    }
    return {};
  }

  /// Runs `send` and, once its invitation is there, `receive`; shows their steps as they pass.
  caf::error transfer() {
    side_state states[2];
    demo_steps steps{env_.out};
    if (auto err = run_both(states, steps))
      return err;
    for (const auto& state : states)
      if (auto err = failure_of(state.result))
        return err;
    for (auto key : {"session", "amount", "notes", "receipt", "ms"})
      if (auto i = states[0].result.find(key); i != states[0].result.end())
        fields_[key] = *i;
    if (steps.shown() != session::step_count)
      return fail(ec::internal, fmt::format("only {} of {} steps were seen by both", steps.shown(),
                                            session::step_count));
    return {};
  }

  static void end_both(side_state (&states)[2]) {
    for (auto& state : states)
      if (state.child)
        state.child->ask_to_end();
    for (auto& state : states)
      if (state.child)
        state.child->end(client_grace);
  }

  /// Waits until one of them has written. On a signal both are asked to end and waited for, so that
  /// they can cancel what has not moved.
  caf::error wait_for(side_state (&states)[2], clock::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now());
    std::array<pollfd, 3> wait{
        {{env_.stop.descriptor(), POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}}};
    for (size_t i = 0; i < 2; ++i)
      if (states[i].child)
        wait[i + 1].fd = states[i].child->descriptor();
    auto n =
        left.count() > 0 ? ::poll(wait.data(), wait.size(), static_cast<int>(left.count())) : 0;
    if (n < 0 && errno != EINTR)
      return fail(ec::internal, "poll");
    if (n > 0 && wait[0].revents == 0)
      return {};
    if (n < 0)
      return {};
    // What a side has said in time explains more than that time is over.
    if (n == 0)
      for (auto& state : states)
        state.take_objects();
    end_both(states);
    if (n > 0)
      return fail(ec::stopped);
    for (const auto& state : states)
      if (!state.result.empty() && state.has_failed())
        return failure_of(state.result);
    return fail(ec::timed_out, "the transfer");
  }

  void show_balances() {
    env_.out.line(fmt::format("{:<12}{:>20}{:>20}", "", "before", "after"));
    env_.out.line(fmt::format("{:<12}{:>20}{:>20}", "Sender", to_display(before_.sender),
                              to_display(after_.sender)));
    env_.out.line(fmt::format("{:<12}{:>20}{:>20}", "Receiver", to_display(before_.receiver),
                              to_display(after_.receiver)));
  }

  /// Nothing was lost or made, and the right sum has changed hands.
  caf::error check_balances() {
    auto expected = before_;
    if (!expected.sender.subtract(sum_) || !expected.receiver.add(sum_) ||
        expected.sender != after_.sender || expected.receiver != after_.receiver)
      return fail(ec::internal, "the balances do not add up");
    return {};
  }

  /// The servers' own verdict: the receiver's notes are good, what the sender kept is worthless.
  caf::error ask_servers() {
    settings conf = env_.conf;
    conf.data = folder_ / "receiver";
    if (auto err = use_servers(conf, network_->servers()))
      return err;
    environment inner{conf, env_.out, env_.stop};
    auto parts = context::make(inner);
    if (!parts)
      return std::move(parts.error());
    raida::actor_port port{(*parts)->system(), (*parts)->raida(), raida_count};
    wallet::wallet_paths receiver{folder_ / "receiver"};
    wallet::wallet_paths sender{folder_ / "sender"};
    const auto user = receiver.user(conf.wallet);
    auto owned = ask_servers_about(port, {user / wallet::to_string(wallet::folder::bank),
                                          user / wallet::to_string(wallet::folder::fracked)});
    if (!owned)
      return std::move(owned.error());
    auto kept = ask_servers_about(
        port, {sender.sender(conf.wallet) / wallet::to_string(wallet::folder::sent)});
    if (!kept)
      return std::move(kept.error());
    json_fields word{{"receiver_notes", owned->notes},
                     {"receiver_passes", owned->fewest_passes},
                     {"sent_notes", kept->notes},
                     {"sent_fails", kept->fewest_fails}};
    env_.out.event("verdict", word);
    fields_["verdict"] = word;
    env_.out.done(fmt::format("The servers say: the receiver's {} notes pass {}/{}, the sender's "
                              "{} old copies fail {}/{}",
                              owned->notes, owned->fewest_passes, raida_count, kept->notes,
                              kept->fewest_fails, raida_count));
    if (owned->notes == 0 || owned->fewest_passes != raida_count || kept->notes != owned->notes ||
        kept->fewest_fails != raida_count)
      return fail(ec::internal, "the servers do not agree with the wallets");
    return {};
  }

  environment& env_;
  amount sum_;
  std::filesystem::path folder_;
  std::optional<demo_network> network_;
  balances before_;
  balances after_;
  json_fields fields_ = json_fields::object();
};

command_end run_demo(environment& env, const std::string& text) {
  // Its servers, relay and clients are told to stop and waited for.
  env.stop.end_within({});
  const auto sum = amount::parse(text);
  if (!sum)
    return failed(fail(ec::bad_amount, "'" + printable(text, 40) + "'"));
  if (sum->units() > demo_units_max)
    return failed(
        fail(ec::bad_amount, fmt::format("a demo moves at most {}",
                                         to_display(amount::from_units(demo_units_max)))));
  return demonstration{env, *sum}.run();
}

} // namespace

void add_demo_command(CLI::App& root, command_table& table) {
  const auto sub = root.add_subcommand(
      "demo", "Run servers, a relay and a whole transfer between two wallets on this computer");
  const auto sum = std::make_shared<std::string>("3439");
  sub->add_option("--amount", *sum, "Coins to send")->capture_default_str();
  table.add(sub, [sum](environment& env) { return run_demo(env, *sum); });
}

} // namespace liveconnect::cli
