#pragma once

#include <optional>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "benchmarks/figures/json.hpp"
#include "benchmarks/load/turns.hpp"
#include "benchmarks/questions/side_by_side.hpp"
#include "messages/wire/body.hpp"

namespace liveconnect::bench {

/// What `liveconnect-bench crypto` asks about, in the order of its tables.
enum class crypto_topic : uint8_t { command, seal, coin, handshake, base64, coin_file };

inline constexpr crypto_topic all_crypto_topics[] = {
    crypto_topic::command,   crypto_topic::seal,   crypto_topic::coin,
    crypto_topic::handshake, crypto_topic::base64, crypto_topic::coin_file};

/// `command`, `coin-file`, ...; as --mode takes them.
const char* to_string(crypto_topic x);
std::optional<crypto_topic> parse_crypto_topic(const std::string& text);

/// The most notes whose coin file fits one frame.
size_t notes_of_a_frame();

/// One piece of work, and several ways to do it: ours first, what it can be held against behind.
struct crypto_question {
  /// `seal, 100 notes`: names it in tables and files.
  std::string name;
  crypto_topic topic = crypto_topic::command;
  /// Notes and bytes of plaintext that one piece of work moves; 0: it is about neither.
  size_t notes = 0;
  size_t bytes = 0;

  struct way {
    /// `liveconnect`, `libsodium`, `parts`, `memcpy`.
    std::string subject;
    std::string version;
    contender how;
  };
  std::vector<way> ways;
};

/// A topic's questions, about coin files of so many notes each (1 to notes_of_a_frame()) where it
/// has to do with notes. Keys and notes are made up for it. Fails with ec::internal.
caf::expected<std::vector<crypto_question>> crypto_questions(crypto_topic topic,
                                                             const std::vector<size_t>& notes);

/// What `seconds` of processor time for one piece of work come to.
measurement figures_of(const crypto_question& about, double seconds);

/// What an answer to `seal` or `coin` came to, as a line of text: `seal, 100 notes: 0.310 us a
/// note, 0.750 CPU s a GB, 1.05 x libsodium's cipher alone`. Empty where figures are missing.
std::string cost_sentence(const crypto_question& what, const side_by_side& list);

} // namespace liveconnect::bench
