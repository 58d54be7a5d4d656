#include "tests/simulation/network.hpp"

#include "tests/simulation/seeded.hpp"
#include "wallet/raida/packet.hpp"

namespace liveconnect::simulation {

using namespace raida;

network::network(event_queue& events, server_farm& servers, const scenario& what)
    : events_(events), servers_(servers), what_(what) {}

uint64_t network::draw_for(const question_name& name, size_t server) const {
  const auto group = group_of(server, what_.groups);
  return mixed(what_.seed ^ mixed(name.person << 48 | uint64_t{name.number} << 16 | group));
}

size_t network::place_of(const question_name& name, size_t server) const {
  return (server + servers_.servers() - first_asked(what_, name)) % servers_.servers();
}

size_t first_asked(const scenario& what, const question_name& name) {
  const auto group =
      mixed(what.seed ^ mixed(uint64_t{name.number} << 8 | name.person)) % what.groups;
  size_t out = 0;
  while (group_of(out, what.groups) != group)
    ++out;
  return out;
}

void network::lose_some(const fault_item& loss, uint64_t draw, fate& x) const {
  if (draw % 100 < loss.count)
    x.arrivals.clear();
  x.answer_lost = x.answer_lost || (draw >> 8) % 100 < loss.count;
  if ((draw >> 16) % 100 < loss.count && !x.arrivals.empty())
    x.arrivals.push_back(x.arrivals.front() + milliseconds((draw >> 40) % 4000));
  if ((draw >> 24) % 200 < loss.count && !x.arrivals.empty())
    x.arrivals.back() += seconds(5 + (draw >> 32) % 200);
}

void network::meet_faults(const question_name& name, size_t server, fate& x) const {
  using kind = fault_item::kind;
  for (const auto& fault : what_.faults) {
    if (fault.what == kind::loss) {
      // A change that reaches some servers only is a fault with a switch of its own.
      if (name.what != command::break_note && name.what != command::join_notes)
        lose_some(fault, mixed(draw_for(name, server)), x);
      continue;
    }
    if (fault.person != name.person || fault.on != name.what || fault.nth != name.nth)
      continue;
    const bool beyond = place_of(name, server) >= fault.count;
    if (fault.what == kind::cut_request && beyond)
      x.arrivals.clear();
    else if (fault.what == kind::cut_answers && beyond)
      x.answer_lost = true;
    else if (fault.what == kind::late_request && beyond && !x.arrivals.empty())
      x.arrivals.front() += seconds(20 + draw_for(name, server) % 100);
  }
}

network::fate network::fate_of(const question_name& name, size_t server) const {
  fate out;
  const auto draw = draw_for(name, server);
  // The order in which servers hear of a question is any.
  out.arrivals.push_back(500 + draw % milliseconds(60));
  out.way_back = 500 + (draw >> 24) % milliseconds(60);
  if (!calm_)
    meet_faults(name, server, out);
  return out;
}

void network::send(const question_name& name, size_t server, const secret_bytes& payload,
                   std::function<void(answer)> answered) {
  request_seed seed;
  const auto draw = mixed(draw_for(name, server) ^ server);
  for (size_t i = 0; i < seed.challenge.size(); ++i)
    seed.challenge[i] = static_cast<uint8_t>(draw >> (i % 8 * 8));
  seed.echo = static_cast<uint16_t>(name.number);
  const auto request = encode_request(static_cast<uint8_t>(server), name.what, view(payload), seed);
  if (!request)
    return answered({outcome::not_asked, 0, {}});
  if (servers_.is_down(server)) {
    events_.after(milliseconds(1), [answered] { answered({outcome::unreachable, 0, {}}); });
    return;
  }
  const auto way = fate_of(name, server);
  const auto how = request->packet.size() <= udp_request_max ? arrival::udp : arrival::tcp;
  for (const auto after : way.arrivals) {
    ++datagrams_;
    events_.after(after, [this, server, how, way, answered, context = request->context,
                          packet = view(request->packet).copy()] {
      servers_.receive(server, how, packet, [this, way, answered, context](bytes response) {
        if (way.answer_lost)
          return;
        ++datagrams_;
        events_.after(way.way_back, [answered, context, got = std::move(response)] {
          answered(decode_response(context, got));
        });
      });
    });
    // A connection brings its bytes once.
    if (how == arrival::tcp)
      break;
  }
}

} // namespace liveconnect::simulation
