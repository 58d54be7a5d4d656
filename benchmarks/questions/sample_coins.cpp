#include "benchmarks/questions/sample_coins.hpp"

#include "wallet/files/coin_file.hpp"

namespace liveconnect::bench {

std::vector<note> sample_notes(size_t count) {
  std::vector<note> out(count);
  for (size_t i = 0; i < count; ++i) {
    out[i].id = {static_cast<int8_t>(i % 4), static_cast<uint32_t>(1000 + i)};
    for (size_t k = 0; k < raida_count; ++k)
      out[i].ans.push_back(authenticity_number::random());
    out[i].pown.assign(raida_count, 'p');
  }
  return out;
}

bytes sample_coin_file(size_t notes) {
  const auto file = wallet::encode_coin_file(sample_notes(notes), wallet::pans::without);
  return file ? bytes(file->begin(), file->end()) : bytes{};
}

} // namespace liveconnect::bench
