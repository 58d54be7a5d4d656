#include "wallet/raida/derive.hpp"

#include <algorithm>

#include <openssl/evp.h>

namespace liveconnect::raida {

authenticity_number md5(byte_view x) {
  authenticity_number out;
  // Cannot fail: the default provider has MD5 and the output fits.
  EVP_Digest(x.data(), x.size(), out.data(), nullptr, EVP_md5(), nullptr);
  return out;
}

authenticity_number fixed_an(uint8_t server, note_id id, const authenticity_number& pg) {
  secret_bytes in;
  byte_writer<secret_bytes>(in)
      .u8(server)
      .u8(static_cast<uint8_t>(id.denomination))
      .u32(id.serial)
      .raw(pg.view());
  return md5(view(in));
}

authenticity_number minted_an(uint8_t server, uint32_t serial, byte_view coin_list) {
  std::array<uint8_t, 16> head{};
  std::copy_n(coin_list.begin(), std::min(head.size(), coin_list.size()), head.begin());
  const auto text = std::to_string(server) + std::to_string(serial) + to_hex(head);
  return md5(byte_view{text});
}

} // namespace liveconnect::raida
