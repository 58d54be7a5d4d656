#include "wallet/journal/journal.hpp"

#include <algorithm>
#include <cstring>

#include <sodium.h>

#include "wallet/files/coin_name.hpp"
#include "wallet/files/folders.hpp"

namespace liveconnect::wallet {

namespace {

constexpr std::array<uint8_t, 4> magic{'L', 'C', 'J', '1'};
constexpr size_t length_at = 8;
constexpr size_t around_payload = journal_header_bytes + journal_tag_bytes;
/// What a disk writes whole or not at all.
constexpr uint64_t sector_bytes = 512;
constexpr const char* extension = ".lcj";

std::string file_name(const transfer_id& id) {
  return to_string(id) + extension;
}

/// The mark of a used invitation; no journal's name.
std::string used_name(const invitation_id& id) {
  return to_hex(id) + ".used";
}

/// The id in a journal's file name; false when the name is none.
bool id_of_file(const std::string& name, transfer_id& out) {
  const auto at = name.find('.');
  bytes raw;
  if (at == std::string::npos || name.substr(at) != extension ||
      !from_hex(std::string_view{name}.substr(0, at), raw) || raw.size() != out.value.size())
    return false;
  std::copy(raw.begin(), raw.end(), out.value.begin());
  return name == file_name(out);
}

journal_tag tag_of(const journal_tag& previous, byte_view header, byte_view payload) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, journal_tag_bytes);
  crypto_generichash_update(&state, previous.data(), previous.size());
  crypto_generichash_update(&state, header.data(), header.size());
  crypto_generichash_update(&state, payload.data(), payload.size());
  journal_tag out{};
  crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

bool is_zero(byte_view x) {
  // Room that was made and not written is long and no secret: the quick way.
  return x.empty() || (x.data()[0] == 0 && std::memcmp(x.data(), x.data() + 1, x.size() - 1) == 0);
}

/// A record in place: where its parts stand, whether or not it verifies.
struct framed {
  byte_view header;
  byte_view payload;
  byte_view tag;
  uint16_t type = 0;
  uint16_t version = 0;
  uint64_t seq = 0;

  uint64_t size() const { return around_payload + payload.size(); }
};

/// Reads a frame at the front of `in`; false when there is none, or it is cut by the file's end.
bool read_frame(byte_view in, framed& out) {
  byte_reader from{in};
  if (from.raw(magic.size()) != byte_view{magic})
    return false;
  out.type = from.u16();
  out.version = from.u16();
  const auto length = from.u32();
  out.seq = from.u64();
  if (!from.ok() || length > journal_payload_bytes_max)
    return false;
  out.header = in.sub(0, journal_header_bytes);
  out.payload = from.raw(length);
  out.tag = from.raw(journal_tag_bytes);
  return from.ok();
}

bool verifies(const framed& x, const journal_tag& previous) {
  const auto expected = tag_of(previous, x.header, x.payload);
  return x.tag == byte_view{expected};
}

journal_tag tag_from(byte_view x) {
  journal_tag out{};
  std::copy(x.begin(), x.end(), out.begin());
  return out;
}

caf::error damaged(uint64_t offset, const std::string& what) {
  return fail(ec::wallet_damaged, "journal: " + what + " (byte " + std::to_string(offset) + ")");
}

/// The bytes behind the last good record, when they are neither zero nor a good record themselves.
class tail {
public:
  tail(byte_view file, uint64_t begin, const journal_tag& previous)
      : file_(file), begin_(begin), previous_(previous), written_end_(file.size()) {
    while (written_end_ > begin_ && file_[written_end_ - 1] == 0)
      --written_end_;
  }

  /// Whether a write that was cut short leaves such a tail.
  bool torn() const {
    if (good_record_follows() || length_was_changed())
      return false;
    const auto first = file_.sub(begin_, magic.size());
    // No magic byte is zero, so the first sector of the record never arrived.
    if (first.size() < magic.size() || std::count(first.begin(), first.end(), uint8_t{0}) > 0)
      return true;
    if (a_sector_is_missing())
      return true;
    framed frame;
    if (!read_frame(file_.sub(begin_), frame))
      return first == byte_view{magic} && reaches_past_the_end();
    return begin_ + frame.size() >= written_end_ && frame.tag[journal_tag_bytes - 1] == 0;
  }

private:
  /// A record further on that carries the chain on from its own neighbour, or from what this
  /// record's tag ought to be.
  bool good_record_follows() const {
    framed here;
    if (read_frame(file_.sub(begin_), here)) {
      framed next;
      if (read_frame(file_.sub(begin_ + here.size()), next) &&
          verifies(next, tag_of(previous_, here.header, here.payload)))
        return true;
    }
    auto at = file_.begin() + begin_ + 1;
    while (true) {
      at = std::search(at, file_.end(), magic.begin(), magic.end());
      if (at == file_.end())
        return false;
      const auto offset = static_cast<size_t>(at - file_.begin());
      framed next;
      if (offset >= begin_ + around_payload && read_frame(file_.sub(offset), next) &&
          verifies(next, tag_from(file_.sub(offset - journal_tag_bytes, journal_tag_bytes))))
        return true;
      ++at;
    }
  }

