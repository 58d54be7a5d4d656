#include "messages/base/base64.hpp"

#include <algorithm>

#include <openssl/evp.h>

#include "messages/base/error.hpp"

namespace liveconnect {

namespace {

/// OpenSSL counts in int; nothing on the wire comes near this.
constexpr size_t text_max = 1u << 30;

int value_of(char x) {
  if (x >= 'A' && x <= 'Z')
    return x - 'A';
  if (x >= 'a' && x <= 'z')
    return x - 'a' + 26;
  if (x >= '0' && x <= '9')
    return x - '0' + 52;
  if (x == '+')
    return 62;
  return x == '/' ? 63 : -1;
}

/// Decodes into `out`; false when the text is not strict base64.
template<class Container>
bool decode(std::string_view text, Container& out) {
  out.clear();
  if (text.empty())
    return true;
  if (text.size() % 4 != 0 || text.size() > text_max)
    return false;
  const size_t padding = text.back() != '=' ? 0 : text[text.size() - 2] != '=' ? 1 : 2;
  const auto digits = text.substr(0, text.size() - padding);
  // EVP_DecodeBlock trims white space at both ends and takes '=' anywhere for a zero digit: what
  // it would forgive is looked for here, everything else it refuses itself.
  if (value_of(digits.front()) < 0 || value_of(digits.back()) < 0 ||
      digits.find('=') != std::string_view::npos)
    return false;
  // Bits of the last digit that belong to no byte must be zero, else two texts mean one thing.
  const int unused = padding == 0 ? 0 : padding == 1 ? 0x03 : 0x0f;
  if ((value_of(digits.back()) & unused) != 0)
    return false;
  out.resize(text.size() / 4 * 3);
  const auto size = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()));
  if (size < 0 || static_cast<size_t>(size) != out.size()) {
    out.clear();
    return false;
  }
  out.resize(out.size() - padding);
  return true;
}

template<class Container>
caf::expected<Container> decoded(std::string_view text) {
  Container out;
  if (!decode(text, out))
    return fail(ec::bad_frame, "not base64 (RFC 4648 section 4, padded)");
  return out;
}

} // namespace

std::string base64_encode(byte_view x) {
  // EVP_EncodeBlock ends with a NUL, which a string has room for.
  std::string out(base64_size(x.size()), '\0');
  if (!x.empty())
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), x.data(),
                    static_cast<int>(x.size()));
  return out;
}

caf::expected<bytes> base64_decode(std::string_view text) {
  return decoded<bytes>(text);
}

secret_bytes base64url_encode_secret(byte_view x) {
  secret_bytes out(base64_size(x.size()) + 1);
  EVP_EncodeBlock(out.data(), x.data(), static_cast<int>(x.size()));
  out.pop_back();
  while (!out.empty() && out.back() == '=')
    out.pop_back();
  std::replace(out.begin(), out.end(), uint8_t{'+'}, uint8_t{'-'});
  std::replace(out.begin(), out.end(), uint8_t{'/'}, uint8_t{'_'});
  return out;
}

caf::expected<secret_bytes> base64url_decode_secret(std::string_view text) {
  const auto bad = [] { return fail(ec::bad_invitation, "not base64url without padding"); };
  if (text.size() % 4 == 1 || text.size() > text_max ||
      text.find_first_of("+/=") != std::string_view::npos)
    return bad();
  secret_bytes plain(text.begin(), text.end());
  std::replace(plain.begin(), plain.end(), uint8_t{'-'}, uint8_t{'+'});
  std::replace(plain.begin(), plain.end(), uint8_t{'_'}, uint8_t{'/'});
  plain.resize((plain.size() + 3) / 4 * 4, uint8_t{'='});
  secret_bytes out;
  if (!decode(view(plain).text(), out))
    return bad();
  return out;
}

} // namespace liveconnect
