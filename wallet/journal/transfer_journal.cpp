#include "wallet/journal/transfer_journal.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "messages/base/error.hpp"

namespace liveconnect::wallet {

namespace {

using writer = byte_writer<secret_bytes>;
using secret_list = std::vector<authenticity_number>;

// A bound on what one journal may list: a file of notes holds 65535 (docs/formats/wallet.md 1).
constexpr uint32_t notes_max = 65'535;

void put_id(writer& out, note_id x) {
  out.u8(static_cast<uint8_t>(x.denomination)).u32(x.serial);
}

bool get_id(byte_reader& in, note_id& x) {
  x.denomination = static_cast<int8_t>(in.u8());
  x.serial = in.u32();
  return in.ok() && is_denomination(x.denomination) && x.serial <= serial_max;
}

void put_secrets(writer& out, const secret_list& x) {
  out.u8(static_cast<uint8_t>(x.size()));
  for (auto& one : x)
    out.raw(one.view());
}

bool get_secrets(byte_reader& in, secret_list& x) {
  size_t count = in.u8();
  if (!in.ok() || in.left() < count * authenticity_number::size_bytes)
    return false;
  x.clear();
  x.reserve(count);
  for (size_t i = 0; i < count; ++i)
    x.push_back(authenticity_number::from(in.raw(authenticity_number::size_bytes)));
  return in.ok();
}

void put_text(writer& out, std::string_view x) {
  out.u32(static_cast<uint32_t>(x.size()));
  out.raw(byte_view{x});
}

bool get_text(byte_reader& in, std::string& x) {
  const auto size = in.u32();
  if (!in.ok() || size > in.left())
    return false;
  x = std::string{in.raw(size).text()};
  return true;
}

// A whole note: nothing that the wallet knows of it is left out.
void put_note(writer& out, const note& x) {
  put_id(out, x.id);
  put_secrets(out, x.ans);
  put_secrets(out, x.pans);
  put_text(out, x.pown);
}

bool get_note(byte_reader& in, note& x) {
  return get_id(in, x.id) && get_secrets(in, x.ans) && get_secrets(in, x.pans) &&
         get_text(in, x.pown) && x.pown.size() <= UINT8_MAX &&
         (x.pans.empty() || x.pans.size() == x.ans.size());
}

template<class Put, class List>
void put_list(writer& out, const List& list, Put put) {
  out.u32(static_cast<uint32_t>(list.size()));
  for (auto& x : list)
    put(x);
}

// `least` is the fewest bytes an entry can take, so that a count cannot ask for more memory than
// the bytes behind it justify.
template<class T, class Get>
bool get_list(byte_reader& in, std::vector<T>& list, size_t least, Get get) {
  const auto count = in.u32();
  if (!in.ok() || count > notes_max || in.left() / least < count)
    return false;
  list.clear();
  list.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    T x;
    if (!get(x))
      return false;
    list.push_back(std::move(x));
  }
  return true;
}

constexpr size_t note_least = 5 + 1 + 1 + 4;

void put_notes(writer& out, const std::vector<note>& x) {
  put_list(out, x, [&](const note& one) { put_note(out, one); });
}

bool get_notes(byte_reader& in, std::vector<note>& x) {
  if (!get_list(in, x, note_least, [&](note& one) { return get_note(in, one); }))
    return false;
  std::set<note_id> seen;
  return std::all_of(x.begin(), x.end(),
                     [&](const note& one) { return seen.insert(one.id).second; });
}

// A whole payload of PANs.
bool get_pans(byte_reader& in, std::vector<note>& x) {
  return get_list(in, x, 6,
                  [&](note& one) { return get_id(in, one.id) && get_secrets(in, one.pans); }) &&
         in.left() == 0;
}

void put_manifest(writer& out, const manifest& x) {
  out.raw(x.id.value).u64(x.sum.units()).u32(x.notes);
  for (auto count : x.by_denomination)
    out.u32(count);
  out.raw(x.records).u32(x.lease_seconds);
}

template<size_t N>
bool get_array(byte_reader& in, std::array<uint8_t, N>& x) {
  const auto from = in.raw(N);
  if (!in.ok())
    return false;
  std::copy(from.begin(), from.end(), x.begin());
  return true;
}

bool get_manifest(byte_reader& in, manifest& x) {
  if (!get_array(in, x.id.value))
    return false;
  x.sum = amount::from_units(in.u64());
  x.notes = in.u32();
  for (auto& count : x.by_denomination)
    count = in.u32();
  if (!get_array(in, x.records))
    return false;
  x.lease_seconds = in.u32();
  return in.ok();
}

template<class Enum>
bool get_enum(byte_reader& in, Enum& x, Enum first, Enum last) {
  const auto value = in.u8();
  if (!in.ok() || value < static_cast<uint8_t>(first) || value > static_cast<uint8_t>(last))
    return false;
  x = static_cast<Enum>(value);
  return true;
}

template<class Fill>
journal_record record(record_type type, Fill fill) {
  journal_record out;
  out.type = static_cast<uint16_t>(type);
  writer w{out.payload};
  fill(w);
  return out;
}

// --- decoding: false when anything is not as encode() writes it ---

bool decode(byte_reader& in, opened_record& x) {
  if (!get_enum(in, x.kind, journal_kind::sender, journal_kind::export_file) ||
      !get_array(in, x.id.value))
    return false;
  x.at = in.u64();
  x.servers = in.u8();
  if (!get_array(in, x.parent.value))
    return false;
  const auto size = in.u32();
  if (!in.ok() || size > in.left())
    return false;
  const auto text = in.raw(size);
  x.invitation.assign(text.begin(), text.end());
  const auto seed = in.raw(32);
  x.receipt_seed = secret<32>::from(seed);
  return in.ok() && x.servers > 0;
}

bool decode(byte_reader& in, selected_record& x) {
  x.sum = amount::from_units(in.u64());
  return get_notes(in, x.notes);
}

bool decode(byte_reader& in, sending_record& x) {
  if (!get_manifest(in, x.announced))
    return false;
  x.at = in.u64();
  return get_notes(in, x.notes) && x.notes.size() == x.announced.notes;
}

bool decode(byte_reader& in, receipt_terms& x) {
  return get_array(in, x.invitation) && get_array(in, x.handshake_hash);
}

bool decode(byte_reader& in, evidence_record& x) {
  x.at = in.u64();
  return get_list(in, x.lines, 9, [&](evidence_record::line& line) {
    return get_id(in, line.id) && get_text(in, line.found) && line.found.size() <= UINT8_MAX;
  });
}

bool decode(byte_reader& in, graded_record& x) {
  return get_list(in, x.notes, 1 + note_least, [&](graded_note& one) {
    return get_enum(in, one.verdict, note_verdict::authentic, note_verdict::superseded) &&
           get_note(in, one.coin);
  });
}

bool decode(byte_reader& in, change_record& x) {
  if (!get_enum(in, x.kind, change_kind::break_note, change_kind::join_notes))
    return false;
  x.session = in.u32();
  return get_notes(in, x.sources) && get_notes(in, x.targets);
}

bool decode(byte_reader& in, heal_record& x) {
  return get_notes(in, x.targets) &&
         get_list(in, x.intents, 1 + 16 + 4, [&](raida::fix_intent& one) {
           one.server = in.u8();
           one.pg = raida::fix_seed::from(in.raw(raida::fix_seed::size_bytes));
           return in.ok() &&
                  get_list(in, one.notes, 5, [&](note_id& id) { return get_id(in, id); });
         });
}

bool decode(byte_reader& in, closed_record& x) {
  if (!get_enum(in, x.how, closing::given_back, closing::abandoned))
    return false;
  x.at = in.u64();
  return in.ok();
}

caf::error damaged(record_type type, const char* why) {
  // Another version of this program may know it: nothing is touched (docs/design/safety.md threat
  // 39).
  return fail(ec::wallet_damaged, std::string{"journal record "} + to_string(type) + ": " + why);
}

// Gives PANs to the notes of `list` that `pans` names: one or more, each in the list and without
// PANs (I5).
bool give_pans(std::vector<note>& list, const std::vector<note>& pans) {
  std::map<note_id, note*> by_id;
  for (auto& x : list)
    by_id[x.id] = &x;
  for (auto& x : pans) {
    auto found = by_id.find(x.id);
    if (found == by_id.end() || x.pans.size() != found->second->ans.size() ||
        !found->second->pans.empty())
      return false;
    found->second->pans = x.pans;
  }
  return !pans.empty();
}

std::set<note_id> id_set(const std::vector<note>& notes) {
  std::set<note_id> out;
  for (auto& x : notes)
    out.insert(x.id);
  return out;
}

std::set<note_id> evident(const journal_view& view) {
  std::set<note_id> out;
  if (view.evidence)
    for (auto& x : view.evidence->lines)
      out.insert(x.id);
  return out;
}

} // namespace