  /// Whether the record is whole but for one bit of its length: then its end was looked for in the
  /// wrong place.
  bool length_was_changed() const {
    secret_bytes header;
    const auto from = file_.sub(begin_, journal_header_bytes);
    if (from.size() < journal_header_bytes)
      return false;
    for (unsigned bit = 0; bit < 32; ++bit) {
      header.assign(from.begin(), from.end());
      header[length_at + bit / 8] =
          static_cast<uint8_t>(header[length_at + bit / 8] ^ 1u << bit % 8);
      const size_t length = byte_reader{view(header).sub(length_at)}.u32();
      byte_reader rest{file_.sub(begin_ + journal_header_bytes)};
      if (length > journal_payload_bytes_max)
        continue;
      const auto payload = rest.raw(length);
      const auto tag = rest.raw(journal_tag_bytes);
      if (rest.ok() && tag == byte_view{tag_of(previous_, view(header), payload)})
        return true;
    }
    return false;
  }

  bool a_sector_is_missing() const {
    for (auto from = begin_; from < written_end_;) {
      const auto to = std::min((from / sector_bytes + 1) * sector_bytes, written_end_);
      if (is_zero(file_.sub(from, to - from)))
        return true;
      from = to;
    }
    return false;
  }

  /// The header promises more than the file has: the file was cut, or the write that was to make it
  /// longer.
  bool reaches_past_the_end() const {
    const auto header = file_.sub(begin_, journal_header_bytes);
    if (header.size() < journal_header_bytes)
      return true;
    const size_t length = byte_reader{header.sub(length_at)}.u32();
    return length <= journal_payload_bytes_max && begin_ + around_payload + length > file_.size();
  }

  byte_view file_;
  size_t begin_;
  journal_tag previous_;
  size_t written_end_;
};

secret_bytes opening_payload(uint64_t opened_ms) {
  secret_bytes out;
  byte_writer{out}.u64(opened_ms);
  return out;
}

/// Takes the opening record off the front.
caf::expected<uint64_t> take_opening(journal_content& x) {
  if (x.records.empty() || x.records.front().type != journal_opened_type ||
      x.records.front().payload.size() != sizeof(uint64_t))
    return damaged(0, "no opening record");
  const auto out = byte_reader{view(x.records.front().payload)}.u64();
  x.records.erase(x.records.begin());
  return out;
}

caf::expected<file_handle> open_journal_folder(file_ops& ops,
                                               const std::filesystem::path& wallet_root) {
  const auto root = ops.open_directory(wallet_root);
  if (!root)
    return root.error();
  return ops.open_directory_at(*root, journal_folder_name);
}

/// Journal/Closed or Journal/Archive.
caf::expected<file_handle>
open_folder_of_closed(file_ops& ops, const std::filesystem::path& wallet_root, const char* name) {
  const auto folder = open_journal_folder(ops, wallet_root);
  if (!folder)
    return folder.error();
  return ops.open_directory_at(*folder, name);
}

caf::expected<file_handle> open_closed_folder(file_ops& ops,
                                              const std::filesystem::path& wallet_root) {
  return open_folder_of_closed(ops, wallet_root, closed_folder_name);
}

/// Where the closed journal of this id lies; Journal/Closed when it lies nowhere.
caf::expected<file_handle>
find_closed_folder(file_ops& ops, const std::filesystem::path& wallet_root, const transfer_id& id) {
  auto archive = open_folder_of_closed(ops, wallet_root, archive_folder_name);
  if (!archive)
    return archive;
  const auto there = ops.exists(*archive, file_name(id));
  if (!there)
    return there.error();
  if (*there)
    return archive;
  return open_closed_folder(ops, wallet_root);
}

/// Every record of a closed journal, in one piece.
secret_bytes closed_file(const transfer_id& id, uint64_t opened_ms,
                         const std::vector<journal_record>& records) {
  secret_bytes out;
  auto tag = append_journal_record(out, journal_first_tag(id), journal_opened_type, 0,
                                   view(opening_payload(opened_ms)));
  uint64_t seq = 1;
  for (const auto& x : records)
    tag = append_journal_record(out, tag, x.type, seq++, view(x.payload));
  return out;
}

/// The error, with the file that it is about: a person has to look at it.
caf::error in_file(const transfer_id& id, const caf::error& err) {
  return fail(code_of(err), file_name(id) + ": " + detail_of(err));
}

/// Reads a journal without changing it.
caf::expected<journal_content> read_journal_file(file_ops& ops, const file_handle& folder,
                                                 const transfer_id& id) {
  const auto raw = read_file(ops, folder, file_name(id), journal_bytes_max);
  if (!raw)
    return raw.error();
  auto out = read_journal(id, view(*raw));
  if (!out)
    return in_file(id, out.error());
  return out;
}

caf::expected<std::vector<transfer_id>> list_ids(file_ops& ops, const file_handle& folder) {
  const auto entries = ops.list(folder, directory_entries_max);
  if (!entries)
    return entries.error();
  std::vector<transfer_id> out;
  transfer_id id;
  for (const auto& x : *entries)
    if (x.kind == entry_kind::file && id_of_file(x.name, id))
      out.push_back(id);
  return out;
}

caf::error list_journals(file_ops& ops, const file_handle& folder,
                         std::vector<journal_entry>& out) {
  auto entries = ops.list(folder, directory_entries_max);
  if (!entries)
    return entries.error();
  for (const auto& x : *entries) {
    journal_entry one;
    if (x.kind != entry_kind::file || !id_of_file(x.name, one.id))
      continue;
    auto content = read_journal_file(ops, folder, one.id);
    if (!content) {
      // Closed by its owner since the names were read.
      const auto there = ops.exists(folder, x.name);
      if (there && !*there)
        continue;
    }
    auto opened = content ? take_opening(*content) : caf::expected<uint64_t>{content.error()};
    if (opened)
      one.opened_ms = *opened;
    else
      one.problem = opened.error();
    out.push_back(std::move(one));
  }
  std::sort(out.begin(), out.end(), [](const auto& x, const auto& y) {
    return x.opened_ms != y.opened_ms ? x.opened_ms < y.opened_ms : x.id < y.id;
  });
  return caf::none;
}

} // namespace

