// A journal's bytes. The first byte chooses: the bytes as they are, or records that are chained
// with right tags and whose file is then cut, zeroed or changed in one place, as a disk may do.
#include <algorithm>

#include "messages/base/error.hpp"
#include "tests/fuzz/pieces.hpp"
#include "tests/fuzz/target.hpp"
#include "wallet/journal/journal.hpp"

namespace liveconnect::fuzz {

using namespace wallet;

namespace {

const transfer_id journal_id{};
constexpr size_t sector = 512;

/// What the disk does to the file after the last record.
enum class harm : uint8_t { none, cut, zero_sector, change, grow };
constexpr uint8_t harm_count = 5;

void damage(secret_bytes& file, uint8_t how, size_t at) {
  if (file.empty())
    return;
  at %= file.size();
  switch (static_cast<harm>(how % harm_count)) {
  case harm::none:
    break;
  case harm::cut:
    std::fill(file.begin() + static_cast<ptrdiff_t>(at), file.end(), uint8_t{0});
    break;
  case harm::zero_sector: {
    const auto begin = at / sector * sector;
    const auto end = std::min(begin + sector, file.size());
    std::fill(file.begin() + static_cast<ptrdiff_t>(begin),
              file.begin() + static_cast<ptrdiff_t>(end), uint8_t{0});
    break;
  }
  case harm::change:
    file[at] = static_cast<uint8_t>(file[at] ^ 0x40);
    break;
  case harm::grow:
    file.insert(file.end(), at, uint8_t{0});
    break;
  }
}

/// What is read is the beginning of what stands there, and writing it again gives the same bytes.
void check_read(byte_view file) {
  const auto content = read_journal(journal_id, file);
  if (!content) {
    REQUIRE(code_of(content.error()) == ec::wallet_damaged);
    return;
  }
  REQUIRE(content->end <= file.size());
  secret_bytes again;
  auto tag = journal_first_tag(journal_id);
  uint64_t seq = 0;
  for (const auto& x : content->records)
    tag = append_journal_record(again, tag, x.type, seq++, view(x.payload));
  REQUIRE(view(again) == file.sub(0, content->end));
  REQUIRE(tag == content->last_tag);
}

} // namespace

FUZZ_TARGET(journal_file) {
  byte_reader in{data};
  if (in.u8() % 2 == 0)
    return check_read(data.sub(1));
  const auto how = in.u8();
  const size_t where = in.u16();
  secret_bytes file;
  auto tag = journal_first_tag(journal_id);
  uint64_t seq = 0;
  size_t last = 0;
  for (piece x; take_piece(in, x);) {
    last = file.size();
    tag = append_journal_record(file, tag, x.kind, seq++, x.data);
  }
  damage(file, how, where);
  const auto content = read_journal(journal_id, view(file));
  if (how % harm_count == static_cast<uint8_t>(harm::none) ||
      how % harm_count == static_cast<uint8_t>(harm::grow))
    REQUIRE(content && content->records.size() == seq && !content->torn);
  // A write that was cut loses the last record at most, and is not taken for damage.
  if (how % harm_count == static_cast<uint8_t>(harm::cut) && seq > 1 && where % file.size() > last)
    REQUIRE(content && content->records.size() == seq - 1);
  check_read(view(file));
}

} // namespace liveconnect::fuzz
