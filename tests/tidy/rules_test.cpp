#include <gtest/gtest.h>

#include "tests/tidy/rules.hpp"

namespace liveconnect::tidy {

namespace {

const source_file safety{"docs/design/safety.md",
                         "# Money\n\n## 5. Wallet\n\n### 5.3 Order\n\n**P1** first\n\n"
                         "### I6: Margin\n\n| 18 | somebody | lies |\n\n## Known limits\n\n"
                         "**Taking back.** S asks.\n"};

size_t citations_wrong(const std::string& comment) {
  return check_citations({safety,
                          {"docs/protocol.md", "## 6. Receipt\n"},
                          {"wallet/x.cpp", comment + "\nint x;\n"}})
      .size();
}

std::string function_of(size_t lines, const std::string& above = {}) {
  std::string out = above + "void f() {\n";
  for (size_t i = 0; i + 2 < lines; ++i)
    out += "  g();\n";
  return out + "}\n";
}

size_t size_findings(const std::string& text) {
  const auto first = static_cast<size_t>(
      std::count(text.begin(), text.begin() + static_cast<long>(text.find("void f")), '\n') + 1);
  const auto last = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  return check_function_size({{"a/b.cpp", text}}, {{"a/b.cpp", "f", first, last}}).size();
}

} // namespace

TEST(rules, join_comment_lines_and_keep_comments_behind_code_apart) {
  const auto found = comments_of({"a.cpp", "/// one\n/// two\nint x; // three\n// four\n"});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].text, "one two");
  EXPECT_EQ(found[0].line, 1u);
  EXPECT_EQ(found[1].text, "three");
  EXPECT_EQ(found[2].text, "four");
}

TEST(rules, take_citations_that_lead_somewhere) {
  EXPECT_EQ(citations_wrong("// docs/design/safety.md 5.3, and docs/protocol.md 6"), 0u);
  EXPECT_EQ(citations_wrong("// (docs/design/safety.md I6; docs/design/safety.md threat 18)"), 0u);
  EXPECT_EQ(citations_wrong("// docs/design/safety.md \"Known\n// limits\""), 0u);
  EXPECT_EQ(citations_wrong("// docs/design/safety.md \"Taking back\""), 0u);
  EXPECT_EQ(citations_wrong("// https://example.org/notes.md says so"), 0u);
  EXPECT_EQ(citations_wrong("// durable before it leaves (P1), with the margin of I6"), 0u);
  EXPECT_EQ(citations_wrong("const char* x = \"x is no NOUN.md\";"), 0u);
}

TEST(rules, find_citations_that_lead_nowhere) {
  EXPECT_EQ(citations_wrong("// safety.md 5.3"), 1u);
  EXPECT_EQ(citations_wrong("// docs/design/safety.md 5.4"), 1u);
  EXPECT_EQ(citations_wrong("// docs/protocol.md 6 and 7"), 1u);
  EXPECT_EQ(citations_wrong("// docs/design/safety.md I7"), 2u);
  EXPECT_EQ(citations_wrong("// docs/design/safety.md threat 19"), 1u);
  EXPECT_EQ(citations_wrong("// docs/design/safety.md \"Unknown limits\""), 1u);
  EXPECT_EQ(citations_wrong("// as P9 says"), 1u);
}

TEST(rules, follow_links_and_citations_of_documents) {
  const auto check = [](const std::string& text) {
    return check_citations(
               {safety, {"docs/b.md", "## 7. A Note, moved\n"}, {"docs/a.md", text + "\n"}})
        .size();
  };
  EXPECT_EQ(check("[b](b.md), 7 and [x](design/safety.md#53-order), I6"), 0u);
  EXPECT_EQ(check("[b](b.md#7-a-note-moved), `docs/design/safety.md` 5.3\n```\nc.md\n```"), 0u);
  EXPECT_EQ(check("[y](https://x.y/z.md)"), 0u);
  EXPECT_EQ(check("[c](c.md)"), 1u);
  EXPECT_EQ(check("[c](c.txt)"), 1u);
  EXPECT_EQ(check("[b](b.md#7-a-coin-moved)"), 1u);
  EXPECT_EQ(check("[b](b.md), 8"), 1u);
  EXPECT_EQ(check("what I9 asks for"), 1u);
}