journal_tag journal_first_tag(const transfer_id& id) {
  static_assert(sizeof(id.value) == journal_tag_bytes, "the id starts the chain as it is");
  return id.value;
}

journal_tag append_journal_record(secret_bytes& out, const journal_tag& previous, uint16_t type,
                                  uint64_t seq, byte_view payload) {
  secret_bytes header;
  byte_writer{header}
      .raw(magic)
      .u16(type)
      .u16(journal_version)
      .u32(static_cast<uint32_t>(payload.size()))
      .u64(seq);
  const auto tag = tag_of(previous, view(header), payload);
  byte_writer{out}.raw(view(header)).raw(payload).raw(tag);
  return tag;
}

caf::expected<journal_content> read_journal(const transfer_id& id, byte_view file) {
  journal_content out;
  out.last_tag = journal_first_tag(id);
  framed frame;
  while (read_frame(file.sub(out.end), frame) && verifies(frame, out.last_tag)) {
    if (frame.version != journal_version)
      return damaged(out.end, "record of version " + std::to_string(frame.version) +
                                  ", this program knows 1");
    if (frame.seq != out.records.size())
      return damaged(out.end, "record number " + std::to_string(frame.seq) + " instead of " +
                                  std::to_string(out.records.size()));
    out.records.push_back({frame.type, {frame.payload.begin(), frame.payload.end()}});
    out.last_tag = tag_from(frame.tag);
    out.end += frame.size();
  }
  if (is_zero(file.sub(out.end)))
    return out;
  // Half an opening record cannot be: a journal gets its name when that is durable.
  if (out.records.empty() || !tail{file, out.end, out.last_tag}.torn())
    return damaged(out.end, "record " + std::to_string(out.records.size()) + " is not in order");
  out.torn = true;
  return out;
}

journal::journal(file_ops& ops, file_handle folder, file_handle file)
    : ops_(&ops), folder_(std::move(folder)), file_(std::move(file)) {}

