#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "messages/base/error.hpp"
#include "messages/secure/receipt.hpp"

namespace liveconnect {
namespace {

signing_key test_key() {
  secret<32> seed;
  seed.data()[0] = 1;
  return signing_key::from_seed(seed);
}

receipt example() {
  receipt out;
  out.id.value.fill(0x11);
  out.invitation.fill(0x9f);
  out.manifest_hash.fill(0x22);
  out.handshake_hash.fill(0x33);
  out.time_unix = 1'795'370'400;
  const std::string good(25, 'p');
  out.notes = {{{3, 7998}, good, note_verdict::authentic},
               {{3, 7999}, good, note_verdict::authentic},
               {{2, 7998}, "ppppppppppppppppppppfffnu", note_verdict::fracked},
               {{-2, 5}, std::string(25, 'f'), note_verdict::counterfeit},
               {{0, 1023999}, "pppppppppppppuuuuuuuuuuuu", note_verdict::limbo}};
  return out;
}

void expect_refused(std::string_view text) {
  const auto out = verify_receipt(text, test_key().public_key());
  ASSERT_FALSE(out) << text;
  EXPECT_EQ(code_of(out.error()), ec::bad_receipt);
}

TEST(receipt_test, signed_text_comes_back_whole) {
  const auto x = example();
  const auto text = sign_receipt(x, test_key());
  const auto back = verify_receipt(text, test_key().public_key());
  ASSERT_TRUE(back) << detail_of(back.error());
  EXPECT_EQ(*back, x);
  EXPECT_EQ(sign_receipt(*back, test_key()), text) << "built again it is the same, bit for bit";
}

TEST(receipt_test, is_json_that_any_program_can_read) {
  const auto x = nlohmann::json::parse(sign_receipt(example(), test_key()));
  EXPECT_EQ(x["receipt_id"], std::string(32, '1'));
  EXPECT_EQ(x["time"], "2026-11-22T18:00:00Z");
  EXPECT_EQ(x["total_authentic"], 2);
  EXPECT_EQ(x["sum_authentic"], "2000");
  EXPECT_EQ(x["sum_fracked"], "100");
  EXPECT_EQ(x["sum_counterfeit"], "0.01");
  EXPECT_EQ(x["total_limbo"], 1);
  EXPECT_EQ(x["receipt_detail"][2]["status"], "fracked");
  EXPECT_EQ(x["receipt_detail"][4]["sn"], 1023999);
  EXPECT_EQ(x["public_key"], to_hex(test_key().public_key()));
}

TEST(receipt_test, every_single_bit_flipped_is_refused) {
  const auto text = sign_receipt(example(), test_key());
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    auto altered = text;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ 1 << bit % 8);
    expect_refused(altered);
  }
}

TEST(receipt_test, every_cut_and_every_addition_is_refused) {
  const auto text = sign_receipt(example(), test_key());
  for (size_t size = 0; size < text.size(); ++size)
    expect_refused(text.substr(0, size));
  for (const char* more : {"\n", " ", "{}", "}"}) {
    expect_refused(text + more);
    expect_refused(more + text);
  }
}

TEST(receipt_test, another_spelling_of_the_same_is_refused) {
  const auto text = sign_receipt(example(), test_key());
  const auto replaced = [&](const std::string& what, const std::string& with) {
    auto out = text;
    const auto at = out.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return out.replace(at, what.size(), with);
  };
  expect_refused(replaced(",\"sn\":7998", ", \"sn\":7998"));
  expect_refused(replaced("\"sn\":7998", "\"sn\":07998"));
  expect_refused(replaced("\"denomination\":3", "\"denomination\":+3"));
  expect_refused(replaced("\"sum_authentic\":\"2000\"", "\"sum_authentic\":\"2000.0\""));
  expect_refused(replaced("9f9f", "9F9f"));
}

TEST(receipt_test, a_well_signed_lie_that_contradicts_itself_is_refused) {
  // The key's holder signs, so only the checks of the contents are left.
  auto twice = example();
  twice.notes.push_back(twice.notes.front());
  expect_refused(sign_receipt(twice, test_key()));
  auto pown = example();
  pown.notes[0].pown = "ppx";
  expect_refused(sign_receipt(pown, test_key()));
  pown.notes[0].pown = std::string(26, 'p');
  expect_refused(sign_receipt(pown, test_key()));
  pown.notes[0].pown.clear();
  expect_refused(sign_receipt(pown, test_key()));
  auto denomination = example();
  denomination.notes[0].id.denomination = 7;
  expect_refused(sign_receipt(denomination, test_key()));
}

TEST(receipt_test, another_keys_signature_is_refused) {
  expect_refused(sign_receipt(example(), signing_key::random()));
}

TEST(receipt_test, an_empty_one_is_a_record_too) {
  receipt x;
  const auto back = verify_receipt(sign_receipt(x, test_key()), test_key().public_key());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, x);
}

TEST(receipt_test, its_name_follows_its_text) {
  const auto text = sign_receipt(example(), test_key());
  EXPECT_EQ(receipt_name(text), to_hex(receipt_hash(text)).substr(0, 16));
  EXPECT_NE(receipt_name(text), receipt_name(text + " "));
}

RC_GTEST_PROP(receipt_test, any_honest_one_comes_back, ()) {
  receipt x;
  x.time_unix = *rc::gen::inRange<uint64_t>(0, 253'402'300'799);
  const auto count = *rc::gen::inRange<uint32_t>(0, 30);
  for (uint32_t i = 0; i < count; ++i) {
    receipt_note note;
    note.id.denomination = *rc::gen::inRange<int8_t>(denomination_min, denomination_max + 1);
    note.id.serial = i;
    note.pown = *rc::gen::container<std::string>(*rc::gen::inRange<size_t>(1, 26),
                                                 rc::gen::elementOf(std::string{"upbndef"}));
    note.what = *rc::gen::element(note_verdict::authentic, note_verdict::fracked,
                                  note_verdict::counterfeit, note_verdict::limbo);
    x.notes.push_back(note);
  }
  const auto back = verify_receipt(sign_receipt(x, test_key()), test_key().public_key());
  RC_ASSERT(back.engaged());
  RC_ASSERT(*back == x);
}

} // namespace
} // namespace liveconnect