const char* to_string(journal_kind x) {
  switch (x) {
  case journal_kind::sender:
    return "sender";
  case journal_kind::receiver:
    return "receiver";
  case journal_kind::import:
    return "import";
  case journal_kind::change:
    return "change";
  case journal_kind::heal:
    return "heal";
  case journal_kind::export_file:
    return "export";
  }
  return "unknown";
}

const char* to_string(record_type x) {
  switch (x) {
  case record_type::opened:
    return "OPENED";
  case record_type::selected:
    return "SELECTED";
  case record_type::sending:
    return "SENDING";
  case record_type::session:
    return "SESSION";
  case record_type::evidence:
    return "EVIDENCE";
  case record_type::refresh:
    return "REFRESH";
  case record_type::offered:
    return "OFFERED";
  case record_type::received:
    return "RECEIVED";
  case record_type::pown:
    return "POWN";
  case record_type::graded:
    return "GRADED";
  case record_type::settled:
    return "SETTLED";
  case record_type::receipt:
    return "RECEIPT";
  case record_type::change:
    return "CHANGE";
  case record_type::heal:
    return "HEAL";
  case record_type::destination:
    return "DESTINATION";
  case record_type::closed:
    return "CLOSED";
  case record_type::rejected:
    return "REJECTED";
  case record_type::proven:
    return "PROVEN";
  case record_type::scrubbed:
    return "SCRUBBED";
  case record_type::lease:
    return "LEASE";
  }
  return "UNKNOWN";
}

