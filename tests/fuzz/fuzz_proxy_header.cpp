// PROXY headers: an answer once given stays when more bytes come, and never reaches beyond them.
#include "messages/wire/proxy_header.hpp"
#include "tests/fuzz/target.hpp"

namespace liveconnect::fuzz {

FUZZ_TARGET(proxy_header) {
  using kind = proxy_header::kind;
  proxy_header first;
  for (size_t i = 0; i <= data.size() && i <= 2 * proxy_header_bytes_max; ++i) {
    const auto x = read_proxy_header(data.sub(0, i));
    if (first.what == kind::more)
      first = x;
    REQUIRE(x.what == first.what && x.size == first.size && x.source == first.source);
    REQUIRE(x.size <= i && x.size <= proxy_header_bytes_max);
    REQUIRE(x.what != kind::more || i < proxy_header_bytes_max);
  }
}

} // namespace liveconnect::fuzz
