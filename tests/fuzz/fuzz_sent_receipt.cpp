// A receipt as the sender's wallet reads it: the fuzzer writes the verdicts and the letters, and
// the rest is as the transfer demands, with the right signature. Which notes are not the receiver's
// follows from the verdicts alone. `u8 spoil`, then for each note `u8 verdict | u8 letters`.
#include <set>

#include "messages/base/error.hpp"
#include "messages/secure/manifest.hpp"
#include "messages/secure/receipt.hpp"
#include "tests/fuzz/session_pieces.hpp"
#include "tests/fuzz/target.hpp"
#include "wallet/transfer/read_receipt.hpp"

namespace liveconnect::fuzz {

namespace {

const signing_key sent_key = signing_key::from_seed(secret<32>{});

/// Six notes, as their SENDING record has them.
wallet::sending_record sent_notes() {
  wallet::sending_record out;
  out.announced.id.value.fill(5);
  for (uint32_t serial = 0; serial < 6; ++serial) {
    note x;
    x.id = {static_cast<int8_t>(1 - serial / 2), serial};
    ++out.announced.by_denomination[static_cast<size_t>(x.id.denomination - denomination_min)];
    REQUIRE(out.announced.sum.add(value_of(x)));
    ++out.announced.notes;
    out.notes.push_back(std::move(x));
  }
  out.announced.records.fill(3);
  return out;
}

/// One thing in the receipt that is not of this transfer; each must be noticed.
void spoil(receipt& x, uint8_t how) {
  if (how == 1)
    x.id.value.fill(6);
  if (how == 2)
    x.manifest_hash.fill(1);
  if (how == 3)
    x.notes.pop_back();
  if (how == 4)
    x.notes.front().id.serial = 77;
  if (how == 5)
    x.notes.push_back({{3, 1}, "p", note_verdict::authentic});
}

} // namespace

FUZZ_TARGET(sent_receipt) {
  static const auto sent = sent_notes();
  byte_reader in{data};
  const auto how = in.u8() % 6;
  receipt x;
  x.id = sent.announced.id;
  x.manifest_hash = hash_of(sent.announced);
  x.time_unix = in.u32();
  std::set<note_id> refused;
  for (const auto& n : sent.notes) {
    const auto verdict = receipt_verdicts[in.u8() % receipt_verdicts.size()];
    const size_t letters = in.u8();
    static constexpr std::string_view known = "upbndef";
    x.notes.push_back(
        {n.id, std::string(letters % 25 + 1, known[letters % known.size()]), verdict});
    if (verdict == note_verdict::counterfeit || verdict == note_verdict::limbo)
      refused.insert(n.id);
  }
  spoil(x, static_cast<uint8_t>(how));
  auto text = sign_receipt(x, sent_key);
  // What follows overwrites the finished text: then the signature must not hold.
  const auto changes = in.raw(in.left());
  const bool changed = changes.size() >= 2;
  if (changed) {
    auto& letter = text[changes[0] * text.size() / 256];
    const auto other = static_cast<char>(changes[1]);
    if (letter == other)
      return;
    letter = other;
  }
  const auto read = wallet::rejected_by(text, sent);
  REQUIRE(read || code_of(read.error()) == ec::bad_receipt);
  REQUIRE(static_cast<bool>(read) == (how == 0 && !changed));
  if (read)
    REQUIRE(std::set<note_id>(read->begin(), read->end()) == refused);
}

} // namespace liveconnect::fuzz