const char* to_string(closing x) {
  switch (x) {
  case closing::given_back:
    return "given back";
  case closing::sent_with_receipt:
    return "sent, with receipt";
  case closing::sent_by_evidence:
    return "sent, by the servers' word";
  case closing::taken_back:
    return "taken back";
  case closing::nothing_received:
    return "nothing received";
  case closing::received:
    return "received";
  case closing::done:
    return "done";
  case closing::abandoned:
    return "abandoned";
  }
  return "unknown";
}

journal_record encode(const opened_record& x) {
  return record(record_type::opened, [&](writer& out) {
    out.u8(static_cast<uint8_t>(x.kind)).raw(x.id.value).u64(x.at).u8(x.servers);
    out.raw(x.parent.value).u32(static_cast<uint32_t>(x.invitation.size()));
    out.raw(view(x.invitation)).raw(x.receipt_seed.view());
  });
}

journal_record encode(const selected_record& x) {
  return record(record_type::selected, [&](writer& out) {
    out.u64(x.sum.units());
    put_notes(out, x.notes);
  });
}

journal_record encode(const sending_record& x) {
  return record(record_type::sending, [&](writer& out) {
    put_manifest(out, x.announced);
    out.u64(x.at);
    put_notes(out, x.notes);
  });
}

journal_record encode(const session_record& x) {
  return record(record_type::session,
                [&](writer& out) { out.raw(x.terms.invitation).raw(x.terms.handshake_hash); });
}

journal_record encode(const evidence_record& x) {
  return record(record_type::evidence, [&](writer& out) {
    out.u64(x.at);
    put_list(out, x.lines, [&](const evidence_record::line& line) {
      put_id(out, line.id);
      put_text(out, line.found);
    });
  });
}

