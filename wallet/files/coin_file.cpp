#include "wallet/files/coin_file.hpp"

#include <algorithm>
#include <unordered_set>

#include "messages/base/error.hpp"
#include "wallet/files/legacy_stack.hpp"

namespace liveconnect::wallet {

namespace {

constexpr uint8_t format_9_byte = 9;
constexpr uint8_t cloud_byte = 1;
constexpr uint16_t coin_id_money = 6;
constexpr uint8_t state_has_pans = 1;
constexpr uint8_t encrypted_aes_128 = 1;
constexpr uint8_t encrypted_aes_256 = 4;
constexpr size_t an_bytes = authenticity_number::size_bytes;
constexpr size_t padding_max = 31;
constexpr size_t padding_unit = 32;

// Where fields stand in the header.
constexpr size_t coin_id_at = 2;
constexpr size_t encryption_at = 5;
constexpr size_t count_at = 6;
constexpr size_t state_at = 15;
constexpr size_t pown_at = 16;
constexpr size_t pown_bytes = 13;

// CloudCoin format 0, one record: serial 3, pown 13, ANs 400; alone in its file also PANs 400.
constexpr size_t format_0_record = 416;
constexpr size_t format_0_record_with_pans = 816;

constexpr std::array<uint8_t, 16> motto{'L', 'i', 'v', 'e', ' ', 'F', 'r', 'e',
                                        'e', ' ', 'O', 'r', ' ', 'D', 'i', 'e'};
constexpr uint8_t filler = 0x99;

constexpr std::array<uint8_t, 8> png_magic{0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a};
constexpr std::array<uint8_t, 3> jpeg_magic{0xff, 0xd8, 0xff};
// What v1 writes over the start of a JPEG that carries a coin, from byte 4 on.
constexpr std::array<uint8_t, 16> jpeg_coin{0x01, 0xc3, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01,
                                            0x01, 0x01, 0x00, 0x60, 0x00, 0x60, 0x1d, 0x05};
constexpr size_t jpeg_coin_at = 4;
constexpr size_t jpeg_coin_bytes = 455;

bool starts_with(byte_view file, byte_view magic) {
  return file.sub(0, magic.size()) == magic;
}

/// White space and a byte order mark are what text editors leave in front of a brace.
bool looks_like_json(byte_view file) {
  static constexpr std::array<uint8_t, 3> byte_order_mark{0xef, 0xbb, 0xbf};
  const auto text = (starts_with(file, byte_order_mark) ? file.sub(3) : file).text();
  const auto at = text.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && text[at] == '{';
}

bool looks_like_format_0(byte_view file) {
  if (file.size() < coin_file_header_bytes + format_0_record || file[0] != 0)
    return false;
  const auto coin_id = byte_reader{file.sub(coin_id_at)}.u16();
  const auto body = file.size() - coin_file_header_bytes;
  return coin_id <= 2 && (body % format_0_record == 0 || body == format_0_record_with_pans);
}

/// Whether a PNG has the chunk that carries coins.
bool png_has_coins(byte_view file) {
  byte_reader in{file.sub(png_magic.size())};
  while (in.left() >= 12) {
    const auto length = in.u32();
    if (in.raw(4).text() == "cLDc")
      return true;
    in.raw(length);
    in.raw(4);
  }
  return false;
}

caf::error bad(const std::string& what) {
  return fail(ec::bad_coin_file, what);
}

std::string at_byte(size_t offset) {
  return " (byte " + std::to_string(offset) + ")";
}

/// Why a file of another format than 9 cannot be read.
caf::error refuse_foreign(byte_view file, coin_file_kind kind) {
  switch (kind) {
  case coin_file_kind::format_0:
    return fail(ec::old_coin_file,
                "older format: binary format 0 (CloudCoin v2) of " +
                    std::to_string((file.size() - coin_file_header_bytes) / format_0_record) +
                    " coins");
  case coin_file_kind::legacy_stack: {
    const auto stack = parse_legacy_stack(file);
    if (!stack)
      return stack.error();
    return fail(ec::old_coin_file, "older format: JSON stack (CloudCoin v1) of " +
                                       std::to_string(stack->coins.size()) + " coins, value " +
                                       std::to_string(stack->total));
  }
  case coin_file_kind::png:
    return png_has_coins(file) ? fail(ec::old_coin_file, "older format: coins in a PNG picture")
                               : bad("a PNG picture without coins");
  case coin_file_kind::jpeg:
    return file.size() >= jpeg_coin_bytes &&
                   file.sub(jpeg_coin_at, jpeg_coin.size()) == byte_view{jpeg_coin}
               ? fail(ec::old_coin_file, "older format: a coin in a JPEG picture (CloudCoin v1)")
               : bad("a JPEG picture without a coin");
  default:
    break;
  }
  if (file.empty())
    return bad("empty file");
  return bad("format byte " + std::to_string(file[0]) + ", expected 9" + at_byte(0));
}

/// Checks all of the header but its length field; answers the number of notes.
caf::expected<size_t> check_header(byte_view file) {
  if (file.size() < coin_file_header_bytes)
    return bad("truncated: " + std::to_string(file.size()) + " bytes, a header has 32");
  const auto coin_id = byte_reader{file.sub(coin_id_at)}.u16();
  if (coin_id != coin_id_money)
    return bad("coin ID " + std::to_string(coin_id) + ", expected 6" + at_byte(coin_id_at));
  const auto encryption = file[encryption_at];
  if (encryption == encrypted_aes_128 || encryption == encrypted_aes_256)
    return bad("encrypted file: not supported; it is not damaged" + at_byte(encryption_at));
  if (encryption != 0)
    return bad("unknown encryption " + std::to_string(encryption) + at_byte(encryption_at));
  const size_t count = byte_reader{file.sub(count_at)}.u16();
  if (count == 0)
    return bad("no coins: the count is 0" + at_byte(count_at));
  return count;
}

/// The length must be what the count says, give or take the padding of older writers.
caf::error check_length(byte_view file, size_t count, size_t record_bytes) {
  const auto expected = coin_file_header_bytes + count * record_bytes;
  if (file.size() < expected)
    return bad("truncated: " + std::to_string(count) + " coins need " + std::to_string(expected) +
               " bytes, " + std::to_string(file.size()) + " are there");
  const auto surplus = file.size() - expected;
  if (surplus > padding_max ||
      (surplus > 0 && (file.size() - coin_file_header_bytes) % padding_unit != 0))
    return bad(std::to_string(surplus) + " bytes too many" + at_byte(expected));
  return caf::none;
}

std::vector<authenticity_number> read_numbers(byte_reader& in) {
  std::vector<authenticity_number> out;
  out.reserve(raida_count);
  for (size_t i = 0; i < raida_count; ++i)
    out.push_back(authenticity_number::from(in.raw(an_bytes)));
  return out;
}

caf::expected<note> read_record(byte_view record, bool has_pans, size_t offset) {
  byte_reader in{record};
  if (in.u8() != 0)
    return bad("split is not 0" + at_byte(offset));
  if (in.u8() != 0)
    return bad("shard is not 0" + at_byte(offset + 1));
  note out;
  out.id.denomination = static_cast<int8_t>(in.u8());
  if (!is_denomination(out.id.denomination))
    return bad("denomination code " + std::to_string(out.id.denomination) +
               " is not money (-8 to 6)" + at_byte(offset + 2));
  out.id.serial = in.u32();
  out.ans = read_numbers(in);
  if (has_pans)
    out.pans = read_numbers(in);
  out.pown.assign(raida_count, 'u');
  return out;
}

/// Reads records in file order; `on_duplicate` decides what a repeated name means.
template<class OnDuplicate>
caf::expected<std::vector<note>> read_records(byte_view file, OnDuplicate on_duplicate) {
  const auto kind = kind_of_coin_file(file);
  if (kind != coin_file_kind::format_9 && kind != coin_file_kind::format_9_encrypted)
    return refuse_foreign(file, kind);
  const auto count = check_header(file);
  if (!count)
    return count.error();
  const bool has_pans = (file[state_at] & state_has_pans) != 0;
  const auto record_bytes = has_pans ? coin_record_with_pans_bytes : coin_record_bytes;
  if (auto err = check_length(file, *count, record_bytes))
    return err;
  std::vector<note> out;
  out.reserve(*count);
  std::unordered_set<note_id> seen;
  for (size_t i = 0; i < *count; ++i) {
    const auto offset = coin_file_header_bytes + i * record_bytes;
    auto one = read_record(file.sub(offset, record_bytes), has_pans, offset);
    if (!one)
      return one.error();
    if (seen.insert(one->id).second) {
      out.push_back(std::move(*one));
    } else if (auto err = on_duplicate(std::move(*one), offset)) {
      return err;
    }
  }
  if (*count == 1)
    out.front().pown = pown_from_nibbles(file.sub(pown_at, pown_bytes));
  return out;
}

char letter_of(uint8_t nibble) {
  switch (nibble) {
  case 0xa:
    return 'p';
  case 0xb:
    return 'b';
  case 0xc:
    return 'n';
  case 0xd:
    return 'd';
  case 0xe:
    return 'e';
  case 0xf:
    return 'f';
  default:
    return 'u';
  }
}

uint8_t nibble_of(char letter) {
  switch (letter) {
  case 'p':
    return 0xa;
  case 'b':
    return 0xb;
  case 'n':
    return 0xc;
  case 'd':
    return 0xd;
  case 'e':
    return 0xe;
  case 'f':
    return 0xf;
  default:
    return 0;
  }
}

} // namespace

coin_file_kind kind_of_coin_file(byte_view file) {
  if (starts_with(file, png_magic))
    return coin_file_kind::png;
  if (starts_with(file, jpeg_magic))
    return coin_file_kind::jpeg;
  if (!file.empty() && file[0] == format_9_byte) {
    // Tabs are white space to JSON and the 9 of this format, so the coin ID decides.
    if (file.size() < coin_id_at + 2 || byte_reader{file.sub(coin_id_at)}.u16() != coin_id_money)
      return looks_like_json(file) ? coin_file_kind::legacy_stack : coin_file_kind::format_9;
    const bool encrypted =
        file.size() > encryption_at &&
        (file[encryption_at] == encrypted_aes_128 || file[encryption_at] == encrypted_aes_256);
    return encrypted ? coin_file_kind::format_9_encrypted : coin_file_kind::format_9;
  }
  if (looks_like_json(file))
    return coin_file_kind::legacy_stack;
  return looks_like_format_0(file) ? coin_file_kind::format_0 : coin_file_kind::unknown;
}

caf::expected<std::vector<note>> parse_coin_file(byte_view file) {
  return read_records(file, [](note&& x, size_t offset) {
    return bad("duplicate coin " + to_string(x.id) + at_byte(offset));
  });
}

caf::expected<secret_bytes> encode_coin_file(const std::vector<note>& notes, pans which) {
  if (notes.empty() || notes.size() > coin_file_notes_max)
    return fail(ec::internal,
                "a coin file of " + std::to_string(notes.size()) + " notes (1 to 65535)");
  const bool has_pans = which == pans::with;
  for (const auto& x : notes) {
    if (x.ans.size() != raida_count || (has_pans && x.pans.size() != raida_count) ||
        !is_denomination(x.id.denomination))
      return fail(ec::internal, "a note without its 25 numbers, or no money: serial " +
                                    std::to_string(x.id.serial));
  }
  secret_bytes out;
  out.reserve(coin_file_header_bytes +
              notes.size() * (has_pans ? coin_record_with_pans_bytes : coin_record_bytes));
  byte_writer to{out};
  to.u8(format_9_byte).u8(cloud_byte).u16(coin_id_money).u8(0).u8(0);
  to.u16(static_cast<uint16_t>(notes.size()));
  out.insert(out.end(), state_at - out.size(), 0);
  to.u8(has_pans ? state_has_pans : 0);
  if (notes.size() == 1) {
    to.raw(pown_to_nibbles(notes.front().pown));
    to.u8(filler).u8(filler).u8(filler);
  } else {
    to.raw(motto);
  }
  for (const auto& x : notes) {
    append_coin_record(out, x);
    if (has_pans) {
      for (const auto& pan : x.pans)
        to.raw(pan.view());
    }
  }
  return out;
}

void append_coin_record(secret_bytes& out, const note& x) {
  byte_writer to{out};
  to.u8(0).u8(0).u8(static_cast<uint8_t>(x.id.denomination)).u32(x.id.serial);
  for (const auto& an : x.ans)
    to.raw(an.view());
}

std::string pown_from_nibbles(byte_view thirteen_bytes) {
  std::string out;
  out.reserve(raida_count);
  for (size_t i = 0; i < raida_count; ++i) {
    const auto pair = i / 2 < thirteen_bytes.size() ? thirteen_bytes[i / 2] : uint8_t{0};
    out +=
        letter_of(i % 2 == 0 ? static_cast<uint8_t>(pair >> 4) : static_cast<uint8_t>(pair & 15));
  }
  return out;
}

std::array<uint8_t, 13> pown_to_nibbles(const std::string& letters) {
  std::array<uint8_t, 13> out{};
  for (size_t i = 0; i < 2 * out.size(); ++i) {
    uint8_t nibble = filler & 15;
    if (i < raida_count)
      nibble = i < letters.size() ? nibble_of(letters[i]) : uint8_t{0};
    out[i / 2] = static_cast<uint8_t>(i % 2 == 0 ? nibble << 4 : out[i / 2] | nibble);
  }
  return out;
}

} // namespace liveconnect::wallet