caf::expected<journal> journal::create(file_ops& ops, const std::filesystem::path& wallet_root,
                                       const transfer_id& id, uint64_t opened_ms, uint64_t size) {
  auto folder = open_journal_folder(ops, wallet_root);
  if (!folder)
    return folder.error();
  if (size > journal_bytes_max)
    return fail(ec::bad_argument, "a journal of " + std::to_string(size) + " bytes");
  secret_bytes first;
  const auto tag = append_journal_record(first, journal_first_tag(id), journal_opened_type, 0,
                                         view(opening_payload(opened_ms)));
  // The size of the file is given before its name, so that a journal that is there has room.
  if (auto err = put_preallocated(ops, *folder, file_name(id), view(first), size))
    return err;
  auto file = ops.open_write(*folder, file_name(id));
  if (!file)
    return file.error();
  journal out{ops, std::move(*folder), std::move(*file)};
  out.id_ = id;
  out.opened_ms_ = opened_ms;
  out.seq_ = 1;
  out.end_ = first.size();
  out.size_ = std::max<uint64_t>(size, first.size());
  out.last_tag_ = tag;
  return out;
}

caf::expected<journal> journal::open(file_ops& ops, const std::filesystem::path& wallet_root,
                                     const transfer_id& id) {
  auto folder = open_journal_folder(ops, wallet_root);
  if (!folder)
    return folder.error();
  const auto raw = read_file(ops, *folder, file_name(id), journal_bytes_max);
  if (!raw)
    return raw.error();
  auto content = read_journal(id, view(*raw));
  if (!content)
    return in_file(id, content.error());
  const auto opened = take_opening(*content);
  if (!opened)
    return in_file(id, opened.error());
  auto file = ops.open_write(*folder, file_name(id));
  if (!file)
    return file.error();
  if (content->torn) {
    // Only up to the last byte that is not zero: the rest is as it should be.
    auto dirty = raw->size();
    while (dirty > content->end && (*raw)[dirty - 1] == 0)
      --dirty;
    const bytes zeros(dirty - content->end, 0);
    if (auto err = write_all(ops, *file, content->end, zeros))
      return err;
  }
  // A killed process may have left its last record in the system's memory only; who reads it here
  // acts on it, so it has to be durable first.
  if (auto err = ops.sync_data(*file))
    return err;
  journal out{ops, std::move(*folder), std::move(*file)};
  out.id_ = id;
  out.opened_ms_ = *opened;
  out.records_ = std::move(content->records);
  out.seq_ = out.records_.size() + 1;
  out.end_ = content->end;
  out.size_ = raw->size();
  out.last_tag_ = content->last_tag;
  return out;
}

caf::error journal::append(uint16_t type, byte_view payload) {
  if (finished_)
    return fail(ec::disk_failed, "journal: closed, or failed before");
  if (type == journal_opened_type || payload.size() > journal_payload_bytes_max)
    return fail(ec::internal, "journal: type 0 or too long a payload");
  secret_bytes record;
  const auto tag = append_journal_record(record, last_tag_, type, seq_, payload);
  if (end_ + record.size() > size_) {
    if (auto err = reserve(end_ + record.size() - size_))
      return err;
  }
  finished_ = true; // Until it has gone well.
  if (auto err = write_all(*ops_, file_, end_, view(record)))
    return err;
  if (auto err = ops_->sync_data(file_))
    return err;
  finished_ = false;
  records_.push_back({type, {payload.begin(), payload.end()}});
  last_tag_ = tag;
  end_ += record.size();
  ++seq_;
  return caf::none;
}

caf::error journal::reserve(uint64_t bytes) {
  if (finished_)
    return fail(ec::disk_failed, "journal: closed, or failed before");
  if (bytes > journal_bytes_max - size_)
    return fail(ec::disk_failed,
                "journal: longer than " + std::to_string(journal_bytes_max) + " bytes");
  if (auto err = ops_->preallocate(file_, size_ + bytes))
    return err; // Nothing of the content was touched, so the journal goes on.
  if (auto err = ops_->sync(file_)) {
    finished_ = true;
    return err;
  }
  size_ += bytes;
  return caf::none;
}

caf::error journal::close(const std::vector<journal_record>& kept) {
  if (finished_)
    return fail(ec::disk_failed, "journal: closed, or failed before");
  const auto closed = ops_->open_directory_at(folder_, closed_folder_name);
  if (!closed)
    return closed.error();
  const auto name = file_name(id_);
  auto err = put(*ops_, *closed, name, view(closed_file(id_, opened_ms_, kept)));
  // A crash after the put and before the removal: it is there, whole, and only wants its name kept.
  if (err && code_of(err) == ec::file_exists)
    err = ops_->sync_directory(*closed);
  if (err)
    return err;
  finished_ = true;
  return remove_durably(*ops_, folder_, name);
}

caf::expected<std::vector<transfer_id>> open_journal_ids(file_ops& ops,
                                                         const std::filesystem::path& wallet_root) {
  const auto folder = open_journal_folder(ops, wallet_root);
  if (!folder)
    return folder.error();
  return list_ids(ops, *folder);
}