journal_record encode(const graded_record& x) {
  return record(record_type::graded, [&](writer& out) {
    put_list(out, x.notes, [&](const graded_note& one) {
      out.u8(static_cast<uint8_t>(one.verdict));
      put_note(out, one.coin);
    });
  });
}

journal_record encode(const change_record& x) {
  return record(record_type::change, [&](writer& out) {
    out.u8(static_cast<uint8_t>(x.kind)).u32(x.session);
    put_notes(out, x.sources);
    put_notes(out, x.targets);
  });
}

journal_record encode(const heal_record& x) {
  return record(record_type::heal, [&](writer& out) {
    put_notes(out, x.targets);
    put_list(out, x.intents, [&](const raida::fix_intent& one) {
      out.u8(static_cast<uint8_t>(one.server)).raw(one.pg.view());
      put_list(out, one.notes, [&](note_id id) { put_id(out, id); });
    });
  });
}

journal_record encode(const closed_record& x) {
  return record(record_type::closed,
                [&](writer& out) { out.u8(static_cast<uint8_t>(x.how)).u64(x.at); });
}

journal_record encode_offered(const manifest& x) {
  return record(record_type::offered, [&](writer& out) { put_manifest(out, x); });
}

journal_record encode_received(const std::vector<note>& x) {
  return record(record_type::received, [&](writer& out) {
    put_list(out, x, [&](const note& one) {
      note bare;
      bare.id = one.id;
      bare.ans = one.ans;
      put_note(out, bare);
    });
  });
}

journal_record encode_pans(record_type type, const std::vector<note>& x) {
  return record(type, [&](writer& out) {
    put_list(out, x, [&](const note& one) {
      put_id(out, one.id);
      put_secrets(out, one.pans);
    });
  });
}

journal_record encode_text(record_type type, const std::string& x) {
  return record(type, [&](writer& out) { put_text(out, x); });
}

journal_record encode_ids(record_type type, const std::vector<note_id>& x) {
  return record(type, [&](writer& out) { put_list(out, x, [&](note_id id) { put_id(out, id); }); });
}

journal_record encode_moment(record_type type, uint64_t at) {
  return record(type, [&](writer& out) { out.u64(at); });
}

namespace {

void clear(std::vector<note>& notes) {
  for (auto& x : notes) {
    x.ans.clear();
    x.pans.clear();
  }
}

} // namespace

caf::expected<journal_record> without_secrets(const journal_record& x) {
  byte_reader in{liveconnect::view(x.payload)};
  const auto type = static_cast<record_type>(x.type);
  const auto cleared = [&](auto record, auto take_out) -> caf::expected<journal_record> {
    if (!decode(in, record) || in.left() != 0)
      return damaged(type, "payload cannot be read");
    take_out(record);
    return encode(record);
  };
  switch (type) {
  case record_type::opened:
    return cleared(opened_record{}, [](opened_record& r) {
      r.invitation.clear();
      r.receipt_seed = {};
    });
  case record_type::selected:
    return cleared(selected_record{}, [](selected_record& r) { clear(r.notes); });
  case record_type::sending:
    return cleared(sending_record{}, [](sending_record& r) { clear(r.notes); });
  case record_type::graded:
    return cleared(graded_record{}, [](graded_record& r) {
      for (auto& one : r.notes) {
        one.coin.ans.clear();
        one.coin.pans.clear();
      }
    });
  case record_type::change:
    return cleared(change_record{}, [](change_record& r) {
      clear(r.sources);
      clear(r.targets);
    });
  case record_type::heal:
    return cleared(heal_record{}, [](heal_record& r) {
      clear(r.targets);
      for (auto& one : r.intents)
        one.pg = {};
    });
  case record_type::received: {
    std::vector<note> notes;
    if (!get_notes(in, notes) || in.left() != 0)
      return damaged(type, "payload cannot be read");
    clear(notes);
    return encode_received(notes);
  }
  case record_type::refresh:
  case record_type::pown: {
    std::vector<note> notes;
    if (!get_pans(in, notes))
      return damaged(type, "payload cannot be read");
    clear(notes);
    return encode_pans(type, notes);
  }
  case record_type::session:
  case record_type::evidence:
  case record_type::offered:
  case record_type::settled:
  case record_type::receipt:
  case record_type::destination:
  case record_type::closed:
  case record_type::rejected:
  case record_type::proven:
  case record_type::scrubbed:
  case record_type::lease:
    return x;
  }
  return damaged(type, "type is not known");
}

