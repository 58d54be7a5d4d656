#include <gtest/gtest.h>

#include "tests/tidy/tree.hpp"

namespace liveconnect::tidy {

namespace {

/// All findings, a line each: a failure says at once all there is to do.
std::string listed(const findings& x) {
  std::string out;
  for (const auto& one : x)
    out += "  " + one.where + ": " + one.what + "\n";
  return out;
}

#define EXPECT_TIDY(rule)                                                                          \
  do {                                                                                             \
    const auto found = rule;                                                                       \
    EXPECT_TRUE(found.empty()) << found.size() << " findings:\n" << listed(found);                 \
  } while (false)

} // namespace

TEST(tree, is_read_whole) {
  EXPECT_GT(the_tree().size(), 600u);
  EXPECT_GT(tags_of_the_tree().functions.size(), 2500u);
}

TEST(tree, cites_documents_and_headings_that_are_there) {
  EXPECT_TIDY(check_citations(the_tree()));
}

TEST(tree, has_readmes_that_name_exactly_the_files_of_their_folders) {
  EXPECT_TIDY(check_readme_tables(the_tree()));
}

TEST(tree, wraps_markdown_at_120_columns) {
  EXPECT_TIDY(check_markdown_width(the_tree()));
}

TEST(tree, has_short_functions_or_reasons) {
  EXPECT_TIDY(check_function_size(the_tree(), tags_of_the_tree().functions));
}

TEST(tree, declares_nothing_for_tests_alone) {
  EXPECT_TIDY(
      check_unused_declarations(the_tree(), tags_of_the_tree().declared, tags_of_the_tree().own));
}

TEST(tree, names_tests_as_claims_in_snake_case) {
  EXPECT_TIDY(check_test_names(the_tree()));
}

TEST(tree, includes_only_along_its_arrows) {
  EXPECT_TIDY(check_includes(the_tree(), allowed_arrows()));
}

TEST(tree, draws_its_arrows_in_the_architecture_too) {
  for (const auto& file : the_tree())
    if (file.path == "docs/design/architecture.md")
      EXPECT_TIDY(check_documented_arrows(file, allowed_arrows()));
}

TEST(tree, lists_every_mutant_with_its_tests) {
  EXPECT_TIDY(check_mutants(the_tree()));
}

TEST(tree, has_no_circle_of_folders) {
  EXPECT_TIDY(check_folders_are_acyclic(the_tree()));
}

TEST(tree, has_whole_separators_no_sleeping_tests_and_no_path_of_one_machine) {
  EXPECT_TIDY(check_small_things(the_tree()));
}

} // namespace liveconnect::tidy
