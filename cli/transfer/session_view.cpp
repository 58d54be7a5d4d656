#include "cli/transfer/session_view.hpp"

#include <fmt/format.h>

#include "messages/base/printable.hpp"
#include "messages/base/time_text.hpp"

namespace liveconnect::cli {

namespace {

std::string minutes_text(caf::timespan x) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(x).count();
  if (seconds >= 120 && seconds % 60 == 0)
    return fmt::format("{} minutes", seconds / 60);
  return fmt::format("{} s", seconds);
}

const char* awaited_text(session::awaited x, role side) {
  switch (x) {
  case session::awaited::relay:
    return "the relay";
  case session::awaited::peer:
    return side == role::sender ? "the receiver" : "the sender";
  case session::awaited::peer_work:
    return side == role::sender ? "the receiver's work" : "the sender's work";
  case session::awaited::servers:
    return "the servers";
  case session::awaited::person:
    return "your answer";
  }
  return "something";
}

} // namespace

session_view::session_view(output& out, role side) : out_(out), side_(side) {}

const char* session_view::peer() const {
  return side_ == role::sender ? "Receiver" : "Sender";
}

void session_view::show(const session::joined& x) {
  wait_text_.clear();
  out_.event("joined", {{"own_address", printable(x.own_address)}, {"people", x.people}});
  out_.done(fmt::format("You are in the room as {}", printable(x.own_address)));
}

void session_view::show(const session::peer_seen& x) {
  wait_text_.clear();
  out_.event("peer_seen", {{"peer_address", printable(x.address)}});
  if (!x.address.empty())
    out_.line(fmt::format("  Someone else is in the room: {}", printable(x.address)));
}

void session_view::show(const session::peer_lost& x) {
  out_.event("peer_lost", {{"reason", printable(x.reason)}});
  out_.note(fmt::format("{} cannot be reached ({}). Waiting for it to come back.", peer(),
                        printable(x.reason)));
}

void session_view::show(const session::link_lost& x) {
  out_.event("link_lost", {{"reason", printable(x.reason)}});
  out_.note(
      fmt::format("The connection to the relay is lost ({}). Trying again.", printable(x.reason)));
}

void session_view::show(const session::connected& x) {
  wait_text_.clear();
  out_.event("connected", {{"own_address", printable(x.own_address)},
                           {"peer_address", printable(x.peer_address)},
                           {"phrase", printable(x.phrase)},
                           {"handshakes", x.handshakes}});
  out_.done(fmt::format("{} is here, {}. Both should see: {}", peer(), printable(x.peer_address),
                        printable(x.phrase)));
}

void session_view::show(const session::approve_amount& x) {
  out_.event("approve", {{"amount", to_string(x.sum)}});
}

void session_view::show(const session::amount_agreed& x) {
  out_.event("agreed", {{"amount", to_string(x.sum)}});
  if (side_ == role::sender)
    out_.done(fmt::format("Receiver agrees to {}", to_display(x.sum)));
  else
    out_.done(fmt::format("Sender will send {}", to_display(x.sum)));
}

void session_view::show(const session::step& x) {
  wait_text_.clear();
  json_fields fields{{"number", x.number},
                     {"phase", x.phase == session::step_phase::started ? "started" : "finished"},
                     {"by", to_string(x.by)},
                     {"address", printable(x.address)},
                     {"name", printable(x.name)},
                     {"title", session::step_text(x.number)}};
  if (!x.text.empty())
    fields["text"] = printable(x.text);
  if (x.fewest_passes != 0)
    fields["passes"] = x.fewest_passes;
  out_.event("step", fields);
  if (side_ == role::sender ? x.number >= 20 : x.number >= 21)
    past_the_point_ = true;
  // What the first nine steps say stands on the screen already, in words of joined, connected and
  // agreed; step 20 is the bar.
  if (x.phase == session::step_phase::started || x.number < 10 || x.number == 20)
    return;
  std::string text{session::step_text(x.number)};
  if (!x.text.empty() && x.fewest_passes != 0)
    text += fmt::format(" ({}, {}/{})", printable(x.text), x.fewest_passes, raida_count);
  else if (!x.text.empty())
    text += fmt::format(" ({})", printable(x.text));
  else if (x.fewest_passes != 0)
    text += fmt::format(" ({}/{})", x.fewest_passes, raida_count);
  out_.done(text);
}

void session_view::show(const session::progress& x) {
  notes_ = x.notes;
  const auto what = fmt::format("{} {} note{}", side_ == role::sender ? "Sending" : "Receiving",
                                notes_, notes_ == 1 ? "" : "s");
  // How many notes a frame holds is known when there is one frame, or one for each note.
  if (x.frames_total == 1 || x.frames_total == notes_) {
    out_.progress(what, x.frames_done == x.frames_total ? notes_ : x.frames_done, notes_);
  } else {
    out_.progress(fmt::format("{} in {} frames", what, x.frames_total), x.frames_done,
                  x.frames_total);
  }
  if (x.frames_done > 0)
    past_the_point_ = past_the_point_ || side_ == role::sender;
}

void session_view::show(const session::receipt_filed& x) {
  out_.event("receipt", {{"receipt", printable(x.id)},
                         {"notes", x.notes},
                         {"amount", to_string(x.sum)},
                         {"counterfeit", x.counterfeit}});
  if (x.counterfeit == 0)
    return;
  // A receipt is the receiver's word: the sender asks the servers themselves.
  const auto notes = fmt::format("{} note{}", x.counterfeit, x.counterfeit == 1 ? "" : "s");
  if (side_ == role::receiver)
    out_.note(fmt::format("The servers refused {}; the receipt lists them.", notes));
  else
    out_.note(fmt::format("The receiver says that the servers refused {}. Asking them.", notes));
}

void session_view::show(const session::waiting& x) {
  out_.event("waiting", {{"whom", to_string(x.whom)},
                         {"since", utc_text(x.since)},
                         {"limit_ms",
                          std::chrono::duration_cast<std::chrono::milliseconds>(x.limit).count()}});
  auto text = fmt::format("  Waiting for {} since {}", awaited_text(x.whom, side_),
                          utc_text(x.since).substr(11, 8));
  if (x.limit.count() > 0)
    text += fmt::format(", at most {}", minutes_text(x.limit));
  // Most waits are over before a person could read it.
  wait_text_ = std::move(text);
}

void session_view::still_waiting() {
  if (!wait_text_.empty())
    out_.line(wait_text_);
  wait_text_.clear();
}

void session_view::show(const session::warning& x) {
  out_.event("warning", {{"text", printable(x.text)}});
  out_.note(printable(x.text));
}

} // namespace liveconnect::cli