caf::error apply(journal_view& view, const journal_record& x) {
  byte_reader in{liveconnect::view(x.payload)};
  const auto type = static_cast<record_type>(x.type);
  const auto malformed = [&] { return damaged(type, "payload cannot be read"); };
  const auto misplaced = [&] { return damaged(type, "cannot stand at this place"); };
  // Read wholly, and nothing behind.
  const auto read = [&](auto& into) { return decode(in, into) && in.ok() && in.left() == 0; };
  if (view.closed || (type != record_type::opened && view.opened.servers == 0))
    return misplaced();
  const auto kind = view.opened.kind;
  const auto sends = kind == journal_kind::sender || kind == journal_kind::export_file;
  const auto takes = kind == journal_kind::receiver || kind == journal_kind::import;
  switch (type) {
  case record_type::opened: {
    opened_record record;
    if (!read(record))
      return malformed();
    if (view.opened.servers != 0)
      return misplaced();
    view.opened = std::move(record);
    return {};
  }
  case record_type::selected: {
    selected_record record;
    if (!read(record))
      return malformed();
    if (!sends || view.sending)
      return misplaced();
    view.selected = std::move(record);
    return {};
  }
  case record_type::sending: {
    sending_record record;
    if (!read(record))
      return malformed();
    if (!sends || !view.selected || view.sending)
      return misplaced();
    view.sending = std::move(record);
    return {};
  }
  case record_type::session: {
    receipt_terms record;
    if (!read(record))
      return malformed();
    view.sessions.push_back(record);
    return {};
  }
  case record_type::evidence: {
    evidence_record record;
    if (!read(record))
      return malformed();
    if (!view.sending)
      return misplaced();
    const auto sent = id_set(view.sending->notes);
    const auto claimed = id_set(view.refresh);
    for (auto& line : record.lines)
      if (sent.count(line.id) == 0 || claimed.count(line.id) != 0)
        return misplaced();
    if (view.evidence) {
      const auto known = evident(view);
      for (auto& line : record.lines)
        if (known.count(line.id) == 0)
          view.evidence->lines.push_back(std::move(line));
      view.evidence->at = record.at;
    } else {
      view.evidence = std::move(record);
    }
    return {};
  }
  case record_type::refresh:
  case record_type::pown: {
    std::vector<note> pans;
    if (!get_pans(in, pans))
      return malformed();
    if (type == record_type::pown) {
      if (!takes || view.received.empty())
        return misplaced();
      for (auto& one : pans)
        if (view.graded.count(one.id) != 0)
          return misplaced();
      auto with = view.received;
      if (!give_pans(with, pans))
        return misplaced();
      view.received = std::move(with);
      view.pown = true;
      return {};
    }
    if (!view.sending)
      return misplaced();
    // Some or all of the notes sent that are neither gone nor being taken back already.
    const auto named = id_set(pans);
    auto over = evident(view);
    for (auto& one : view.refresh)
      over.insert(one.id);
    std::vector<note> with;
    for (auto& one : view.sending->notes)
      if (named.count(one.id) != 0 && over.count(one.id) == 0)
        with.push_back(one);
    for (auto& one : with)
      one.pans.clear();
    if (with.size() != pans.size() || !give_pans(with, pans))
      return misplaced();
    view.refresh.insert(view.refresh.end(), std::make_move_iterator(with.begin()),
                        std::make_move_iterator(with.end()));
    return {};
  }
  case record_type::offered: {
    manifest record;
    if (!get_manifest(in, record) || in.left() != 0)
      return malformed();
    if (kind != journal_kind::receiver || view.offered)
      return misplaced();
    view.offered = record;
    return {};
  }
  case record_type::received: {
    std::vector<note> notes;
    if (!get_notes(in, notes) || in.left() != 0 || notes.empty())
      return malformed();
    const auto whole = [&](const note& one) {
      return one.pans.empty() && one.ans.empty() == view.scrubbed.has_value();
    };
    if (!takes || !view.received.empty() || !std::all_of(notes.begin(), notes.end(), whole))
      return misplaced();
    view.received = std::move(notes);
    return {};
  }
  case record_type::graded: {
    graded_record record;
    if (!read(record))
      return malformed();
    if (kind == journal_kind::export_file)
      return misplaced();
    for (auto& one : record.notes)
      view.graded.emplace(one.coin.id, std::move(one));
    return {};
  }
  case record_type::settled:
  case record_type::rejected: {
    std::vector<note_id> ids;
    if (!get_list(in, ids, 5, [&](note_id& id) { return get_id(in, id); }) || in.left() != 0)
      return malformed();
    if (type == record_type::rejected) {
      if (!view.sending || !view.receipt.empty())
        return misplaced();
      view.rejected = std::move(ids);
      return {};
    }
    std::set<note_id> known;
    if (kind == journal_kind::sender)
      for (auto& id : to_settle(view))
        known.insert(id);
    // Not written any more: a healing that had to wait let go of the notes that had not.
    if (kind == journal_kind::heal)
      for (auto& heal : view.heals)
        for (auto& one : heal.targets)
          known.insert(one.id);
    for (auto& id : ids)
      if (known.count(id) == 0 && !(takes && view.graded.count(id) != 0))
        return misplaced();
    view.settled.insert(ids.begin(), ids.end());
    return {};
  }
  case record_type::receipt:
  case record_type::destination: {
    std::string text;
    if (!get_text(in, text) || in.left() != 0)
      return malformed();
    (type == record_type::receipt ? view.receipt : view.destination) = std::move(text);
    return {};
  }
  case record_type::change: {
    change_record record;
    if (!read(record))
      return malformed();
    const auto breaks = record.kind == change_kind::break_note;
    if (kind != journal_kind::change || view.change || record.session == 0 ||
        record.sources.size() != (breaks ? 1u : 10u) ||
        record.targets.size() != (breaks ? 10u : 1u))
      return misplaced();
    view.change = std::move(record);
    return {};
  }
  case record_type::heal: {
    heal_record record;
    if (!read(record))
      return malformed();
    view.heals.push_back(std::move(record));
    return {};
  }
  case record_type::proven:
  case record_type::scrubbed:
  case record_type::lease: {
    const auto at = in.u64();
    if (!in.ok() || in.left() != 0)
      return malformed();
    if (type == record_type::lease) {
      if (kind != journal_kind::sender || !view.sending)
        return misplaced();
      view.lease_from = at;
      return {};
    }
    (type == record_type::proven ? view.proven : view.scrubbed) = at;
    return {};
  }
  case record_type::closed: {
    closed_record record;
    if (!read(record))
      return malformed();
    view.closed = record;
    return {};
  }
  }
  return damaged(type, "type is not known");
}

