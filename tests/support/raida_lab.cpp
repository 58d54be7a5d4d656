#include "tests/support/raida_lab.hpp"

#include "messages/base/error.hpp"
#include "wallet/raida/derive.hpp"

namespace liveconnect::test {

using namespace raida;

// --- memory_store ---

caf::expected<std::optional<record>> memory_store::get(note_id id) {
  std::optional<record> out;
  if (auto i = staged_.find(id); i != staged_.end())
    out = i->second;
  else if (auto j = committed_.find(id); j != committed_.end())
    out = j->second;
  return out;
}

caf::error memory_store::for_each_in_use(const std::function<void(note_id)>& visit) {
  for (const auto& [id, x] : committed_)
    if (x.mfs != 0)
      visit(id);
  return caf::none;
}

caf::expected<std::optional<supply_account>> memory_store::account() {
  auto out = account_;
  if (out && !add_to(*out, staged_effects_))
    return fail(ec::disk_failed, "the account is full");
  return out;
}

caf::error memory_store::begin_account(const supply_account& x) {
  account_ = x;
  return caf::none;
}

caf::error memory_store::stage(const std::vector<change>& changes) {
  for (const auto& x : changes) {
    staged_[x.id] = x.to;
    if (x.effect != supply_effect::none)
      staged_effects_.push_back(x);
  }
  return caf::none;
}

caf::error memory_store::commit() {
  if (disk_is_full) {
    rollback();
    return fail(ec::disk_failed, "the test says so");
  }
  for (auto& [id, x] : staged_)
    committed_[id] = x;
  if (account_ && !add_to(*account_, staged_effects_))
    return fail(ec::disk_failed, "the account is full");
  rollback();
  return caf::none;
}

void memory_store::rollback() {
  staged_.clear();
  staged_effects_.clear();
}

void memory_store::put(note_id id, const authenticity_number& an, uint8_t mfs) {
  auto& held = committed_[id];
  const bool was = held.mfs != 0;
  held = record{an, mfs};
  if (!account_ || was == (mfs != 0))
    return;
  const auto units = denomination_value(id.denomination).units();
  (was ? account_->freed : account_->created) += units;
}

// --- scripted_random ---

void scripted_random::fill(uint8_t* out, size_t size) {
  if (!script_.empty() && script_.front().size() == size) {
    std::copy(script_.front().begin(), script_.front().end(), out);
    script_.pop_front();
    return;
  }
  for (size_t i = 0; i < size; ++i) { // splitmix64, a byte a step
    auto x = state_ += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    out[i] = static_cast<uint8_t>(x >> 56);
  }
}

// --- raida_lab ---

struct raida_lab::node {
  node(const server_options& how, uint64_t seed)
      : options(how), random(seed), core(how, store, random) {}
  /// The same server, restarted.
  node(const node& of)
      : options(of.options), store(of.store), random(of.random), core(of.options, store, random),
        down(of.down), answers_to_lose(of.answers_to_lose) {
    core.reset();
  }

