#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include <caf/error.hpp>
#include <nlohmann/json.hpp>

#include "cli/shell/exit_codes.hpp"

namespace liveconnect::cli {

/// JSON whose keys stay in the order they were set: people read these lines too.
using json_fields = nlohmann::ordered_json;

/// One object of JSON mode without a newline: `{"v":1,"t":...,"type":TYPE, FIELDS}`
/// (docs/design/cli.md "Screens"). Bytes that are not UTF-8 are replaced.
std::string json_line(std::string_view type, const json_fields& fields);

/// How to write, decided once from settings and from what standard output is.
struct output_style {
  /// One object a line on standard output, nothing else there.
  bool as_json = false;
  /// People see errors and the last line only.
  bool quiet = false;
  /// ANSI colours; also needs a terminal.
  bool colour = false;
  /// Standard output is a terminal that can move its cursor: bars are drawn, QR codes shown.
  bool terminal = false;
};

/// The style for this process: --no-color, NO_COLOR, TERM=dumb and a pipe switch colour and bars
/// off (docs/design/cli.md "Screens").
output_style style_of(bool as_json, bool quiet, bool no_color);

/// The one place that writes to the user's screen. Any thread may call; each call writes whole
/// lines. All text given here is shown as it is, except what goes through printable() first, which
/// everything from outside has to.
class output {
public:
  explicit output(output_style style);
  output(const output&) = delete;
  output& operator=(const output&) = delete;

  const output_style& style() const { return style_; }

  /// A line for people; nothing in JSON mode and when quiet.
  void line(std::string_view text);
  /// A line for people with a mark in front: something is done.
  void done(std::string_view text);
  /// A line for people with a mark in front: somebody has to pay attention.
  void note(std::string_view text);
  /// A line that people see even when quiet (the last one); nothing in JSON mode.
  void last(std::string_view text);

  /// Progress of something countable. A terminal draws a bar in place; elsewhere people see one
  /// line when it starts and one when it is complete; JSON gets an object each time.
  void progress(std::string_view what, uint64_t done, uint64_t of);

  /// One object of JSON mode: `{"v":1,"t":...,"type":TYPE, FIELDS}`; nothing for people.
  void event(std::string_view type, const json_fields& fields);

  /// An error: two sentences on standard error for people, an object of type `error` in JSON mode.
  void error(const caf::error& x) { error(x, advice_for(x)); }
  /// Likewise, in these words.
  void error(const caf::error& x, const advice& text);

  /// The system's error number when something written to standard output did not arrive, else 0:
  /// whoever reads there has not got all, and the program must not end as if they had.
  int lost() const { return lost_.load(); }

  /// The last line, exactly once; later calls do nothing. In JSON mode an object of type `result`
  /// with `ok`, `code` and `name` before `fields`; people see nothing here.
  void result(exit_status status, const json_fields& fields);

private:
  void write(std::string_view text);
  void write_json(std::string_view type, const json_fields& fields);
  void write_line(std::string_view text);
  void clear_bar();

  output_style style_;
  std::mutex mutex_;
  bool bar_shown_ = false;
  bool finished_ = false;
  std::atomic<int> lost_{0};
};

} // namespace liveconnect::cli