caf::expected<journal_view> replay(const std::vector<journal_record>& records) {
  journal_view out;
  for (auto& x : records)
    if (auto err = apply(out, x))
      return err;
  if (out.opened.servers == 0)
    return fail(ec::wallet_damaged, "journal without its first record");
  return out;
}

transfer_state state_of(const journal_view& view) {
  if (view.closed)
    return transfer_state::closed;
  switch (view.kind()) {
  case journal_kind::sender:
  case journal_kind::export_file:
    if (!view.receipt.empty())
      return transfer_state::receipt;
    if (view.sending && !undecided(view).empty())
      return transfer_state::sending;
    if (!view.refresh.empty())
      return all_graded(view) ? transfer_state::graded : transfer_state::refresh;
    if (view.sending)
      return transfer_state::sending;
    return view.selected ? transfer_state::selected : transfer_state::fresh;
  case journal_kind::receiver:
  case journal_kind::import:
    if (!view.receipt.empty())
      return transfer_state::receipt;
    if (!view.received.empty())
      return all_graded(view) ? transfer_state::graded
             : view.pown      ? transfer_state::pown
                              : transfer_state::received;
    return view.offered ? transfer_state::offered : transfer_state::fresh;
  case journal_kind::change:
  case journal_kind::heal:
    return all_graded(view) ? transfer_state::graded : transfer_state::pown;
  }
  return transfer_state::fresh;
}

