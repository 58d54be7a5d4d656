#include "benchmarks/program/app.hpp"

#include <optional>

#include <CLI/CLI.hpp>

#include "benchmarks/program/command.hpp"
#include "cli/shell/usage.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

/// The words that the program understands, and what each runs.
struct command_tree {
  CLI::App root{"Loads relays and measures what they do.", "liveconnect-bench"};
  bool as_json = false;
  bool quiet = false;
  bool no_colour = false;
  command_table table;

  command_tree() {
    root.fallthrough();
    root.require_subcommand(1);
    root.set_help_flag("-h,--help", "Print this help");
    root.add_flag("--json", as_json, "Print one JSON object per line; the last one is the result");
    root.add_flag("--quiet", quiet, "Print errors and results only");
    root.add_flag("--no-color", no_colour, "Print without colours");
    add_relay_command(root, table);
    add_crypto_command(root, table);
    add_soak_command(root, table);
    add_transfer_command(root, table);
    add_compare_command(root, table);
    add_version_command(root, table);
  }
};

/// Reads the words; the end of the program where there is nothing (more) to do.
std::optional<command_end> read_words(command_tree& words, int argc, const char* const* argv,
                                      cli::output& early) {
  try {
    words.root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto text = words.root.help();
    early.last(text.substr(0, text.find_last_not_of('\n') + 1));
    return command_end{{}, {{"help", text}}};
  } catch (const CLI::ParseError& err) {
    return cli::wrong_usage(words.root, err);
  }
  return std::nullopt;
}

/// The two sentences of an error whose detail is both; no words for one that is less.
cli::advice sentences_of(const caf::error& err) {
  const auto text = detail_of(err);
  const auto end = text.rfind(". ");
  if (end == std::string::npos || text.back() != '.')
    return {};
  return {text.substr(0, end + 1), text.substr(end + 2)};
}

/// Adds to an end what people are told of it.
command_end worded(command_end end, int signal) {
  if (end.failure && signal != 0) {
    end.signal = signal;
    end.words = {"Stopped before the end.",
                 "Nothing is left running; start again for a whole result."};
  } else if (end.failure && end.words.what.empty()) {
    end.words = sentences_of(end.failure);
  } else if (end.status && end.words.what.empty()) {
    end.words = {"At least one goal was missed.",
                 "Look at the table, and run it again on a quiet machine before you believe it."};
  }
  return end;
}

} // namespace

int run(int argc, const char* const* argv) {
  command_tree words;
  cli::output early{cli::style_of(cli::wants_json(argc, argv), false, false)};
  if (const auto end = read_words(words, argc, argv, early))
    return cli::finish(early, *end);
  cli::output out{cli::style_of(words.as_json, words.quiet, words.no_colour)};
  cli::interrupts stop{[&out](int signal) { out.result(cli::exit_of_signal(signal), {}); }};
  environment env{out, stop};
  auto end = (*words.table.find())(env);
  return cli::finish(out, worded(std::move(end), stop.signal()));
}

} // namespace liveconnect::bench
