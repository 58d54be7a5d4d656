#include "actors/relay/admission.hpp"

#include "messages/wire/proxy_header.hpp"

namespace liveconnect::relay {

namespace {

admission_step refused(refusal why, byte_view text) {
  return {admission_step::kind::refused, text.size(), 0, {}, why};
}

} // namespace

admission_step read_announcement(byte_view text) {
  const auto header = read_proxy_header(text);
  switch (header.what) {
  case proxy_header::kind::more:
    return {};
  case proxy_header::kind::malformed:
    return refused(refusal::join, text);
  case proxy_header::kind::health_check:
    return {admission_step::kind::health_check, text.size(), 0, {}, refusal::join};
  case proxy_header::kind::client:
    break;
  }
  return {admission_step::kind::announced, header.size, 0, header.source, refusal::join};
}

admission_step read_join_frame(frame_scanner& scanner, uint32_t& blank_bytes, size_t bytes_max,
                               byte_view text) {
  const auto result = scanner.scan(text);
  switch (result) {
  case scan_result::more:
    // What is still unread has not all been counted against the bound yet when it is blank.
    blank_bytes += static_cast<uint32_t>(scanner.in_frame() ? 0 : scanner.blanks());
    if (blank_bytes + (scanner.in_frame() ? text.size() : 0) > bytes_max)
      return refused(refusal::join, text);
    if (scanner.in_frame())
      return {};
    scanner.next();
    return {admission_step::kind::more, text.size(), 0, {}, refusal::join};
  case scan_result::frame:
    if (blank_bytes + scanner.begin() + scanner.size() > bytes_max || !scanner.joins())
      break;
    return {admission_step::kind::join,
            scanner.begin() + scanner.size(),
            scanner.size(),
            {},
            refusal::join};
  case scan_result::wrong_from:
    return refused(refusal::from, text);
  case scan_result::malformed:
  case scan_result::too_long:
    break;
  }
  return refused(refusal::join, text);
}

} // namespace liveconnect::relay