namespace {

// Calls `f` with every note that is out at the servers under secrets of this journal.
template<class F>
void each_claimed(const journal_view& view, F f) {
  if (view.kind() == journal_kind::sender) {
    for (auto& x : view.refresh)
      f(x);
  } else if (view.kind() == journal_kind::heal) {
    for (auto& heal : view.heals)
      for (auto& x : heal.targets)
        f(x);
  } else {
    for (auto& x : view.received)
      f(x);
    if (view.change) {
      for (auto& x : view.change->sources)
        f(x);
      for (auto& x : view.change->targets)
        f(x);
    }
  }
}

} // namespace

std::vector<note_id> held_by(const journal_view& view) {
  std::set<note_id> out;
  if (!view.closed) {
    const auto hold = [&](const note& x) {
      if (view.settled.count(x.id) == 0)
        out.insert(x.id);
    };
    each_claimed(view, hold);
    if (view.selected)
      for (auto& x : view.selected->notes)
        hold(x);
    if (view.sending)
      for (auto& x : view.sending->notes)
        hold(x);
  }
  return {out.begin(), out.end()};
}

bool all_graded(const journal_view& view) {
  auto all = true;
  each_claimed(view, [&](const note& x) { all = all && view.graded.count(x.id) != 0; });
  return all;
}

bool all_settled(const journal_view& view) {
  return std::all_of(view.received.begin(), view.received.end(),
                     [&](const note& x) { return view.settled.count(x.id) != 0; });
}

std::vector<note> undecided(const journal_view& view) {
  std::vector<note> out;
  if (!view.sending)
    return out;
  auto decided = evident(view);
  for (auto& x : view.refresh)
    decided.insert(x.id);
  std::set<note_id> rejected{view.rejected.begin(), view.rejected.end()};
  for (auto& x : view.sending->notes)
    if (decided.count(x.id) == 0 && (view.receipt.empty() || rejected.count(x.id) != 0))
      out.push_back(x);
  return out;
}

std::vector<note_id> to_settle(const journal_view& view) {
  auto parts = parts_of(view);
  std::vector<note_id> out;
  for (auto some : {&parts.gone, &parts.back})
    for (auto& x : *some)
      if (view.settled.count(x) == 0)
        out.push_back(x);
  return out;
}

sent_parts parts_of(const journal_view& view) {
  sent_parts out;
  if (!view.sending)
    return out;
  auto open = id_set(undecided(view));
  auto claimed = id_set(view.refresh);
  for (auto& x : view.sending->notes) {
    auto graded = view.graded.find(x.id);
    if (open.count(x.id) != 0 || (claimed.count(x.id) != 0 && graded == view.graded.end()))
      continue;
    auto back = claimed.count(x.id) != 0 && graded->second.verdict != note_verdict::counterfeit;
    (back ? out.back : out.gone).push_back(x.id);
    (void)(back ? out.back_value : out.gone_value).add(value_of(x));
  }
  return out;
}

amount sum_of(const journal_view& view) {
  if (view.selected)
    return view.selected->sum;
  if (view.offered)
    return view.offered->sum;
  if (view.change)
    return total(view.change->sources);
  if (!view.received.empty())
    return total(view.received);
  amount out;
  each_claimed(view, [&](const note& x) { (void)out.add(value_of(x)); });
  return out;
}

uint32_t notes_of(const journal_view& view) {
  if (view.sending)
    return view.sending->announced.notes;
  if (view.offered)
    return view.offered->notes;
  return static_cast<uint32_t>(held_by(view).size());
}

} // namespace liveconnect::wallet