TEST(rules, hold_a_readme_to_its_folder) {
  const source_file a{"wallet/a.cpp", ""};
  const source_file h{"wallet/a.hpp", ""};
  const source_file b{"wallet/sub/b.cpp", ""};
  const std::string head = "| File | What |\n|---|---|\n";
  EXPECT_TRUE(
      check_readme_tables({a, h, b, {"wallet/README.md", head + "| `a.*`, `sub/b.cpp` | x |\n"}})
          .empty());
  // Not named, named and not there, half there, no table at all.
  EXPECT_EQ(check_readme_tables({a, h, {"wallet/README.md", head + "| `a.hpp` | x |\n"}}).size(),
            1u);
  EXPECT_EQ(
      check_readme_tables({a, h, {"wallet/README.md", head + "| `a.*`, `c.*` | x |\n"}}).size(),
      1u);
  EXPECT_EQ(check_readme_tables({a, {"wallet/README.md", head + "| `a.*` | x |\n"}}).size(), 1u);
  EXPECT_EQ(check_readme_tables({b, {"wallet/README.md", "words"}}).size(), 1u);
}

TEST(rules, know_short_names_and_folders_in_a_readme) {
  const source_file one{"tests/a/one_test.cpp", ""};
  const source_file two{"tests/a/two_test.cpp", ""};
  const source_file deep{"tests/a/b/c.txt", ""};
  const auto check = [&](const std::string& names) {
    return check_readme_tables(
               {one,
                two,
                deep,
                {"tests/a/README.md", "| File | What |\n|---|---|\n| " + names + " | x |\n"}})
        .size();
  };
  EXPECT_EQ(check("`one_test`, `two_test.cpp`, `b/`"), 0u);
  EXPECT_EQ(check("`*_test`"), 0u);
  EXPECT_EQ(check("`*_test.cpp`, `b/*.txt`"), 0u);
  // Tests need no table, but one that is there is whole.
  EXPECT_EQ(check("`one_test`"), 1u);
  EXPECT_EQ(check("`*_test`, `*_fixture`"), 1u);
  EXPECT_EQ(check("`*_test`, `c/`"), 1u);
  EXPECT_TRUE(check_readme_tables({one, two, {"tests/a/README.md", "words"}}).empty());
}

TEST(rules, count_characters_of_markdown_not_bytes) {
  EXPECT_TRUE(check_markdown_width({{"a.md", std::string(120, 'x') + "\n"}}).empty());
  std::string wide;
  for (int i = 0; i < 120; ++i)
    wide += "\xc3\xbc";
  EXPECT_TRUE(check_markdown_width({{"a.md", wide}}).empty());
  EXPECT_EQ(check_markdown_width({{"a.md", "|" + std::string(120, 'x')}}).size(), 1u);
  EXPECT_TRUE(check_markdown_width({{"a.md", "- https://" + std::string(130, 'x')}}).empty());
}

TEST(rules, count_branches_and_nothing_that_looks_like_one) {
  EXPECT_EQ(branches_in("x();"), 1u);
  EXPECT_EQ(branches_in("if (a && b || !c) return d ? 1 : 2; else if (e) {}"), 6u);
  EXPECT_EQ(branches_in("for (auto&& x : y) while (z) {} switch (w) { case 1: case 2: ; }"), 5u);
  EXPECT_EQ(branches_in("// if (a)\n/* for */ f(\"if (x) ?\", '?', R\"(while ?)\");"), 1u);
  EXPECT_EQ(branches_in("void take(std::string&& x, auto&&... y) { 1'000'000; }"), 1u);
  EXPECT_EQ(branches_in("return a &&\n       b;"), 2u);
  EXPECT_EQ(branches_in("use(L'?', '\\'', \"\\\"?\", R\"x(\")?)x\"); form(c); ifs(d);"), 1u);
}

TEST(rules, want_a_reason_for_a_long_function) {
  EXPECT_EQ(size_findings(function_of(70)), 0u);
  EXPECT_EQ(size_findings(function_of(71)), 1u);
  EXPECT_EQ(size_findings(function_of(71, "// long: a table, one row a message\n")), 0u);
  EXPECT_EQ(size_findings(function_of(71, "/// A contract.\n// long: a table, one row a message\n"
                                          "template <class T>\nstd::map<int,\n  T>\n")),
            0u);
  EXPECT_EQ(size_findings(function_of(71, "// long: a table, one row a message\nint x;\n")), 1u);
  EXPECT_EQ(size_findings(function_of(71, "// long: yes\n")), 1u);
  EXPECT_EQ(size_findings(function_of(20, "// long: a table, one row a message\n")), 1u);
}

TEST(rules, want_a_reason_for_a_branched_function) {
  std::string text = "void f() {\n";
  for (int i = 0; i < 15; ++i)
    text += "  if (x)\n    y();\n";
  text += "}\n";
  EXPECT_EQ(size_findings(text), 1u);
  EXPECT_EQ(size_findings("// branches: one case a command, a switch\n" + text), 0u);
}