  server_options options;
  memory_store store;
  scripted_random random;
  server_core core;
  bool down = false;
  size_t answers_to_lose = 0;
};

raida_lab::raida_lab(size_t servers, uint64_t seed)
    : raida_lab(servers, md5(byte_view{"operator" + std::to_string(seed)}),
                server_options{}.version, seed) {}

raida_lab::raida_lab(size_t servers, const secret<16>& operator_key, const std::string& version,
                     uint64_t seed)
    : operator_key_(operator_key), random_(seed) {
  now_.now = std::chrono::steady_clock::time_point{} + std::chrono::hours(1000);
  now_.mfs = 45;
  for (size_t i = 0; i < servers; ++i) {
    server_options options;
    options.id = static_cast<uint8_t>(i);
    options.servers = static_cast<uint8_t>(servers);
    options.admin_key = operator_key_;
    options.version = version;
    nodes_.push_back(std::make_unique<node>(options, seed * 1000 + i));
    nodes_.back()->core.reset();
  }
}

raida_lab::raida_lab(const raida_lab& of)
    : operator_key_(of.operator_key_), random_(of.random_), now_(of.now_) {
  for (const auto& x : of.nodes_)
    nodes_.push_back(std::make_unique<node>(*x));
}

raida_lab::~raida_lab() = default;

bytes raida_lab::exchange(size_t server, arrival how, byte_view packet) {
  auto& at = *nodes_[server];
  if (at.down)
    return {};
  auto out = at.core.handle(how, packet, now_);
  if (!out)
    return {};
  if (out->fix) {
    std::vector<ticket_listing> listings;
    for (auto claim : out->fix->claims) {
      request_seed seed;
      random_.fill(seed.challenge.data(), seed.challenge.size());
      auto payload = validate_ticket_payload(static_cast<uint8_t>(server), claim.ticket);
      auto ask = encode_request(claim.server, command::validate_ticket, view(payload), seed);
      auto response = exchange(claim.server, arrival::tcp, view(ask->packet));
      if (auto x = read_ticket_listing(claim.server, decode_response(ask->context, response)))
        listings.push_back(*x);
    }
    out->answer = at.core.complete_fix(*out->fix, listings, now_);
  }
  if (at.store.stage(out->answer.changes) || at.store.commit()) {
    at.store.rollback();
    at.core.reset();
    return encode_response(out->to, status::internal_error, {}, 0);
  }
  return encode_response(out->to, out->answer.status, view(out->answer.payload), 0);
}

answers raida_lab::ask(const ask_all& what) {
  answers out;
  out.list.resize(nodes_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (i >= what.payloads.size() || (i < what.skip.size() && what.skip[i]))
      continue;
    request_seed seed;
    random_.fill(seed.challenge.data(), seed.challenge.size());
    auto ask = encode_request(static_cast<uint8_t>(i), what.what, view(what.payloads[i]), seed);
    if (!ask) {
      out.list[i].what = outcome::unreachable;
      continue;
    }
    auto how = ask->packet.size() <= udp_request_max ? arrival::udp : arrival::tcp;
    auto response = exchange(i, how, view(ask->packet));
    if (response.empty()) {
      out.list[i].what = outcome::silent;
    } else if (nodes_[i]->answers_to_lose > 0) {
      --nodes_[i]->answers_to_lose;
      out.list[i].what = outcome::silent;
    } else {
      out.list[i] = decode_response(ask->context, response);
    }
  }
  return out;
}

note raida_lab::mint(note_id id) {
  note out;
  out.id = id;
  for (auto& x : nodes_) {
    authenticity_number an;
    random_.fill(an.data(), an.size());
    x->store.put(id, an, now_.mfs);
    x->core.reset();
    out.ans.push_back(an);
  }
  return out;
}

void raida_lab::frack(size_t server, note_id id) {
  authenticity_number an;
  random_.fill(an.data(), an.size());
  const auto before = nodes_[server]->store.get(id);
  nodes_[server]->store.put(id, an, now_.mfs);
  // A note that comes into use behind the server's back: it has to look anew.
  if (before && (!*before || (*before)->mfs == 0))
    nodes_[server]->core.reset();
}

size_t raida_lab::passes(const note& x) {
  size_t out = 0;
  for (size_t i = 0; i < nodes_.size() && i < x.ans.size(); ++i) {
    auto held = nodes_[i]->store.get(x.id);
    if (held && *held && (*held)->mfs != 0 && (*held)->an == x.ans[i])
      ++out;
  }
  return out;
}

void raida_lab::set_down(size_t server, bool down) {
  nodes_[server]->down = down;
}

void raida_lab::lose_answers(size_t server, size_t count) {
  nodes_[server]->answers_to_lose = count;
}

server_core& raida_lab::core(size_t server) {
  return nodes_[server]->core;
}

const memory_store& raida_lab::store(size_t server) const {
  return nodes_[server]->store;
}

memory_store& raida_lab::store(size_t server) {
  return nodes_[server]->store;
}

scripted_random& raida_lab::random(size_t server) {
  return nodes_[server]->random;
}

} // namespace liveconnect::test
