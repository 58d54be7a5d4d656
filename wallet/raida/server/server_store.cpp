#include "wallet/raida/server/server_store.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::raida {

namespace {

/// "LCRS": tells our files from other SQLite files.
constexpr int application_id = 0x4c435253;
constexpr int schema_version = 2;
/// Files without the operator's account.
constexpr int version_without_account = 1;
constexpr size_t an_size = 16;

/// Makes the file 0600 before SQLite sees it: SQLite would follow the umask, and gives its log the
/// mode of the file.
caf::error make_private(const std::filesystem::path& file) {
  const auto fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(ec::disk_failed, "open " + file.filename().string() + ": " + std::strerror(errno));
  struct stat info {};
  bool ok = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && ::fchmod(fd, 0600) == 0;
  ::close(fd);
  if (!ok)
    return fail(ec::disk_failed, file.filename().string() + " is not a regular file of this user");
  return caf::none;
}

/// Ends a statement's run whatever way the function is left.
class run_guard {
public:
  explicit run_guard(sqlite3_stmt* x) : statement_(x) {}
  ~run_guard() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  run_guard(const run_guard&) = delete;
  run_guard& operator=(const run_guard&) = delete;

private:
  sqlite3_stmt* statement_;
};

int read_number(void* out, int columns, char** values, char**) {
  if (columns == 1 && values[0] != nullptr)
    *static_cast<int*>(out) = std::atoi(values[0]);
  return 0;
}

} // namespace

void server_store::closer::operator()(sqlite3* x) const {
  sqlite3_close_v2(x);
}

void server_store::finalizer::operator()(sqlite3_stmt* x) const {
  sqlite3_finalize(x);
}

server_store::~server_store() {
  rollback();
}

caf::error server_store::make_or_check_schema() {
  int application = 0, version = 0, tables = 0;
  sqlite3_exec(db_.get(), "PRAGMA application_id", read_number, &application, nullptr);
  sqlite3_exec(db_.get(), "PRAGMA user_version", read_number, &version, nullptr);
  sqlite3_exec(db_.get(), "SELECT count(*) FROM sqlite_master", read_number, &tables, nullptr);
  const auto marked = [this](int number) {
    const auto mark = "PRAGMA application_id=" + std::to_string(application_id) +
                      "; PRAGMA user_version=" + std::to_string(number);
    return run(mark.c_str());
  };
  const bool fresh = application == 0 && version == 0 && tables == 0;
  if (!fresh) {
    if (application == application_id && version == schema_version)
      return caf::none;
    if (application != application_id || version != version_without_account)
      return fail(ec::wallet_damaged, file_.filename().string() +
                                          " is not a record file that this program understands");
    // An earlier program would go on without the account: from now on it is turned away.
    if (auto err = make_supply_table())
      return err;
    return marked(schema_version);
  }
  if (auto err = run("CREATE TABLE record (denomination INTEGER NOT NULL,"
                     " serial INTEGER NOT NULL,"
                     " an BLOB NOT NULL CHECK (length(an) = 16),"
                     " mfs INTEGER NOT NULL CHECK (mfs BETWEEN 0 AND 255),"
                     " PRIMARY KEY (denomination, serial)) STRICT, WITHOUT ROWID"))
    return err;
  if (auto err = make_supply_table())
    return err;
  return marked(schema_version);
}

caf::error server_store::make_supply_table() {
  // 64 bits without a sign stand in SQLite's 64 bits with one.
  return run("CREATE TABLE supply (one INTEGER PRIMARY KEY CHECK (one = 1),"
             " created INTEGER NOT NULL, freed INTEGER NOT NULL) STRICT");
}

caf::error server_store::prepare_statements() {
  if (auto err = prepare("SELECT an, mfs FROM record WHERE denomination=?1 AND serial=?2", get_))
    return err;
  if (auto err = prepare("INSERT INTO record VALUES (?1, ?2, ?3, ?4)"
                         " ON CONFLICT DO UPDATE SET an=excluded.an, mfs=excluded.mfs",
                         put_))
    return err;
  if (auto err = prepare("SELECT created, freed FROM supply", get_account_))
    return err;
  if (auto err = prepare("INSERT INTO supply VALUES (1, ?1, ?2)"
                         " ON CONFLICT DO UPDATE SET created=excluded.created,"
                         " freed=excluded.freed",
                         put_account_))
    return err;
  return prepare("SELECT denomination, serial FROM record WHERE mfs<>0", in_use_);
}