TEST(rules, bound_how_many_functions_may_have_a_reason) {
  source_files all;
  std::vector<function_range> functions;
  for (size_t i = 0; i <= long_functions_max; ++i) {
    const auto path = "a/" + std::to_string(i) + ".cpp";
    all.push_back({path, function_of(80, "// long: a table of all rows\n")});
    functions.push_back({path, "f", 2, 81});
  }
  EXPECT_EQ(check_function_size(all, functions).size(), 1u);
  functions.pop_back();
  EXPECT_TRUE(check_function_size(all, functions).empty());
}

TEST(rules, find_declarations_that_production_never_uses) {
  const std::vector<declaration> declared{{"a/x.hpp", "used", 1, 0}, {"a/x.hpp", "unused", 2, 0}};
  const auto own = [&] {
    auto out = declared;
    out.push_back({"a/x.cpp", "unused", 1, 3});
    return out;
  }();
  const auto check = [&](const std::string& mark) {
    auto names = declared;
    if (!mark.empty())
      names[1].line = 3;
    return check_unused_declarations({{"a/x.hpp", "void used();\n" + mark + "void unused();\n"},
                                      {"a/x.cpp", "void unused() {\n  used();\n}\n"},
                                      {"tests/a/x_test.cpp", "unused();\n"}},
                                     names, mark.empty() ? own : names);
  };
  const auto found = check("");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].where, "a/x.hpp:2");
}

TEST(rules, take_no_function_for_used_that_only_calls_itself) {
  const std::vector<declaration> declared{{"a/x.hpp", "again", 1, 0}};
  const auto check = [&](const std::string& text) {
    return check_unused_declarations({{"a/x.hpp", "int again(int);\n"}, {"a/x.cpp", text}},
                                     declared, {declared[0], {"a/x.cpp", "again", 1, 3}})
        .size();
  };
  EXPECT_EQ(check("int again(int x) {\n  return again(x - 1);\n}\n// again()\n"), 1u);
  EXPECT_EQ(check("int again(int x) {\n  return again(x - 1);\n}\nint y = again(3);\n"), 0u);
}

TEST(rules, take_no_class_for_used_that_is_only_announced_and_built) {
  const std::vector<declaration> declared{{"a/x.hpp", "box", 1, 3}};
  const auto check = [&](const std::string& text) {
    return check_unused_declarations(
               {{"a/x.hpp", "class box {\n  box();\n};\n"}, {"a/x.cpp", text}}, declared, declared)
        .size();
  };
  EXPECT_EQ(check("class box;\nbox::box() {}\nbox::~box() {}\n"), 1u);
  EXPECT_EQ(check("box made;\n"), 0u);
}

TEST(rules, find_atoms_that_no_message_has) {
  const source_file header{"a/fwd.hpp",
                           "  CAF_ADD_ATOM(block, liveconnect::atom, take, \"take\")\n"
                           "  CAF_ADD_ATOM(block, liveconnect::atom, release, \"release\")\n"};
  const auto atoms = atoms_in({header});
  ASSERT_EQ(atoms.size(), 2u);
  EXPECT_EQ(atoms[1].line, 2u);
  const auto found = check_unused_declarations(
      {header, {"a/x.cpp", "self->send(to, atom::take_v, release());\n[](atom::take) {};\n"}},
      atoms, atoms);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].where, "a/fwd.hpp:2");
}

TEST(rules, let_a_declaration_for_tests_say_why) {
  const std::vector<declaration> declared{{"a/x.hpp", "unused", 2, 0}};
  EXPECT_TRUE(
      check_unused_declarations(
          {{"a/x.hpp", "// for tests: what the disk holds\nvoid unused();\n"}}, declared, declared)
          .empty());
}

TEST(rules, want_claims_in_snake_case) {
  const auto check = [](const std::string& text) {
    return check_test_names({{"tests/a/b_test.cpp", text}}).size();
  };
  EXPECT_EQ(check("TEST(frame, ends_at_a_newline) {}\nTEST_F(frame_reader, a_b) {}"), 0u);
  EXPECT_EQ(check("TEST(Frame, ends_at_a_newline) {}"), 1u);
  EXPECT_EQ(check("RC_GTEST_PROP(frame, EndsAtANewline, ()) {}"), 1u);
  EXPECT_EQ(check("TEST(frame, works) {}"), 1u);
  EXPECT_EQ(check("// TEST(Frame, Works)\nauto x = \"TEST(Frame, Works)\";"), 0u);
}

