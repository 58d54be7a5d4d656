// The payloads of a journal's records, and what they add up to: pieces whose kind is the record's
// type. What is decoded is written as it stood; taking the secrets out leaves a record that can be
// read; and any order of records is either a journal or refused.
#include "messages/base/error.hpp"
#include "tests/fuzz/pieces.hpp"
#include "tests/fuzz/target.hpp"
#include "wallet/journal/journal_view.hpp"

namespace liveconnect::fuzz {

using namespace wallet;

namespace {

template<class Record>
void check_record(const journal_record& raw) {
  Record x;
  if (decode(view(raw.payload), x))
    REQUIRE(view(encode(x).payload) == view(raw.payload));
}

template<class Value, class Decode, class Encode>
void check_payload(const journal_record& raw, Decode read, Encode write) {
  Value x;
  if (read(view(raw.payload), x))
    REQUIRE(view(write(static_cast<record_type>(raw.type), x).payload) == view(raw.payload));
}

void check_codec(const journal_record& x) {
  switch (static_cast<record_type>(x.type)) {
  case record_type::opened:
    return check_record<opened_record>(x);
  case record_type::selected:
    return check_record<selected_record>(x);
  case record_type::sending:
    return check_record<sending_record>(x);
  case record_type::session:
    return check_record<session_record>(x);
  case record_type::evidence:
    return check_record<evidence_record>(x);
  case record_type::graded:
    return check_record<graded_record>(x);
  case record_type::change:
    return check_record<change_record>(x);
  case record_type::heal:
    return check_record<heal_record>(x);
  case record_type::closed:
    return check_record<closed_record>(x);
  case record_type::offered:
    return check_payload<manifest>(x, decode_offered, [](record_type, const manifest& offer) {
      return encode_offered(offer);
    });
  case record_type::received:
    return check_payload<std::vector<note>>(
        x, decode_received,
        [](record_type, const std::vector<note>& notes) { return encode_received(notes); });
  case record_type::refresh:
  case record_type::pown:
    return check_payload<std::vector<note>>(x, decode_pans, encode_pans);
  case record_type::settled:
  case record_type::rejected:
    return check_payload<std::vector<note_id>>(x, decode_ids, encode_ids);
  case record_type::receipt:
  case record_type::destination:
    return check_payload<std::string>(x, decode_text, encode_text);
  case record_type::proven:
  case record_type::scrubbed:
  case record_type::lease:
    return check_payload<uint64_t>(x, decode_moment, encode_moment);
  default:
    return;
  }
}

void check_scrubbing(const journal_record& x) {
  const auto bare = without_secrets(x);
  if (!bare)
    return;
  REQUIRE(bare->type == x.type);
  const auto twice = without_secrets(*bare);
  REQUIRE(twice && view(twice->payload) == view(bare->payload));
}

void check_view(journal_view& view) {
  if (view.opened.servers == 0)
    return;
  (void)state_of(view);
  (void)sum_of(view);
  const auto held = held_by(view);
  REQUIRE(std::set<note_id>(held.begin(), held.end()).size() == held.size());
  // Notes whose fate is known are not undecided.
  const auto parts = parts_of(view);
  std::set<note_id> known(parts.gone.begin(), parts.gone.end());
  known.insert(parts.back.begin(), parts.back.end());
  REQUIRE(known.size() == parts.gone.size() + parts.back.size());
  for (const auto& x : undecided(view))
    REQUIRE(known.count(x.id) == 0);
  for (const auto& id : to_settle(view))
    REQUIRE(view.settled.count(id) == 0);
  if (view.closed)
    REQUIRE(apply(view, encode_moment(record_type::lease, 1)) != caf::none);
}

} // namespace

FUZZ_TARGET(journal_record) {
  byte_reader in{data};
  journal_view view;
  std::vector<journal_record> taken;
  for (piece x; take_piece(in, x);) {
    const journal_record record{x.kind, {x.data.begin(), x.data.end()}};
    check_codec(record);
    check_scrubbing(record);
    const auto err = apply(view, record);
    if (!err)
      taken.push_back(record);
    else
      REQUIRE(code_of(err) == ec::wallet_damaged);
    check_view(view);
  }
  // A record that was refused has left no trace.
  if (!taken.empty()) {
    const auto again = replay(taken);
    REQUIRE(again && again->graded.size() == view.graded.size() && again->settled == view.settled &&
            again->received.size() == view.received.size() && held_by(*again) == held_by(view));
  }
}

} // namespace liveconnect::fuzz
