#include "wallet/journal/journal_records.hpp"

#include <algorithm>
#include <functional>
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

// --- decoding: false when anything is not as encode() writes it; what is behind, decode() sees ---

bool get(byte_reader& in, opened_record& x) {
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

bool get(byte_reader& in, selected_record& x) {
  x.sum = amount::from_units(in.u64());
  return get_notes(in, x.notes);
}

bool get(byte_reader& in, sending_record& x) {
  if (!get_manifest(in, x.announced))
    return false;
  x.at = in.u64();
  return get_notes(in, x.notes) && x.notes.size() == x.announced.notes;
}

bool get(byte_reader& in, session_record& x) {
  return get_array(in, x.terms.invitation) && get_array(in, x.terms.handshake_hash);
}

bool get(byte_reader& in, evidence_record& x) {
  x.at = in.u64();
  return get_list(in, x.lines, 9, [&](evidence_record::line& line) {
    return get_id(in, line.id) && get_text(in, line.found) && line.found.size() <= UINT8_MAX;
  });
}

bool get(byte_reader& in, graded_record& x) {
  return get_list(in, x.notes, 1 + note_least, [&](graded_note& one) {
    return get_enum(in, one.verdict, note_verdict::authentic, note_verdict::superseded) &&
           get_note(in, one.coin);
  });
}

bool get(byte_reader& in, change_record& x) {
  if (!get_enum(in, x.kind, change_kind::break_note, change_kind::join_notes))
    return false;
  x.session = in.u32();
  return get_notes(in, x.sources) && get_notes(in, x.targets);
}

// Numbers of servers, each larger than the one before.
bool get_servers(byte_reader& in, std::vector<uint8_t>& x) {
  const size_t count = in.u8();
  const auto from = in.raw(count);
  if (!in.ok())
    return false;
  x.assign(from.begin(), from.end());
  return std::adjacent_find(x.begin(), x.end(), std::greater_equal<>{}) == x.end();
}

bool get(byte_reader& in, owed_record& x) {
  x.at = in.u64();
  x.tries = in.u32();
  const auto filed = in.u8();
  x.filed = filed == 1;
  return filed <= 1 && x.tries > 0 && get_servers(in, x.servers) && get_servers(in, x.taken);
}

bool get(byte_reader& in, heal_record& x) {
  return get_notes(in, x.targets) &&
         get_list(in, x.intents, 1 + 16 + 4, [&](raida::fix_intent& one) {
           one.server = in.u8();
           one.pg = raida::fix_seed::from(in.raw(raida::fix_seed::size_bytes));
           return in.ok() &&
                  get_list(in, one.notes, 5, [&](note_id& id) { return get_id(in, id); });
         });
}

bool get(byte_reader& in, closed_record& x) {
  if (!get_enum(in, x.how, closing::given_back, closing::abandoned))
    return false;
  x.at = in.u64();
  return in.ok();
}

template<class Record>
bool get_whole(byte_view payload, Record& x) {
  byte_reader in{payload};
  return get(in, x) && in.ok() && in.left() == 0;
}

// --- taking secrets out ---

void clear_secrets(std::vector<note>& notes) {
  for (auto& x : notes) {
    x.ans.clear();
    x.pans.clear();
  }
}

void clear_secrets(opened_record& x) {
  x.invitation.clear();
  x.receipt_seed = {};
}

void clear_secrets(selected_record& x) {
  clear_secrets(x.notes);
}

void clear_secrets(sending_record& x) {
  clear_secrets(x.notes);
}

void clear_secrets(graded_record& x) {
  for (auto& one : x.notes) {
    one.coin.ans.clear();
    one.coin.pans.clear();
  }
}

void clear_secrets(change_record& x) {
  clear_secrets(x.sources);
  clear_secrets(x.targets);
}

void clear_secrets(heal_record& x) {
  clear_secrets(x.targets);
  for (auto& one : x.intents)
    one.pg = {};
}

using stripped = caf::expected<journal_record>;

caf::error unreadable(const journal_record& x) {
  return damaged_record(static_cast<record_type>(x.type), "payload cannot be read");
}

template<class Record>
stripped strip(const journal_record& x) {
  Record record;
  if (!decode(view(x.payload), record))
    return unreadable(x);
  clear_secrets(record);
  return encode(record);
}

stripped strip_received(const journal_record& x) {
  std::vector<note> notes;
  if (!decode_received(view(x.payload), notes))
    return unreadable(x);
  clear_secrets(notes);
  return encode_received(notes);
}

stripped strip_pans(const journal_record& x) {
  std::vector<note> notes;
  if (!decode_pans(view(x.payload), notes))
    return unreadable(x);
  clear_secrets(notes);
  return encode_pans(static_cast<record_type>(x.type), notes);
}

stripped keep(const journal_record& x) {
  return x;
}

/// What is known of each record type without a journal around it.
struct record_row {
  record_type type;
  const char* name;
  stripped (*without_secrets)(const journal_record&);
};

constexpr std::array record_rows{
    record_row{record_type::opened, "OPENED", strip<opened_record>},
    record_row{record_type::selected, "SELECTED", strip<selected_record>},
    record_row{record_type::sending, "SENDING", strip<sending_record>},
    record_row{record_type::session, "SESSION", keep},
    record_row{record_type::evidence, "EVIDENCE", keep},
    record_row{record_type::refresh, "REFRESH", strip_pans},
    record_row{record_type::offered, "OFFERED", keep},
    record_row{record_type::received, "RECEIVED", strip_received},
    record_row{record_type::pown, "POWN", strip_pans},
    record_row{record_type::graded, "GRADED", strip<graded_record>},
    record_row{record_type::settled, "SETTLED", keep},
    record_row{record_type::receipt, "RECEIPT", keep},
    record_row{record_type::change, "CHANGE", strip<change_record>},
    record_row{record_type::heal, "HEAL", strip<heal_record>},
    record_row{record_type::destination, "DESTINATION", keep},
    record_row{record_type::closed, "CLOSED", keep},
    record_row{record_type::rejected, "REJECTED", keep},
    record_row{record_type::proven, "PROVEN", keep},
    record_row{record_type::scrubbed, "SCRUBBED", keep},
    record_row{record_type::lease, "LEASE", keep},
    record_row{record_type::owed, "OWED", keep},
};

const record_row* find_row(record_type x) {
  const auto* found = std::find_if(record_rows.begin(), record_rows.end(),
                                   [x](const record_row& row) { return row.type == x; });
  return found == record_rows.end() ? nullptr : found;
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
  const auto* found = find_row(x);
  return found == nullptr ? "UNKNOWN" : found->name;
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

journal_record encode(const owed_record& x) {
  return record(record_type::owed, [&](writer& out) {
    out.u64(x.at).u32(x.tries).u8(x.filed ? 1 : 0);
    for (auto* list : {&x.servers, &x.taken})
      out.u8(static_cast<uint8_t>(list->size())).raw(byte_view{list->data(), list->size()});
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

bool decode(byte_view payload, opened_record& x) {
  return get_whole(payload, x);
}

bool decode(byte_view payload, selected_record& x) {
  return get_whole(payload, x);
}

bool decode(byte_view payload, sending_record& x) {
  return get_whole(payload, x);
}

bool decode(byte_view payload, session_record& x) {
  return get_whole(payload, x);
}

bool decode(byte_view payload, evidence_record& x) {
  return get_whole(payload, x);
}

bool decode(byte_view payload, graded_record& x) {
  return get_whole(payload, x);
}

bool decode(byte_view payload, change_record& x) {
  return get_whole(payload, x);
}

bool decode(byte_view payload, owed_record& x) {
  return get_whole(payload, x);
}

bool decode(byte_view payload, heal_record& x) {
  return get_whole(payload, x);
}

bool decode(byte_view payload, closed_record& x) {
  return get_whole(payload, x);
}

bool decode_offered(byte_view payload, manifest& x) {
  byte_reader in{payload};
  return get_manifest(in, x) && in.left() == 0;
}

bool decode_received(byte_view payload, std::vector<note>& x) {
  byte_reader in{payload};
  return get_notes(in, x) && in.left() == 0;
}

bool decode_pans(byte_view payload, std::vector<note>& x) {
  byte_reader in{payload};
  return get_list(in, x, 6,
                  [&](note& one) { return get_id(in, one.id) && get_secrets(in, one.pans); }) &&
         in.left() == 0;
}

bool decode_text(byte_view payload, std::string& x) {
  byte_reader in{payload};
  return get_text(in, x) && in.left() == 0;
}

bool decode_ids(byte_view payload, std::vector<note_id>& x) {
  byte_reader in{payload};
  return get_list(in, x, 5, [&](note_id& id) { return get_id(in, id); }) && in.left() == 0;
}

bool decode_moment(byte_view payload, uint64_t& x) {
  byte_reader in{payload};
  x = in.u64();
  return in.ok() && in.left() == 0;
}

caf::error damaged_record(record_type type, const char* why) {
  return fail(ec::wallet_damaged, std::string{"journal record "} + to_string(type) + ": " + why);
}

caf::expected<journal_record> without_secrets(const journal_record& x) {
  const auto type = static_cast<record_type>(x.type);
  const auto* row = find_row(type);
  if (row == nullptr)
    return damaged_record(type, "type is not known");
  return row->without_secrets(x);
}

} // namespace liveconnect::wallet