TEST(rules, hold_includes_to_the_arrows) {
  const arrows allowed{{"a", {}}, {"b", {"a"}}, {"c", {"d/"}}};
  const auto check = [&](const std::string& path, const std::string& included) {
    return check_includes({{path, "#include \"" + included + "\"\n"}, {included, ""}}, allowed)
        .size();
  };
  EXPECT_EQ(check("b/x.cpp", "a/y.hpp"), 0u);
  EXPECT_EQ(check("a/x.cpp", "a/y.hpp"), 0u);
  EXPECT_EQ(check("c/x.cpp", "d/e/y.hpp"), 0u);
  EXPECT_EQ(check("tests/a/x.cpp", "b/y.hpp"), 0u);
  EXPECT_EQ(check("a/x.cpp", "b/y.hpp"), 1u);
  EXPECT_EQ(check("b/x.cpp", "tests/support/y.hpp"), 1u);
  EXPECT_EQ(check("e/x.cpp", "a/y.hpp"), 1u);
  // What a build writes has no folder here.
  EXPECT_TRUE(check_includes({{"a/x.cpp", "#include \"b/commit.hpp\"\n"}}, allowed).empty());
}

TEST(rules, compare_the_arrows_with_the_architecture) {
  const source_file document{"docs/a.md", "| Folder | What | Sees |\n|---|---|---|\n"
                                          "| `m/base/` | x | nothing of ours |\n"
                                          "| `m/wire/` | x | base |\n"
                                          "| `w/`, `w/sub/` | x | m/wire and below |\n"
                                          "| `tests/` | x | everything |\n"};
  const arrows whole{{"m/base", {}}, {"m/wire", {"m/base"}}, {"w", {"m/", "w/sub"}}, {"w/sub", {}}};
  EXPECT_TRUE(check_documented_arrows(document, whole).empty());
  const auto check = [&](const std::string& from, const std::set<std::string>& to) {
    auto more = whole;
    more[from] = to;
    return check_documented_arrows(document, more).size();
  };
  EXPECT_EQ(check("w/sub/deep", {"m/base"}), 0u);
  EXPECT_EQ(check("m/base", {"m/wire"}), 1u);
  EXPECT_EQ(check("m/wire", {"w/"}), 1u);
  EXPECT_EQ(check("other", {}), 1u);
  EXPECT_EQ(check_documented_arrows(document, {{"m/base", {}}, {"m/wire", {}}, {"w", {}}}).size(),
            1u);
}

TEST(rules, find_a_circle_of_folders) {
  const source_file ab{"a/x.hpp", "#include \"b/x.hpp\"\n"};
  const source_file bc{"b/x.hpp", "#include \"c/x.hpp\"\n"};
  const source_file c{"c/x.hpp", ""};
  const source_file ca{"c/y.hpp", "\n#include \"a/x.hpp\"\n"};
  const source_file da{"d/x.hpp", "#include \"a/x.hpp\"\n"};
  EXPECT_TRUE(check_folders_are_acyclic({ab, bc, c, da}).empty());
  const auto found = check_folders_are_acyclic({ab, bc, c, ca, da});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].where, "c/y.hpp:2");
  EXPECT_EQ(found[0].what, "closes the circle a -> b -> c -> a");
}

TEST(rules, want_each_mutant_in_code_and_in_one_row) {
  const source_file table{"tests/mutants.txt", "# NAME | SUITE | what\na_fault | x_tests | it\n"};
  const source_file code{"wallet/a.cpp", "if (LC_MUTANT(a_fault))\n"};
  EXPECT_EQ(check_mutants({table, code}).size(), 0u);
  EXPECT_EQ(check_mutants({table}).size(), 1u);
  EXPECT_EQ(check_mutants({code}).size(), 1u);
  EXPECT_EQ(check_mutants({table, code, {"wallet/b.cpp", code.text}}).size(), 0u);
  EXPECT_EQ(check_mutants({{table.path, table.text + table.text}, code}).size(), 1u);
}

TEST(rules, find_small_things) {
  const auto check = [](const std::string& path, const std::string& text) {
    return check_small_things({{path, text + "\n"}}).size();
  };
  EXPECT_EQ(check("a/b.cpp", "// --- requests ---------------------------"), 0u);
  EXPECT_EQ(check("a/b.cpp", "// -------------------------------------------"), 1u);
  EXPECT_EQ(check("tests/b.cpp", "std::this_thread::sleep_for(1s);"), 1u);
  EXPECT_EQ(check("a/b.cpp", "std::this_thread::sleep_for(1s);"), 0u);
  EXPECT_EQ(check("docs/a.md", std::string{"see /ho"} + "me/me/notes"), 1u);
  EXPECT_EQ(check("README.md", std::string{"in /tmp"} + "/lc"), 0u);
  EXPECT_EQ(check("run", std::string{"in /tmp"} + "/lc"), 1u);
  EXPECT_EQ(check("docs/a.md", "https://example.org/ho" + std::string{"me/page"}), 0u);
}

} // namespace liveconnect::tidy