caf::expected<std::vector<transfer_id>>
closed_journal_ids(file_ops& ops, const std::filesystem::path& wallet_root) {
  const auto folder = open_closed_folder(ops, wallet_root);
  if (!folder)
    return folder.error();
  return list_ids(ops, *folder);
}

caf::expected<std::vector<transfer_id>>
archived_journal_ids(file_ops& ops, const std::filesystem::path& wallet_root) {
  const auto folder = open_folder_of_closed(ops, wallet_root, archive_folder_name);
  if (!folder)
    return folder.error();
  return list_ids(ops, *folder);
}

caf::expected<bool> is_open_journal(file_ops& ops, const std::filesystem::path& wallet_root,
                                    const transfer_id& id) {
  const auto folder = open_journal_folder(ops, wallet_root);
  if (!folder)
    return folder.error();
  return ops.exists(*folder, file_name(id));
}

caf::expected<bool> is_closed_journal(file_ops& ops, const std::filesystem::path& wallet_root,
                                      const transfer_id& id) {
  const auto folder = find_closed_folder(ops, wallet_root, id);
  if (!folder)
    return folder.error();
  return ops.exists(*folder, file_name(id));
}

caf::error mark_used(file_ops& ops, const std::filesystem::path& wallet_root,
                     const invitation_id& id) {
  const auto folder = open_closed_folder(ops, wallet_root);
  if (!folder)
    return folder.error();
  const auto err = put(ops, *folder, used_name(id), byte_view{std::string_view{"used\n"}});
  // A killed process may have left its name in the system's memory only.
  return err && code_of(err) == ec::file_exists ? ops.sync_directory(*folder) : err;
}

caf::expected<bool> is_used(file_ops& ops, const std::filesystem::path& wallet_root,
                            const invitation_id& id) {
  const auto folder = open_closed_folder(ops, wallet_root);
  if (!folder)
    return folder.error();
  return ops.exists(*folder, used_name(id));
}

caf::expected<std::vector<journal_entry>> open_journals(file_ops& ops,
                                                        const std::filesystem::path& wallet_root) {
  const auto folder = open_journal_folder(ops, wallet_root);
  if (!folder)
    return folder.error();
  std::vector<journal_entry> out;
  if (auto err = list_journals(ops, *folder, out))
    return err;
  return out;
}

caf::expected<std::vector<journal_entry>>
closed_journals(file_ops& ops, const std::filesystem::path& wallet_root) {
  std::vector<journal_entry> out;
  for (const auto name : {closed_folder_name, archive_folder_name}) {
    const auto folder = open_folder_of_closed(ops, wallet_root, name);
    if (!folder)
      return folder.error();
    if (auto err = list_journals(ops, *folder, out))
      return err;
  }
  return out;
}

caf::expected<std::vector<journal_record>>
read_closed_journal(file_ops& ops, const std::filesystem::path& wallet_root,
                    const transfer_id& id) {
  const auto folder = find_closed_folder(ops, wallet_root, id);
  if (!folder)
    return folder.error();
  auto content = read_journal_file(ops, *folder, id);
  if (!content)
    return content.error();
  if (auto opened = take_opening(*content); !opened)
    return opened.error();
  return std::move(content->records);
}

caf::error scrub_closed_journal(file_ops& ops, const std::filesystem::path& wallet_root,
                                const transfer_id& id,
                                const std::vector<journal_record>& scrubbed) {
  const auto folder = open_closed_folder(ops, wallet_root);
  if (!folder)
    return folder.error();
  auto content = read_journal_file(ops, *folder, id);
  if (!content)
    return content.error();
  auto opened = take_opening(*content);
  if (!opened)
    return opened.error();
  return replace(ops, *folder, file_name(id), view(closed_file(id, *opened, scrubbed)));
}

caf::error archive_journal(file_ops& ops, const std::filesystem::path& wallet_root,
                           const transfer_id& id) {
  auto from = open_closed_folder(ops, wallet_root);
  if (!from)
    return from.error();
  auto to = open_folder_of_closed(ops, wallet_root, archive_folder_name);
  if (!to)
    return to.error();
  const auto name = file_name(id);
  const auto there = ops.exists(*from, name);
  if (!there)
    return there.error();
  if (!*there)
    return caf::none;
  auto err = move(ops, *from, *to, {name, name});
  // A crash within a move that has to link and remove: it has both names.
  if (err && code_of(err) == ec::file_exists)
    return remove_durably(ops, *from, name);
  return err;
}

} // namespace liveconnect::wallet
