#pragma once

#include <cstddef>
#include <string_view>

/// Pown strings: what each server said last about one note, one letter a server
/// (docs/formats/raida.md 7).
namespace liveconnect {

/// The letters.
namespace letter {
/// The server holds the AN given.
inline constexpr char passed = 'p';
/// It holds another.
inline constexpr char failed = 'f';
/// It answered with an error status, or with bytes that have no meaning.
inline constexpr char error = 'e';
/// No answer in time.
inline constexpr char silent = 'n';
/// The request did not reach it.
inline constexpr char network = 'd';
/// The key of an encrypted request is not usable there.
inline constexpr char bad_key = 'b';
/// Not asked.
inline constexpr char untried = 'u';
} // namespace letter

/// How often each letter occurs.
struct letter_counts {
  size_t passed = 0;
  size_t failed = 0;
  size_t error = 0;
  size_t silent = 0;
  size_t network = 0;
  size_t bad_key = 0;
  size_t untried = 0;

  /// Answers that say neither yes nor no.
  constexpr size_t unknown() const { return error + silent + network + bad_key + untried; }
};

/// Counts the letters; any other character counts as untried.
letter_counts count_letters(std::string_view pown);

} // namespace liveconnect
