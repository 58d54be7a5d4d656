#include "tests/support/fake_raida.hpp"

#include <stdexcept>

namespace liveconnect::test {

using namespace raida;

fault fault::down(size_t server) {
  fault out;
  out.server = server;
  out.copies = 0;
  out.what = reply::unreachable;
  return out;
}

fault fault::lost_request(size_t server, command on, size_t times) {
  fault out;
  out.server = server;
  out.on = on;
  out.times = times;
  out.copies = 0;
  out.what = reply::lost;
  return out;
}

fault fault::lost_reply(size_t server, command on, size_t times) {
  auto out = lost_request(server, on, times);
  out.copies = 1;
  return out;
}

fault fault::duplicated(size_t server, command on, size_t times) {
  auto out = lost_request(server, on, times);
  out.copies = 2;
  out.what = reply::real;
  return out;
}

fault fault::late(size_t server, command on, size_t times) {
  auto out = lost_request(server, on, times);
  out.delayed = true;
  return out;
}

fault fault::lying(size_t server, command on, uint8_t status, bool applied, size_t times) {
  auto out = lost_request(server, on, times);
  out.copies = applied ? 1 : 0;
  out.what = reply::forged;
  out.status = status;
  return out;
}

fake_raida::fake_raida(size_t servers, uint64_t seed) : lab_(servers, seed), random_(seed) {}

fake_raida::fake_raida(const fake_raida& of)
    : asked(of.asked), arrived(of.arrived), lab_(of.lab_), faults_(of.faults_),
      delayed_(of.delayed_), random_(of.random_), lose_requests_(of.lose_requests_),
      lose_replies_(of.lose_replies_), doubles_(of.doubles_) {}

void fake_raida::for_each_held(
    size_t server, const std::function<void(note_id, const authenticity_number&)>& visit) const {
  for (const auto& [id, x] : lab_.store(server).committed())
    if (x.mfs != 0)
      visit(id, x.an);
}

void fake_raida::add(const fault& x) {
  faults_.push_back(x);
  if (!x.on && x.what == fault::reply::unreachable)
    lab_.set_down(x.server, true);
}

void fake_raida::clear_faults() {
  faults_.clear();
  for (size_t i = 0; i < servers(); ++i)
    lab_.set_down(i, false);
}

bool fake_raida::chance(double probability) {
  // Always draws, so that faults do not shift each other.
  return std::uniform_real_distribution<double>{}(random_) < probability;
}

void fake_raida::set_loss(double requests, double replies, double doubles) {
  lose_requests_ = requests;
  lose_replies_ = replies;
  doubles_ = doubles;
}

answer fake_raida::carry_out(size_t server, command what, byte_view payload) {
  ++arrived[what];
  ask_all one;
  one.what = what;
  one.payloads.resize(servers());
  one.payloads[server] = {payload.begin(), payload.end()};
  one.skip.assign(servers(), true);
  one.skip[server] = false;
  return lab_.ask(one).list[server];
}

fault fake_raida::next_fault(size_t server, command what) {
  for (auto i = faults_.begin(); i != faults_.end(); ++i) {
    if (i->server != server || (i->on && *i->on != what))
      continue;
    const auto out = *i;
    if (i->times != SIZE_MAX && --i->times == 0)
      faults_.erase(i);
    return out;
  }
  fault none;
  const bool request = chance(lose_requests_);
  const bool reply = chance(lose_replies_);
  const bool twice = chance(doubles_);
  none.copies = request ? 0 : twice ? 2 : 1;
  if (request || reply)
    none.what = fault::reply::lost;
  return none;
}

answer fake_raida::meet_faults(size_t server, command what, byte_view payload) {
  const auto x = next_fault(server, what);
  if (x.delayed)
    delayed_.push_back({server, what, {payload.begin(), payload.end()}});
  answer out{outcome::silent, 0, {}};
  for (unsigned i = 0; i < x.copies && !x.delayed; ++i)
    out = carry_out(server, what, payload);
  switch (x.what) {
  case fault::reply::real:
    return out;
  case fault::reply::lost:
    return {outcome::silent, 0, {}};
  case fault::reply::unreachable:
    return {outcome::unreachable, 0, {}};
  case fault::reply::forged:
    return {outcome::answered, x.status, {}};
  case fault::reply::invalid:
    return {outcome::invalid, 0, {}};
  }
  return out;
}

answers fake_raida::ask(const ask_all& what) {
  if (on_ask)
    on_ask(what);
  ++asked[what.what];
  answers out;
  out.list.resize(servers());
  for (size_t i = 0; i < servers() && i < what.payloads.size(); ++i)
    if (i >= what.skip.size() || !what.skip[i])
      out.list[i] = meet_faults(i, what.what, view(what.payloads[i]));
  return out;
}

void fake_raida::deliver_delayed() {
  auto now_due = std::move(delayed_);
  delayed_.clear();
  for (const auto& x : now_due)
    carry_out(x.server, x.what, view(x.payload));
}

std::vector<note> fake_raida::mint(int8_t denomination, uint32_t first_serial, size_t count) {
  std::vector<note> out;
  for (size_t i = 0; i < count; ++i)
    out.push_back(mint({denomination, first_serial + static_cast<uint32_t>(i)}));
  return out;
}

std::optional<authenticity_number> fake_raida::held(size_t server, note_id id) {
  const auto x = lab_.store(server).get(id);
  if (!x || !*x || (*x)->mfs == 0)
    return std::nullopt;
  return (*x)->an;
}

void fake_raida::set_held(size_t server, note_id id, std::optional<authenticity_number> an) {
  lab_.store(server).put(id, an.value_or(authenticity_number{}), an ? lab_.now().mfs : uint8_t{0});
  restart(server);
}

void fake_raida::restart(size_t server) {
  if (lab_.core(server).reset())
    throw std::logic_error("a store in memory failed");
}

} // namespace liveconnect::test
