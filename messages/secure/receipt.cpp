#include "messages/secure/receipt.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include <sodium.h>

#include "messages/base/error.hpp"
#include "messages/base/time_text.hpp"

namespace liveconnect {

namespace {

constexpr std::string_view signing_name{"LC1receipt\0", 11};
constexpr std::array<note_verdict, 4> verdicts{note_verdict::authentic, note_verdict::fracked,
                                               note_verdict::counterfeit, note_verdict::limbo};
constexpr std::string_view pown_letters = "upbndef";

bool is_pown(std::string_view x) {
  return !x.empty() && x.size() <= raida_count &&
         x.find_first_not_of(pown_letters) == std::string_view::npos;
}

/// The text up to and without the signature; it ends with the comma before it.
std::string unsigned_text(const receipt& x, const receipt_public_key& key) {
  std::string out;
  out.reserve(1024 + 96 * x.notes.size());
  out += R"({"format":"LiveConnect receipt","version":1,"receipt_id":")" + to_hex(x.id.value);
  out += R"(","invitation_id":")" + to_hex(x.invitation);
  out += R"(","manifest":")" + to_hex(x.manifest_hash);
  out += R"(","handshake":")" + to_hex(x.handshake_hash);
  out += R"(","time":")" + time_to_text(x.time_unix) + '"';
  for (auto what : verdicts) {
    const auto sum = x.sum_of(what);
    const std::string name{to_string(what)};
    out += ",\"total_" + name + "\":" + std::to_string(sum.notes);
    out += ",\"sum_" + name + "\":\"" + to_string(sum.value) + '"';
  }
  out += R"(,"receipt_detail":[)";
  for (const auto& note : x.notes) {
    if (&note != &x.notes.front())
      out += ',';
    out += R"({"denomination":)" + std::to_string(note.id.denomination);
    out += R"(,"sn":)" + std::to_string(note.id.serial);
    out += R"(,"pown":")" + note.pown;
    out += R"(","status":")";
    out += to_string(note.what);
    out += "\"}";
  }
  out += R"(],"public_key":")" + to_hex(key) + "\",";
  return out;
}

bytes to_be_signed(std::string_view text) {
  bytes out;
  byte_writer<bytes>(out).raw(byte_view(signing_name)).raw(byte_view(text));
  return out;
}

/// Reads the one form that unsigned_text() writes. After the first surprise ok() is false and
/// nothing more is read.
class reader {
public:
  explicit reader(std::string_view in) : in_(in) {}

  bool ok() const { return ok_; }
  bool at_end() const { return in_.empty(); }

  /// Exactly this text.
  void literal(std::string_view x) {
    if (is_next(x))
      in_.remove_prefix(x.size());
    else
      ok_ = false;
  }

  bool is_next(std::string_view x) const { return ok_ && in_.substr(0, x.size()) == x; }

  /// Everything up to the next quotation mark.
  std::string_view until_quote(size_t most) {
    const auto end = in_.substr(0, most + 1).find('"');
    if (!ok_ || end == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    const auto out = in_.substr(0, end);
    in_.remove_prefix(end);
    return out;
  }

  template<class Array>
  void hex(Array& out) {
    const auto text = until_quote(2 * out.size());
    bytes decoded;
    if (text.size() != 2 * out.size() || !from_hex(text, decoded)) {
      ok_ = false;
      return;
    }
    std::copy(decoded.begin(), decoded.end(), out.begin());
  }

  template<class Integer>
  Integer integer(int64_t least, int64_t most) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(in_.data(), in_.data() + in_.size(), value);
    if (!ok_ || error != std::errc{} || value < least || value > most) {
      ok_ = false;
      return 0;
    }
    in_.remove_prefix(static_cast<size_t>(end - in_.data()));
    return static_cast<Integer>(value);
  }

private:
  std::string_view in_;
  bool ok_ = true;
};

receipt_note read_note(reader& from, bool& known) {
  receipt_note out;
  from.literal(R"({"denomination":)");
  out.id.denomination = from.integer<int8_t>(denomination_min, denomination_max);
  from.literal(R"(,"sn":)");
  out.id.serial = from.integer<uint32_t>(0, UINT32_MAX);
  from.literal(R"(,"pown":")");
  out.pown = from.until_quote(raida_count);
  from.literal(R"(","status":")");
  const auto status = from.until_quote(16);
  from.literal("\"}");
  const auto at = std::find_if(verdicts.begin(), verdicts.end(),
                               [&](note_verdict x) { return to_string(x) == status; });
  known = at != verdicts.end() && is_pown(out.pown);
  if (known)
    out.what = *at;
  return out;
}

