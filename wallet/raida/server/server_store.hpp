#pragma once

#include <filesystem>
#include <memory>

#include "wallet/raida/server/record_store.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace liveconnect::raida {

/// One server's records in one SQLite file. What commit() has acknowledged survives the death of
/// the process and of the machine (write-ahead log, synchronous=FULL); what was only staged is gone
/// after either. Blocks on the disk: for a thread of its own.
///
/// The file and its log are 0600 and locked as long as the store lives: a second process is turned
/// away.
class server_store final : public record_store {
public:
  /// Opens `file`, making it when it does not exist; its folder must. Fails with ec::wallet_busy
  /// when another process has it, with ec::wallet_damaged when it is another kind of file or of
  /// a later version (it is left as it is), else with ec::disk_failed.
  static caf::expected<std::unique_ptr<server_store>> open(const std::filesystem::path& file);

  ~server_store() override;
  server_store(const server_store&) = delete;
  server_store& operator=(const server_store&) = delete;

  caf::expected<std::optional<record>> get(note_id id) override;
  caf::error for_each_in_use(const std::function<void(note_id)>& visit) override;
  caf::expected<std::optional<supply_account>> account() override;
  caf::error begin_account(const supply_account& x) override;
  caf::error stage(const std::vector<change>& changes) override;
  caf::error commit() override;
  void rollback() override;

private:
  struct closer {
    void operator()(sqlite3* x) const;
  };
  struct finalizer {
    void operator()(sqlite3_stmt* x) const;
  };
  using statement = std::unique_ptr<sqlite3_stmt, finalizer>;

  server_store() = default;
  /// Makes the tables of a new file, and the account's table in a file of version 1, which had
  /// none; fails with ec::wallet_damaged for one of another program.
  caf::error make_or_check_schema();
  caf::error make_supply_table();
  /// Writes the account in the transaction that is open.
  caf::error put_account(const supply_account& x);
  /// Adds to the account what the changes created and freed, in the same transaction.
  caf::error stage_effects(const std::vector<change>& changes);
  caf::error prepare_statements();
  caf::error prepare(const char* sql, statement& out);
  caf::error run(const char* sql);
  caf::error broken(const char* doing) const;

  // The statements go before the database.
  std::unique_ptr<sqlite3, closer> db_;
  statement get_;
  statement put_;
  statement in_use_;
  statement get_account_;
  statement put_account_;
  std::filesystem::path file_;
  bool in_transaction_ = false;
};

} // namespace liveconnect::raida
