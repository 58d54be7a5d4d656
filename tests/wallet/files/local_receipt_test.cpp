#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/sample_notes.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/files/local_receipt.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/files/transaction_log.hpp"

namespace liveconnect::wallet {
namespace {

using test::slurp;
using test::temporary_folder;

/// 2026-03-01 09:05:07 UTC.
constexpr wall_time morning{1'772'355'907'123};

std::string text_of(const std::filesystem::path& path) {
  const auto raw = slurp(path);
  return {raw.begin(), raw.end()};
}

TEST(wall_time, is_written_in_utc_in_each_form) {
  EXPECT_EQ(to_stamp(morning), "2026-03-01_09-05-07");
  EXPECT_EQ(to_display(morning), "2026-03-01 09:05:07");
  EXPECT_EQ(to_pro_text(morning), "Mar-01-2026 9:05am");
  EXPECT_EQ(to_pro_text({0}), "Jan-01-1970 12:00am");
  EXPECT_EQ(to_pro_text({13 * 3'600'000}), "Jan-01-1970 1:00pm");
  EXPECT_EQ(to_pro_text({12 * 3'600'000}), "Jan-01-1970 12:00pm");
  EXPECT_EQ(to_stamp({UINT64_MAX}), "9999-12-31_23-59-59");
}

local_receipt sample_receipt() {
  return {"receive",
          morning,
          {{{3, 7998}, std::string(25, 'p'), "Authentic", folder::bank},
           {{-2, 5000}, "ppppppppppnnnnnnnnddufffe", "Limbo", folder::limbo}}};
}

TEST(local_receipt, has_the_pro_clients_blocks) {
  const std::string rule(60, '=');
  EXPECT_EQ(render(sample_receipt()), rule +
                                          "\n"
                                          "Task ID: 2026-03-01_09-05-07\n"
                                          "Transaction Type: receive\n"
                                          "Date & Time: 2026-03-01 09:05:07 UTC\n" +
                                          rule +
                                          "\n"
                                          "SUMMARY STATISTICS\n"
                                          "Total: 2\n"
                                          "Bank: 1\n"
                                          "Fracked: 0\n"
                                          "Counterfeit: 0\n"
                                          "Limbo: 1\n"
                                          "Amount: 1,000.01\n" +
                                          rule +
                                          "\n"
                                          "COIN-BY-COIN RESULTS\n"
                                          "Serial: 7998, Denomination: 3, Result: Authentic\n"
                                          "POWN: ppppppppppppppppppppppppp\n"
                                          "Final Location: Bank\n"
                                          "Serial: 5000, Denomination: -2, Result: Limbo\n"
                                          "POWN: ppppppppppnnnnnnnnddufffe\n"
                                          "Final Location: Limbo\n" +
                                          rule + "\nEnd of receipt\n");
}

TEST(local_receipt, never_overwrites_another_of_the_same_second) {
  temporary_folder dir;
  posix_file_ops ops;
  ASSERT_FALSE(create_wallet(ops, dir / "w", "w"));
  auto first = file_receipt(ops, dir / "w", sample_receipt());
  ASSERT_TRUE(first) << detail_of(first.error());
  EXPECT_EQ(*first, "2026-03-01_09-05-07.receive.txt");
  auto other = sample_receipt();
  other.lines.clear();
  EXPECT_EQ(*file_receipt(ops, dir / "w", other), "2026-03-01_09-05-07.receive-2.txt");
  EXPECT_EQ(text_of(dir / "w/Receipts" / *first), render(sample_receipt()));
}

TEST(local_receipt, a_type_from_outside_cannot_leave_the_folder) {
  temporary_folder dir;
  posix_file_ops ops;
  ASSERT_FALSE(create_wallet(ops, dir / "w", "w"));
  auto x = sample_receipt();
  x.type = "../../x";
  EXPECT_EQ(*file_receipt(ops, dir / "w", x), "2026-03-01_09-05-07.------x.txt");
}

transaction sample_row() {
  return {transaction_kind::deposit, morning,
          amount::from_coins(3'439), amount::from_coins(4'000),
          "from a \"friend\"\nline", "LiveConnect"};
}

TEST(transaction_log, the_newest_row_stands_under_the_header) {
  auto once = add_transaction(transaction_log_header(), sample_row());
  ASSERT_TRUE(once);
  const std::string header =
      "Symbol,Task ID,Date & Time,Remarks,Deposit,Withdraw,Description,Balance\n";
  const std::string row =
      "\"+\",\"deposit Mar-01-2026 9:05am UTC\",\"Mar-01-2026 9:05am\",\"from a \"\"friend\"\" "
      "line\",\"3,439\",\"\",\"LiveConnect\",\"4,000\"\n";
  EXPECT_EQ(*once, header + row);
  auto out = sample_row();
  out.kind = transaction_kind::withdraw;
  out.balance_after = amount::from_coins(561);
  auto twice = add_transaction(*once, out);
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->substr(0, header.size() + 4), header + "\"-\",");
  EXPECT_EQ(twice->substr(twice->size() - row.size()), row);
}

TEST(transaction_log, another_programs_layout_is_left_alone) {
  for (const auto* other : {"memo,1700000000,-5,0123,send\n",
                            "timestamp,type,amount,from,to,status,notes\n", "", "\n"}) {
    EXPECT_FALSE(add_transaction(other, sample_row())) << other;
    temporary_folder dir;
    posix_file_ops ops;
    ASSERT_FALSE(create_wallet(ops, dir / "w", "w"));
    auto root = std::move(*ops.open_directory(dir / "w"));
    ASSERT_FALSE(replace(ops, root, "transactions.csv", byte_view{std::string_view{other}}));
    auto logged = log_transaction(ops, dir / "w", sample_row());
    ASSERT_TRUE(logged);
    EXPECT_FALSE(*logged);
    EXPECT_EQ(text_of(dir / "w/transactions.csv"), other);
  }
}

TEST(transaction_log, line_ends_of_other_systems_are_kept) {
  auto out = add_transaction(
      "Symbol,Task ID,Date & Time,Remarks,Deposit,Withdraw,Description,Balance\r\nold\r\n",
      sample_row());
  ASSERT_TRUE(out);
  EXPECT_EQ(out->substr(out->size() - 14), "\"4,000\"\r\nold\r\n");
}

TEST(transaction_log, rows_reach_the_disk_and_a_missing_log_is_made) {
  temporary_folder dir;
  posix_file_ops ops;
  ASSERT_FALSE(create_wallet(ops, dir / "w", "w"));
  EXPECT_TRUE(*log_transaction(ops, dir / "w", sample_row()));
  const auto once = text_of(dir / "w/transactions.csv");
  EXPECT_EQ(once, *add_transaction(transaction_log_header(), sample_row()));
  std::filesystem::remove(dir / "w/transactions.csv");
  EXPECT_TRUE(*log_transaction(ops, dir / "w", sample_row()));
  EXPECT_EQ(text_of(dir / "w/transactions.csv"), once);
}

} // namespace
} // namespace liveconnect::wallet
