#include "benchmarks/program/app.hpp"

#include <cstdio>

#include <CLI/CLI.hpp>

#include "benchmarks/program/command.hpp"
#include "cli/shell/exit_codes.hpp"
#include "cli/shell/usage.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

struct common_flags {
  bool as_json = false;
  bool quiet = false;
  bool no_colour = false;
};

/// Text of whole sentences, the first apart from the others.
cli::advice split_sentences(const std::string& text) {
  const auto end = text.find(". ");
  if (end == std::string::npos)
    return {text, "Run 'liveconnect-bench --help' to see what there is."};
  return {text.substr(0, end + 1), text.substr(end + 2)};
}

/// The mistake in whole sentences, with the help that would show what is right.
caf::error describe(CLI::App& root, const CLI::ParseError& x) {
  const auto& at = *cli::innermost(&root);
  const std::string help = at.get_name() == "liveconnect-bench"
                               ? "liveconnect-bench --help"
                               : "liveconnect-bench " + at.get_name() + " --help";
  auto what = detail_of(cli::usage_error(root, x));
  if (what.back() != '?')
    what += '.';
  return fail(ec::bad_argument, what + " Run '" + help + "' to see what there is.");
}

int finish(cli::output& out, const command_end& end, int signal) {
  auto fields = end.fields;
  auto status = cli::exit_of(end.failure);
  std::string text = end.failure ? detail_of(end.failure) : "";
  if (end.failure && signal != 0) {
    status = cli::exit_of_signal(signal);
    text = "Stopped before the end. Nothing is left running; start again for a whole result.";
  } else if (!end.failure && end.missed) {
    status = {1, "missed"};
    text = !end.missed_text.empty() ? end.missed_text
                                    : "At least one goal was missed. Look at the table, and run it "
                                      "again on a quiet machine before you believe it.";
  }
  if (!text.empty()) {
    const auto sentences = split_sentences(text);
    if (end.failure && signal == 0) {
      fields["error"] = to_string(code_of(end.failure));
      fields["detail"] = detail_of(end.failure);
    }
    fields["what"] = sentences.what;
    fields["what_to_do"] = sentences.what_to_do;
    if (!out.style().as_json)
      std::fprintf(stderr, "%s\n", text.c_str());
  }
  out.result(status, fields);
  return status.code;
}

} // namespace

int run(int argc, const char* const* argv) {
  CLI::App root{"Loads relays and measures what they do.", "liveconnect-bench"};
  root.fallthrough();
  root.require_subcommand(1);
  root.set_help_flag("-h,--help", "Print what can be asked for");
  common_flags flags;
  root.add_flag("--json", flags.as_json, "JSON on standard output, one object per line");
  root.add_flag("--quiet", flags.quiet, "Errors and results only");
  root.add_flag("--no-color", flags.no_colour, "No colours");
  command_table table;
  add_relay_command(root, table);
  add_crypto_command(root, table);
  add_soak_command(root, table);
  add_transfer_command(root, table);
  add_compare_command(root, table);
  add_version_command(root, table);

  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    cli::output out{cli::style_of(cli::wants_json(argc, argv), false, false)};
    auto text = cli::innermost(&root)->help();
    out.last(text.substr(0, text.find_last_not_of('\n') + 1));
    return finish(out, {caf::none, {{"help", text}}}, 0);
  } catch (const CLI::ParseError& x) {
    cli::output out{cli::style_of(cli::wants_json(argc, argv), false, false)};
    return finish(out, {describe(root, x)}, 0);
  }

  cli::output out{cli::style_of(flags.as_json, flags.quiet, flags.no_colour)};
  cli::interrupts stop{[&out](int signal) { out.result(cli::exit_of_signal(signal), {}); }};
  environment env{out, stop};
  if (const auto* body = table.find(root)) {
    const auto end = (*body)(env);
    return finish(out, end, stop.signal());
  }
  return finish(out, {fail(ec::internal, "No command ran. Report this.")}, 0);
}

} // namespace liveconnect::bench
