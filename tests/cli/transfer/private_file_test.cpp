#include <sys/resource.h>

#include <gtest/gtest.h>

#include "cli/transfer/private_file.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::cli {
namespace {

TEST(private_file, a_file_that_is_not_there_is_a_wrong_argument) {
  const auto none = read_private_file("/nowhere/at/all", 100);
  ASSERT_FALSE(none);
  EXPECT_EQ(code_of(none.error()), ec::bad_argument);
}

TEST(private_file, a_process_without_a_free_descriptor_is_no_wrong_argument) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  auto none_left = before;
  none_left.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  const auto read = read_private_file("/proc/self/status", 1 << 20);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(read);
  EXPECT_EQ(code_of(read.error()), ec::disk_failed) << detail_of(read.error());
}

} // namespace
} // namespace liveconnect::cli
