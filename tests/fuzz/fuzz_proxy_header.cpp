// PROXY headers: an answer once given stays when more bytes come, and never reaches beyond them.
#include "messages/wire/proxy_header.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using liveconnect::proxy_header;
  const liveconnect::byte_view text(data, size);
  proxy_header first;
  for (size_t i = 0; i <= size && i <= 2 * liveconnect::proxy_header_bytes_max; ++i) {
    const auto x = liveconnect::read_proxy_header(text.sub(0, i));
    if (first.what == proxy_header::kind::more)
      first = x;
    REQUIRE(x.what == first.what && x.size == first.size && x.source == first.source);
    REQUIRE(x.size <= i && x.size <= liveconnect::proxy_header_bytes_max);
    REQUIRE(x.what != proxy_header::kind::more || i < liveconnect::proxy_header_bytes_max);
  }
  return 0;
}
