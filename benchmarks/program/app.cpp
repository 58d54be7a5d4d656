#include "benchmarks/program/app.hpp"

#include <cstdio>
#include <cstring>

#include <CLI/CLI.hpp>

#include "benchmarks/program/command.hpp"
#include "cli/shell/exit_codes.hpp"
#include "messages/base/error.hpp"
#include "messages/base/nearest_word.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::bench {

namespace {

struct common_flags {
  bool as_json = false;
  bool quiet = false;
  bool no_colour = false;
};

bool wants_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i)
    if (std::strcmp(argv[i], "--json") == 0)
      return true;
  return false;
}

CLI::App* named(CLI::App& root) {
  const auto below = root.get_subcommands();
  return below.empty() ? &root : below.front();
}

/// The words that could stand where a wrong one stood.
std::vector<std::string> words_for(CLI::App& root, CLI::App& at, bool option) {
  std::vector<std::string> out;
  if (!option)
    for (auto* x : root.get_subcommands([](CLI::App*) { return true; }))
      out.push_back(x->get_name());
  for (auto* app : {&at, &root})
    for (auto* x : app->get_options())
      for (const auto& name : x->get_lnames())
        if (option)
          out.push_back("--" + name);
  return out;
}

caf::error describe(CLI::App& root, const CLI::ParseError& x) {
  auto& at = *named(root);
  const std::string help = at.get_name() == "liveconnect-bench"
                               ? "liveconnect-bench --help"
                               : "liveconnect-bench " + at.get_name() + " --help";
  std::string what = x.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&x) != nullptr) {
    auto extras = root.remaining(true);
    const auto word = extras.empty() ? std::string{} : extras.front();
    const bool option = !word.empty() && word.front() == '-';
    what = "'" + escape_for_display(word, 40) + "' is not known here";
    const auto near = nearest_word(word.substr(0, word.find('=')), words_for(root, at, option));
    if (!near.empty())
      what += " (did you mean '" + near + "'?)";
  } else if (&at == &root) {
    what = "No command was named";
  }
  while (!what.empty() && (what.back() == '.' || what.back() == '\n'))
    what.pop_back();
  return fail(ec::bad_argument, what + ". Run '" + help + "' to see what there is.");
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
    fields["message"] = text;
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
  root.set_help_flag("-h,--help", "Show what can be asked for");
  common_flags flags;
  root.add_flag("--json", flags.as_json, "JSON on standard output, one object a line");
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
    cli::output out{cli::style_of(wants_json(argc, argv), false, false)};
    auto text = named(root)->help();
    out.last(text.substr(0, text.find_last_not_of('\n') + 1));
    return finish(out, {caf::none, {{"help", text}}}, 0);
  } catch (const CLI::ParseError& x) {
    cli::output out{cli::style_of(wants_json(argc, argv), false, false)};
    return finish(out, {describe(root, x)}, 0);
  }

  cli::output out{cli::style_of(flags.as_json, flags.quiet, flags.no_colour)};
  cli::interrupts stop{[&out](int signal) { out.result(cli::exit_of_signal(signal), {}); }};
  environment env{out, stop};
  for (const auto& [app, body] : table.list())
    if (app->parsed()) {
      const auto end = body(env);
      return finish(out, end, stop.signal());
    }
  return finish(out, {fail(ec::internal, "No command ran. Report this.")}, 0);
}

} // namespace liveconnect::bench