caf::error refused(const char* what) {
  return fail(ec::bad_receipt, std::string{"the receipt "} + what);
}

/// Reads over number and sum of each verdict: they are checked by writing the receipt again.
void skip_sums(reader& from) {
  for (auto what : verdicts) {
    const std::string name{to_string(what)};
    from.literal(",\"total_" + name + "\":");
    from.integer<uint32_t>(0, UINT32_MAX);
    from.literal(",\"sum_" + name + "\":\"");
    from.until_quote(20);
    from.literal("\"");
  }
}

caf::error read_notes(reader& from, std::vector<receipt_note>& out) {
  std::unordered_set<note_id> seen;
  while (from.is_next(out.empty() ? "{" : ",")) {
    if (!out.empty())
      from.literal(",");
    bool known = false;
    out.push_back(read_note(from, known));
    if (!from.ok() || !known)
      return refused("has a note that cannot be read");
    if (!seen.insert(out.back().id).second)
      return refused("names a note twice");
    if (out.size() > receipt_notes_max)
      return refused("has too many notes");
  }
  return caf::none;
}

} // namespace

bool operator==(const receipt_note& x, const receipt_note& y) {
  return x.id == y.id && x.pown == y.pown && x.what == y.what;
}

bool operator==(const receipt& x, const receipt& y) {
  return x.id == y.id && x.invitation == y.invitation && x.manifest_hash == y.manifest_hash &&
         x.handshake_hash == y.handshake_hash && x.time_unix == y.time_unix && x.notes == y.notes;
}

receipt_sum receipt::sum_of(note_verdict what) const {
  receipt_sum out;
  uint64_t units = 0;
  for (const auto& note : notes)
    if (note.what == what) {
      ++out.notes;
      // 65,535 notes of a million stay far below 2^64 units.
      units += denomination_value(note.id.denomination).units();
    }
  out.value = amount::from_units(units);
  return out;
}

signing_key signing_key::random() {
  return from_seed(secret<32>::random());
}

signing_key signing_key::from_seed(const secret<32>& seed) {
  signing_key out;
  out.seed_ = seed;
  crypto_sign_seed_keypair(out.public_.data(), out.private_.data(), seed.data());
  return out;
}

std::array<uint8_t, 64> signing_key::sign(byte_view message) const {
  std::array<uint8_t, 64> out{};
  crypto_sign_detached(out.data(), nullptr, message.data(), message.size(), private_.data());
  return out;
}

std::string sign_receipt(const receipt& x, const signing_key& key) {
  auto out = unsigned_text(x, key.public_key());
  const auto signature = key.sign(to_be_signed(out));
  out += R"("signature":")" + to_hex(signature) + "\"}";
  return out;
}

caf::expected<receipt> verify_receipt(std::string_view text, const receipt_public_key& key) {
  if (text.size() > receipt_bytes_max)
    return refused("is too long");
  reader from(text);
  receipt out;
  from.literal(R"({"format":"LiveConnect receipt","version":1,"receipt_id":")");
  from.hex(out.id.value);
  from.literal(R"(","invitation_id":")");
  from.hex(out.invitation);
  from.literal(R"(","manifest":")");
  from.hex(out.manifest_hash);
  from.literal(R"(","handshake":")");
  from.hex(out.handshake_hash);
  from.literal(R"(","time":")");
  if (!time_from_text(from.until_quote(20), out.time_unix))
    return refused("has no valid time");
  from.literal("\"");
  skip_sums(from);
  from.literal(R"(,"receipt_detail":[)");
  if (auto err = read_notes(from, out.notes))
    return err;
  receipt_public_key named{};
  std::array<uint8_t, 64> signature{};
  from.literal(R"(],"public_key":")");
  from.hex(named);
  from.literal(R"(","signature":")");
  from.hex(signature);
  from.literal("\"}");
  if (!from.ok() || !from.at_end())
    return refused("is not in its canonical form");
  // Written again it must be the same bytes: sums, order, digits, letters in one case.
  const auto again = unsigned_text(out, named);
  if (text.substr(0, again.size()) != again ||
      text.substr(again.size()) != R"("signature":")" + to_hex(signature) + "\"}")
    return refused("contradicts itself or is not in its canonical form");
  if (named != key)
    return refused("is signed with another key than the session's");
  const auto message = to_be_signed(again);
  if (crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) !=
      0)
    return refused("has a signature that does not verify");
  return out;
}

digest receipt_hash(std::string_view text) {
  digest out;
  crypto_generichash(out.data(), out.size(), byte_view(text).data(), text.size(), nullptr, 0);
  return out;
}

std::string receipt_name(std::string_view text) {
  return to_hex(receipt_hash(text)).substr(0, 16);
}

} // namespace liveconnect
