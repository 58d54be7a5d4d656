// Writes seeds for the targets whose inputs are no plain text, made by the encoders of the programs
// themselves: fuzz_seeds tests/fuzz/corpus. What stands there already is written over where a seed
// has that name, and left alone otherwise.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>

#include "messages/secure/manifest.hpp"
#include "tests/fuzz/pieces.hpp"
#include "tests/fuzz/raida_pieces.hpp"
#include "tests/fuzz/session_pieces.hpp"
#include "tests/support/raida_lab.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/journal/journal_records.hpp"
#include "wallet/raida/note_codec.hpp"

namespace liveconnect::fuzz {

namespace {

using save = std::function<void(const char* target, const char* name, byte_view data)>;

note sample_note(int8_t denomination, uint8_t serial, size_t servers, bool with_pans) {
  note out;
  out.id = {denomination, serial};
  authenticity_number an;
  std::fill_n(an.data(), an.size(), serial);
  out.ans.assign(servers, an);
  if (with_pans) {
    std::fill_n(an.data(), an.size(), static_cast<uint8_t>(0x80 + serial));
    out.pans.assign(servers, an);
  }
  out.pown = std::string(servers, 'p');
  return out;
}

std::vector<note> sample_notes(uint8_t count, size_t servers, bool with_pans) {
  std::vector<note> out;
  for (uint8_t i = 1; i <= count; ++i)
    out.push_back(sample_note(0, i, servers, with_pans));
  return out;
}

// --- wallet files ---

void coin_files(const save& write) {
  const auto put = [&](const char* name, const std::vector<note>& notes, wallet::pans which) {
    if (const auto file = wallet::encode_coin_file(notes, which))
      write("coin_file", name, view(*file));
  };
  put("one", sample_notes(1, raida_count, false), wallet::pans::without);
  put("one_with_pans", sample_notes(1, raida_count, true), wallet::pans::with);
  put("three", sample_notes(3, raida_count, false), wallet::pans::without);
  put("two_with_pans", sample_notes(2, raida_count, true), wallet::pans::with);
}

/// The records of one journal as pieces, and as the chained file that the disk holds.
void put_journal(const save& write, const char* name,
                 const std::vector<wallet::journal_record>& records) {
  bytes pieces;
  bytes chained{1, 0, 0, 0};
  secret_bytes file{0};
  auto tag = wallet::journal_first_tag({});
  uint64_t seq = 0;
  for (const auto& x : records) {
    put_piece(pieces, static_cast<uint8_t>(x.type), view(x.payload));
    put_piece(chained, static_cast<uint8_t>(x.type), view(x.payload).sub(0, 100));
    tag = wallet::append_journal_record(file, tag, x.type, seq++, view(x.payload));
  }
  write("journal_record", name, pieces);
  write("journal_file", (std::string{name} + "_chained").c_str(), chained);
  if (file.size() < 4096)
    write("journal_file", name, view(file));
}

wallet::journal_record opened(wallet::journal_kind kind, size_t servers) {
  wallet::opened_record out;
  out.kind = kind;
  out.at = 1'795'370'400;
  out.servers = static_cast<uint8_t>(servers);
  return encode(out);
}

wallet::journal_record graded(const std::vector<note>& notes, note_verdict what) {
  wallet::graded_record out;
  for (const auto& x : notes)
    out.notes.push_back({what, x});
  return encode(out);
}

manifest manifest_of(const std::vector<note>& notes) {
  manifest out;
  out.id.value.fill(5);
  for (const auto& x : notes) {
    ++out.notes;
    ++out.by_denomination[static_cast<size_t>(x.id.denomination - denomination_min)];
    if (!out.sum.add(value_of(x)))
      std::abort();
  }
  return out;
}

std::vector<note_id> ids_of(const std::vector<note>& notes) {
  std::vector<note_id> out;
  for (const auto& x : notes)
    out.push_back(x.id);
  return out;
}

constexpr size_t journal_servers = 3;

void sender_journals(const save& write) {
  using wallet::record_type;
  const auto notes = sample_notes(2, journal_servers, false);
  const auto with_pans = sample_notes(2, journal_servers, true);
  wallet::selected_record selected;
  selected.sum = manifest_of(notes).sum;
  selected.notes = notes;
  wallet::sending_record sending;
  sending.announced = manifest_of(notes);
  sending.at = 1'795'370'401;
  sending.notes = notes;
  wallet::evidence_record evidence;
  evidence.at = 1'795'370'500;
  for (const auto& x : notes)
    evidence.lines.push_back({x.id, std::string(journal_servers, 'x')});
  const auto begin = opened(wallet::journal_kind::sender, journal_servers);
  put_journal(write, "sender_receipt",
              {begin, encode(selected), encode(wallet::session_record{}), encode(sending),
               encode_moment(record_type::lease, 77), encode_text(record_type::receipt, "{}"),
               encode_ids(record_type::settled, ids_of(notes)),
               encode(wallet::closed_record{wallet::closing::sent_with_receipt, 5})});
  put_journal(write, "sender_evidence",
              {begin, encode(selected), encode(sending), encode(evidence),
               encode_ids(record_type::settled, ids_of(notes))});
  put_journal(write, "sender_refresh",
              {begin, encode(selected), encode(sending),
               encode_pans(record_type::refresh, with_pans), graded(notes, note_verdict::authentic),
               encode_ids(record_type::settled, ids_of(notes))});
  put_journal(write, "sender_rejected",
              {begin, encode(selected), encode(sending),
               encode_ids(record_type::rejected, {notes.front().id}),
               encode_text(record_type::receipt, "{}")});
}

void receiver_journals(const save& write) {
  using wallet::record_type;
  const auto notes = sample_notes(2, journal_servers, false);
  const auto with_pans = sample_notes(2, journal_servers, true);
  put_journal(write, "receiver",
              {opened(wallet::journal_kind::receiver, journal_servers),
               wallet::encode_offered(manifest_of(notes)), wallet::encode_received(notes),
               encode_pans(record_type::pown, with_pans), graded(notes, note_verdict::fracked),
               encode_ids(record_type::settled, ids_of(notes)),
               encode_text(record_type::receipt, "{}"), encode_moment(record_type::proven, 9),
               encode(wallet::closed_record{wallet::closing::received, 5})});
  put_journal(write, "import",
              {opened(wallet::journal_kind::import, journal_servers),
               wallet::encode_received(notes), encode_pans(record_type::pown, with_pans),
               graded(notes, note_verdict::counterfeit)});
}

void own_journals(const save& write) {
  using wallet::record_type;
  wallet::change_record change;
  change.session = 9;
  change.sources = {sample_note(1, 1, journal_servers, false)};
  change.targets = sample_notes(10, journal_servers, false);
  put_journal(write, "change",
              {opened(wallet::journal_kind::change, journal_servers), encode(change),
               graded(change.targets, note_verdict::authentic),
               graded(change.sources, note_verdict::superseded)});
  wallet::heal_record heal;
  heal.targets = sample_notes(2, journal_servers, true);
  heal.intents.push_back({1, {}, ids_of(heal.targets)});
  put_journal(write, "heal",
              {opened(wallet::journal_kind::heal, journal_servers), encode(heal),
               graded(sample_notes(2, journal_servers, false), note_verdict::authentic)});
  wallet::selected_record selected;
  selected.notes = sample_notes(1, journal_servers, false);
  selected.sum = manifest_of(selected.notes).sum;
  put_journal(write, "export",
              {opened(wallet::journal_kind::export_file, journal_servers), encode(selected),
               encode_text(record_type::destination, "/tmp/x.bin"),
               encode(wallet::closed_record{})});
}

// --- RAIDA ---

uint8_t kind_of(raida::command what) {
  for (size_t i = 0; i < raida_commands.size(); ++i)
    if (raida_commands[i] == what)
      return static_cast<uint8_t>(i);
  return 0;
}

/// A note that raida_request's servers hold, with a new secret beside the one they know.
std::vector<note> held_notes() {
  return sample_notes(3, raida_servers, true);
}

void simple_requests(const save& write) {
  using raida::command;
  const auto notes = held_notes();
  const std::vector<uint32_t> all{0, 1, 2};
  const auto one = [&](const char* name, command what, const secret_bytes& payload) {
    bytes out;
    put_piece(out, kind_of(what), view(payload));
    write("raida_request", name, out);
    bytes packet;
    if (const auto request = raida::encode_request(0, what, view(payload), {}))
      put_piece(packet, raw_datagram, view(request->packet));
    write("raida_request", (std::string{name} + "_packet").c_str(), packet);
  };
  for (const auto what : {command::echo, command::version, command::count_coins})
    one(what == command::echo ? "echo" : what == command::version ? "version" : "count", what, {});
  one("stats", command::show_stats, secret_bytes(16, 0));
  one("detect", command::detect, raida::encode_notes(notes, all, 0));
  one("pown", command::pown, raida::encode_notes_with_pans(notes, all, 0));
  one("find", command::find, raida::encode_notes_with_pans(notes, all, 0));
  // Serials and the XOR of their ANs, which are 1, 2 and 3 repeated.
  secret_bytes sum;
  for (const auto& x : notes)
    byte_writer{sum}.u8(0).u32(x.id.serial);
  sum.insert(sum.end(), 16, uint8_t{1 ^ 2 ^ 3});
  one("detect_sum", command::detect_sum, sum);
  one("available", command::available_serials,
      raida::encode_available(9, raida::change_operation::break_note, 1));
}

void fix_requests(const save& write) {
  using raida::command;
  const auto notes = held_notes();
  const std::vector<uint32_t> all{0, 1, 2};
  bytes out;
  std::vector<uint32_t> tickets;
  // The tickets' numbers are the lab's own, and the same in every run.
  test::raida_lab lab(raida_servers, secret<16>{}, "20261101");
  fill(lab);
  for (uint8_t server = 0; server < raida_servers; ++server) {
    const auto payload = raida::encode_notes(notes, all, server);
    put_piece(out, static_cast<uint8_t>(kind_of(command::get_ticket) + server * next_server),
              view(payload));
    const auto request = raida::encode_request(server, command::get_ticket, view(payload), {});
    const auto response = lab.exchange(server, raida::arrival::tcp, view(request->packet));
    tickets.push_back(
        raida::decode_ticket(raida::decode_response(request->context, response), all.size())
            .ticket);
  }
  put_piece(out, kind_of(command::fix),
            view(raida::encode_fix(ids_of(notes), raida::fix_seed{}, tickets)));
  write("raida_request", "fix", out);
}

void change_requests(const save& write) {
  using raida::command;
  bytes out;
  put_piece(out, kind_of(command::available_serials),
            view(raida::encode_available(9, raida::change_operation::break_note, 1)));
  std::vector<note> small;
  for (uint8_t i = 0; i < 10; ++i)
    small.push_back(sample_note(0, static_cast<uint8_t>(20 + i), raida_servers, false));
  put_piece(out, kind_of(command::break_note),
            view(raida::encode_change(9, sample_note(1, 1, raida_servers, false), small, 0)));
  put_piece(out, time_passes, bytes{0, 20});
  put_piece(out, kind_of(command::available_serials),
            view(raida::encode_available(8, raida::change_operation::join_notes, 0)));
  put_piece(out, kind_of(command::join_notes),
            view(raida::encode_change(8, sample_note(1, 30, raida_servers, false),
                                      sample_notes(10, raida_servers, false), 0)));
  write("raida_request", "change", out);
  // The operator: session that needs no reservation, key of zeros, serials.
  secret_bytes admin;
  byte_writer{admin}.u32(raida::unchecked_session).raw(secret<16>{}.view()).u8(0).u32(50);
  bytes operators;
  put_piece(operators, kind_of(command::admin_create), view(admin));
  put_piece(operators, kind_of(command::admin_free), view(admin));
  secret_bytes asked;
  byte_writer{asked}.u32(7).raw(secret<16>{}.view()).raw(bytes(16, 0xff));
  put_piece(operators, kind_of(command::admin_available), view(asked));
  write("raida_request", "operator", operators);
}

void replies(const save& write) {
  using raida::command;
  const auto one = [&](const char* name, command what, uint8_t count, uint8_t status,
                       const bytes& payload) {
    bytes out{kind_of(what), count, 1, status};
    out.insert(out.end(), payload.begin(), payload.end());
    write("raida_reply", name, out);
  };
  one("all_pass", command::detect, 3, raida::status::all_pass, {});
  one("mixed", command::pown, 9, raida::status::mixed, {0x55, 0x01});
  one("find_mixed", command::find, 3, raida::status::find_mixed, {0, 1, 2});
  one("ticket", command::get_ticket, 3, raida::status::mixed, {1, 2, 3, 4, 5});
  bytes serials{0};
  for (uint32_t serial = 100; serial < 110; ++serial)
    byte_writer{serials}.u32(serial);
  one("available", command::available_serials, 1, raida::status::success, serials);
  one("version", command::version, 1, raida::status::success,
      byte_view{std::string_view{"20261101"}}.copy());
  one("listing", command::validate_ticket, 2, raida::status::success,
      {0, 0, 0, 0, 1, 0, 0, 0, 0, 2});
  raida::reply_context to;
  to.server = 1;
  const auto packet = raida::encode_response(to, raida::status::success, bytes{1, 2, 3}, 5);
  bytes whole{0, 3, 0, 0};
  whole.insert(whole.end(), packet.begin(), packet.end());
  write("raida_reply", "packet", whole);
}

// --- the session ---

void put_turn(bytes& out, turn what, const bytes& data = {}) {
  put_piece(out, static_cast<uint8_t>(what), data);
}

void put_command(bytes& out, message_number number, std::string_view details = {}) {
  bytes data{static_cast<uint8_t>(number)};
  data.insert(data.end(), details.begin(), details.end());
  put_turn(out, turn::command, data);
}

void sessions(const save& write) {
  bytes receiver{0};
  put_command(receiver, message_number::empty_import_export);
  put_turn(receiver, turn::wallet_done);
  put_turn(receiver, turn::wallet_done);
  put_command(receiver, message_number::amount, "12");
  put_turn(receiver, turn::approve, {0});
  put_command(receiver, message_number::making_change);
  put_turn(receiver, turn::offer);
  put_turn(receiver, turn::wallet_done);
  put_turn(receiver, turn::wallet_done);
  bytes coin{static_cast<uint8_t>(message_number::coin), 1, 1};
  coin.resize(60, 9);
  put_turn(receiver, turn::body, coin);
  for (int i = 0; i < 4; ++i)
    put_turn(receiver, turn::wallet_done);
  put_command(receiver, message_number::coins_confirmed, std::string(64, 'c'));
  put_turn(receiver, turn::wallet_done);
  write("session_step", "receiver", receiver);

  bytes sender{1};
  put_turn(sender, turn::wallet_done);
  put_turn(sender, turn::heartbeat);
  put_turn(sender, turn::wallet_done);
  put_turn(sender, turn::wallet_done);
  put_command(sender, message_number::import_export_empty);
  put_command(sender, message_number::amount, "12");
  for (int i = 0; i < 10; ++i)
    put_turn(sender, turn::wallet_done);
  put_command(sender, message_number::ready_to_receive);
  put_turn(sender, turn::wallet_done);
  put_command(sender, message_number::received);
  put_command(sender, message_number::decrypting_coins);
  put_command(sender, message_number::powning_coins);
  put_turn(sender, turn::receipt, {0, 0, 0});
  put_turn(sender, turn::wallet_done);
  put_turn(sender, turn::timer, {3});
  write("session_step", "sender", sender);

  bytes again = receiver;
  put_turn(again, turn::peer_again);
  put_turn(again, turn::offer);
  put_turn(again, turn::wallet_done);
  put_turn(again, turn::cancel);
  write("session_step", "receiver_again", again);
  bytes broken{1};
  put_turn(broken, turn::wallet_done);
  put_turn(broken, turn::wallet_failed, {9});
  put_turn(broken, turn::raw, byte_view{std::string_view{"<# Cancel user>\n"}}.copy());
  put_turn(broken, turn::line_failed);
  put_turn(broken, turn::stop);
  write("session_step", "sender_broken", broken);
}

int run(const std::filesystem::path& corpus) {
  size_t count = 0;
  const save write = [&](const char* target, const char* name, byte_view data) {
    std::filesystem::create_directories(corpus / target);
    std::ofstream out{corpus / target / name, std::ios::binary};
    out.write(data.text().data(), static_cast<std::streamsize>(data.size()));
    ++count;
  };
  coin_files(write);
  sender_journals(write);
  receiver_journals(write);
  own_journals(write);
  simple_requests(write);
  fix_requests(write);
  change_requests(write);
  replies(write);
  sessions(write);
  std::printf("%zu seeds\n", count);
  return 0;
}

} // namespace

} // namespace liveconnect::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "fuzz_seeds FOLDER\n");
    return 2;
  }
  return liveconnect::fuzz::run(argv[1]);
}
