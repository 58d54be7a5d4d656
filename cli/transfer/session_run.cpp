#include "cli/transfer/session_run.hpp"

#include <cctype>
#include <optional>

#include <caf/all.hpp>
#include <fmt/format.h>

#include "cli/transfer/ask.hpp"
#include "cli/transfer/prompt.hpp"
#include "cli/transfer/session_view.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::cli {

namespace {

constexpr auto wait_shown_after = std::chrono::seconds(1);
constexpr auto cancel_patience = std::chrono::milliseconds(400);

json_fields fields_of(const session::finished& x) {
  json_fields out{{"role", to_string(x.side)}, {"session", printable(x.session)}};
  // The sender draws it: a receiver whom no offer reached knows none.
  if (x.id != transfer_id{})
    out["transfer"] = to_string(x.id);
  out.update({{"amount", to_string(x.sum)},
              {"returned", to_string(x.returned)},
              {"notes", x.notes},
              {"receipt", printable(x.receipt)},
              {"ms", x.transfer_milliseconds},
              {"total_ms", x.milliseconds},
              {"open", x.still_open}});
  return out;
}

/// A receipt is the receiver's word, so a sender is told whose words are whose.
advice words_for(const session::finished& x) {
  if (x.side != role::sender || x.code != ec::counterfeit_notes || x.detail.empty())
    return {};
  auto what = printable(x.detail, detail_chars_max) + ".";
  what.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(what.front())));
  return {std::move(what),
          x.still_open ? "Run 'liveconnect resume' later: the servers decide, and nothing is lost."
                       : "Look at the receipt, which lists them, and talk to the other person."};
}

} // namespace

command_end run_session(environment& env, caf::actor_system& system, role side,
                        const std::function<session_actor(session_observer_actor)>& spawn,
                        const std::function<void()>& stop_servers) {
  session_view view{env.out, side};
  caf::scoped_actor self{system};
  const auto observer = caf::actor_cast<caf::actor>(self);
  const auto session = spawn(caf::actor_cast<session_observer_actor>(observer));
  self->monitor(session);
  env.stop.listen([observer](int) { caf::anon_send(observer, atom::stop_v); });

  std::optional<session::finished> end;
  bool gone = false;
  const auto show = [&](const auto& x) { view.show(x); };
  while (!end && !gone)
    self->receive(
        [&](const session::joined& x) { show(x); }, [&](const session::peer_seen& x) { show(x); },
        [&](const session::peer_lost& x) { show(x); },
        [&](const session::link_lost& x) { show(x); },
        [&](const session::connected& x) { show(x); },
        [&](const session::approve_amount& x) {
          show(x);
          self->send(session, atom::approve_v, x.sum, approve(env, x.sum));
        },
        [&](const session::amount_agreed& x) { show(x); }, [&](const session::step& x) { show(x); },
        [&](const session::progress& x) { show(x); },
        [&](const session::receipt_filed& x) { show(x); },
        [&](const session::waiting& x) { show(x); }, [&](const session::warning& x) { show(x); },
        [&](const session::finished& x) { end = x; },
        [&](atom::stop) {
          if (view.past_the_point()) {
            self->send(session, atom::stop_v);
          } else {
            self->send(session, atom::cancel_v);
            self->delayed_send(session, cancel_patience, atom::stop_v);
          }
          stop_servers();
        },
        [&](const caf::down_msg& x) { gone = x.source == session.address(); },
        caf::after(wait_shown_after) >> [&] { view.still_waiting(); });
  env.stop.listen({});
  if (!end)
    return failed(fail(ec::internal, "the session ended without a word"));
  command_end out;
  out.fields = fields_of(*end);
  if (!end->ok)
    out.failure = fail(end->code, end->detail);
  out.words = words_for(*end);
  if (env.stop.signal() != 0)
    out.words.what_to_do = end->still_open
                               ? "The transfer is open: run 'liveconnect resume' to finish it; no "
                                 "coin is lost."
                               : "No coins are under way, and none is lost.";
  return out;
}

} // namespace liveconnect::cli