caf::expected<std::unique_ptr<server_store>> server_store::open(const std::filesystem::path& file) {
  if (auto err = make_private(file))
    return err;
  std::unique_ptr<server_store> out{new server_store};
  out->file_ = file;
  sqlite3* db = nullptr;
  auto rc =
      sqlite3_open_v2(file.c_str(), &db,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
  out->db_.reset(db);
  if (rc != SQLITE_OK)
    return out->broken("open");
  sqlite3_extended_result_codes(db, 1);
  // The lock comes first: nothing is read or written of a file that another process has.
  if (auto err = out->run("PRAGMA locking_mode=EXCLUSIVE"))
    return err;
  if (auto err = out->run("BEGIN EXCLUSIVE"))
    return err;
  if (auto err = out->make_or_check_schema())
    return err;
  if (auto err = out->run("COMMIT"))
    return err;
  // secure_delete: a replaced AN does not stay behind in the file's free pages.
  for (auto* sql :
       {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA secure_delete=ON"})
    if (auto err = out->run(sql))
      return err;
  if (auto err = out->prepare_statements())
    return err;
  return out;
}

caf::expected<std::optional<record>> server_store::get(note_id id) {
  run_guard guard{get_.get()};
  sqlite3_bind_int(get_.get(), 1, id.denomination);
  sqlite3_bind_int64(get_.get(), 2, id.serial);
  std::optional<record> out;
  const auto rc = sqlite3_step(get_.get());
  if (rc == SQLITE_DONE)
    return out;
  const auto size = static_cast<size_t>(sqlite3_column_bytes(get_.get(), 0));
  if (rc != SQLITE_ROW || size != an_size)
    return broken("read");
  out.emplace();
  out->an = authenticity_number::from(
      {static_cast<const uint8_t*>(sqlite3_column_blob(get_.get(), 0)), size});
  out->mfs = static_cast<uint8_t>(sqlite3_column_int(get_.get(), 1));
  return out;
}

caf::error server_store::for_each_in_use(const std::function<void(note_id)>& visit) {
  run_guard guard{in_use_.get()};
  int rc = SQLITE_ROW;
  while ((rc = sqlite3_step(in_use_.get())) == SQLITE_ROW) {
    note_id id;
    id.denomination = static_cast<int8_t>(sqlite3_column_int(in_use_.get(), 0));
    id.serial = static_cast<uint32_t>(sqlite3_column_int64(in_use_.get(), 1));
    visit(id);
  }
  if (rc != SQLITE_DONE)
    return broken("list");
  return caf::none;
}

caf::expected<std::optional<supply_account>> server_store::account() {
  run_guard guard{get_account_.get()};
  std::optional<supply_account> out;
  const auto rc = sqlite3_step(get_account_.get());
  if (rc == SQLITE_DONE)
    return out;
  if (rc != SQLITE_ROW)
    return broken("read");
  out.emplace();
  out->created = static_cast<uint64_t>(sqlite3_column_int64(get_account_.get(), 0));
  out->freed = static_cast<uint64_t>(sqlite3_column_int64(get_account_.get(), 1));
  return out;
}

caf::error server_store::put_account(const supply_account& x) {
  run_guard guard{put_account_.get()};
  sqlite3_bind_int64(put_account_.get(), 1, static_cast<sqlite3_int64>(x.created));
  sqlite3_bind_int64(put_account_.get(), 2, static_cast<sqlite3_int64>(x.freed));
  return sqlite3_step(put_account_.get()) == SQLITE_DONE ? caf::error{} : broken("write");
}

caf::error server_store::begin_account(const supply_account& x) {
  LC_ASSERT(!in_transaction_);
  return put_account(x); // a transaction of its own
}

caf::error server_store::stage(const std::vector<change>& changes) {
  if (changes.empty())
    return caf::none;
  if (!in_transaction_) {
    if (auto err = run("BEGIN IMMEDIATE"))
      return err;
    in_transaction_ = true;
  }
  for (const auto& x : changes) {
    run_guard guard{put_.get()};
    sqlite3_bind_int(put_.get(), 1, x.id.denomination);
    sqlite3_bind_int64(put_.get(), 2, x.id.serial);
    sqlite3_bind_blob(put_.get(), 3, x.to.an.data(), an_size, SQLITE_STATIC);
    sqlite3_bind_int(put_.get(), 4, x.to.mfs);
    if (sqlite3_step(put_.get()) != SQLITE_DONE) {
      auto err = broken("write");
      // All or none of one call, and the caller cannot tell where we stopped.
      rollback();
      return err;
    }
  }
  if (std::all_of(changes.begin(), changes.end(),
                  [](const change& x) { return x.effect == supply_effect::none; }))
    return caf::none;
  auto err = stage_effects(changes);
  if (err)
    rollback();
  return err;
}

caf::error server_store::stage_effects(const std::vector<change>& changes) {
  auto held = account();
  if (!held)
    return held.error();
  auto sum = held->value_or(supply_account{});
  if (!add_to(sum, changes))
    return fail(ec::disk_failed, "the account in " + file_.filename().string() + " is full");
  return put_account(sum);
}

caf::error server_store::commit() {
  if (!in_transaction_)
    return caf::none;
  if (auto err = run("COMMIT")) {
    rollback();
    return err;
  }
  in_transaction_ = false;
  return caf::none;
}

void server_store::rollback() {
  if (!in_transaction_)
    return;
  // Some errors end the transaction by themselves; then there is nothing left to roll back.
  if (sqlite3_get_autocommit(db_.get()) == 0)
    sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  in_transaction_ = false;
}

caf::error server_store::prepare(const char* sql, statement& out) {
  sqlite3_stmt* x = nullptr;
  const auto rc = sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &x, nullptr);
  out.reset(x);
  return rc == SQLITE_OK ? caf::error{} : broken("prepare");
}

caf::error server_store::run(const char* sql) {
  return sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK ? caf::error{}
                                                                              : broken("use");
}

caf::error server_store::broken(const char* doing) const {
  const auto rc = db_ ? sqlite3_errcode(db_.get()) & 0xff : SQLITE_NOMEM;
  const auto what =
      std::string(doing) + " " + file_.filename().string() + ": " + sqlite3_errstr(rc);
  if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
    return fail(ec::wallet_busy, what);
  if (rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT)
    return fail(ec::wallet_damaged, what);
  return fail(ec::disk_failed, what);
}

} // namespace liveconnect::raida
