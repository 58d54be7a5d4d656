#pragma once

#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "messages/money/note.hpp"
#include "tests/support/memory_file_ops.hpp"

namespace liveconnect::simulation {

/// Which of some secrets lie on which disk, or are known to a client without one.
class secret_search {
public:
  /// One of the secrets to look for; `keeper` bits say who knows it.
  void add(const authenticity_number& x) { known_.emplace(key_of(x), 0); }
  /// Reads every file of the disk: who has the disk, knows what stands there.
  void read(test::memory_file_ops& disk, size_t who);
  void tell(const authenticity_number& x, size_t who);
  bool knows(size_t who, const authenticity_number& x) const;
  bool is_known(const authenticity_number& x) const;

private:
  using key = std::string;

  static key key_of(const authenticity_number& x) {
    return {reinterpret_cast<const char*>(x.data()), authenticity_number::size_bytes};
  }
  void read_bytes(byte_view content, size_t who);

  std::unordered_map<key, unsigned> known_;
  /// First two bytes of what is looked for: most places are passed over by these alone.
  std::vector<bool> first_bytes_;
};

/// Visits every file below the root: path and content.
void for_each_file(test::memory_file_ops& disk,
                   const std::function<void(const std::string&, byte_view)>& visit);

/// The same files in the same folders, all of them durable.
std::unique_ptr<test::memory_file_ops> copy_of(test::memory_file_ops& disk);

} // namespace liveconnect::simulation
