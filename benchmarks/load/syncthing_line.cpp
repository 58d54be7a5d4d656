#include "benchmarks/load/syncthing_line.hpp"

#include <cstring>
#include <poll.h>
#include <string_view>
#include <sys/epoll.h>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::bench::syncthing {

namespace {

constexpr uint32_t magic = 0x9e79bc40;
constexpr size_t header_bytes = 12;
/// The longest is a session_invitation of less than 200 bytes, or a response with a sentence.
constexpr uint32_t content_bytes_max = 1024;
constexpr auto join_deadline = std::chrono::seconds(10);
constexpr std::string_view protocol_name = "bep-relay";

/// Integers and opaque fields of XDR (RFC 4506), big-endian, padded to fours.
std::string numbers(std::initializer_list<uint32_t> list) {
  bytes out;
  byte_writer<bytes> to(out);
  for (const auto x : list)
    to.u32(x);
  return std::string(byte_view(out).text());
}

std::string opaque(byte_view x) {
  auto out = numbers({static_cast<uint32_t>(x.size())});
  out.append(x.text());
  out.append((4 - x.size() % 4) % 4, '\0');
  return out;
}

std::string message_of(message_type what, std::string_view content = {}) {
  return numbers({magic, static_cast<uint32_t>(what), static_cast<uint32_t>(content.size())})
      .append(content);
}

/// Reads the fields of a message in turn; once one is cut short, all that follow are empty.
class fields {
public:
  explicit fields(std::string_view x) : rest_(x) {}

  uint32_t number() {
    if (rest_.size() < 4) {
      whole_ = false;
      return 0;
    }
    uint32_t out = 0;
    for (size_t i = 0; i < 4; ++i)
      out = out << 8 | static_cast<uint8_t>(rest_[i]);
    rest_.remove_prefix(4);
    return out;
  }

  std::string opaque() {
    const size_t size = number();
    const auto padded = (size + 3) / 4 * 4;
    if (!whole_ || padded > rest_.size()) {
      whole_ = false;
      return {};
    }
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(padded);
    return out;
  }

  bool whole() const { return whole_; }

private:
  std::string_view rest_;
  bool whole_ = true;
};

caf::error foreign() {
  return fail(ec::protocol_violation,
              "strelaysrv's answer cannot be read; its version may be too new");
}

caf::error closed_by_relay() {
  return fail(ec::network_failed, "strelaysrv closed a connection before it had answered");
}

struct free_any {
  void operator()(EVP_PKEY* x) const { EVP_PKEY_free(x); }
  void operator()(X509* x) const { X509_free(x); }
};

} // namespace

std::string join_relay_request() {
  return message_of(message_type::join_relay_request);
}

std::string pong() {
  return message_of(message_type::pong);
}

std::string connect_request(const device_id& whom) {
  return message_of(message_type::connect_request, opaque(whom));
}

std::string join_session_request(const std::string& key) {
  return message_of(message_type::join_session_request, opaque(byte_view(key)));
}

caf::expected<std::optional<message>> take_message(std::string& stream) {
  if (stream.size() < header_bytes)
    return std::optional<message>{};
  fields head{std::string_view{stream}.substr(0, header_bytes)};
  const auto sign = head.number();
  const auto number = head.number();
  const auto size = head.number();
  if (sign != magic || number > static_cast<uint32_t>(message_type::relay_full) ||
      size > content_bytes_max)
    return foreign();
  if (stream.size() < header_bytes + size)
    return std::optional<message>{};
  message out;
  out.what = static_cast<message_type>(number);
  fields content{std::string_view{stream}.substr(header_bytes, size)};
  if (out.what == message_type::response) {
    out.code = content.number();
    out.words = content.opaque();
  } else if (out.what == message_type::session_invitation) {
    out.from = content.opaque();
    out.key = content.opaque();
  }
  if (!content.whole())
    return foreign();
  stream.erase(0, header_bytes + size);
  return std::optional<message>{std::move(out)};
}

std::string describe(const message& x) {
  if (x.what == message_type::response)
    return fmt::format("response {}, {}", x.code, escape_for_display(x.words, 60));
  return x.what == message_type::relay_full
             ? "it is full"
             : fmt::format("message {}", static_cast<uint32_t>(x.what));
}

caf::expected<device> device::make() {
  const auto broken = [] { return fail(ec::internal, "OpenSSL made no certificate"); };
  const std::unique_ptr<EVP_PKEY, free_any> key{EVP_EC_gen("P-256")};
  const std::unique_ptr<X509, free_any> certificate{X509_new()};
  if (!key || !certificate)
    return broken();
  auto* x = certificate.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 24 * 3600);
  X509_set_pubkey(x, key.get());
  auto* name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("liveconnect-bench"), -1, -1,
                             0);
  X509_set_issuer_name(x, name);
  device out;
  unsigned size = 0;
  out.context_ = {SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  auto* context = out.context_.get();
  if (context == nullptr || X509_sign(x, key.get(), EVP_sha256()) == 0 ||
      X509_digest(x, EVP_sha256(), out.id_.data(), &size) != 1 ||
      SSL_CTX_use_certificate(context, x) != 1 || SSL_CTX_use_PrivateKey(context, key.get()) != 1)
    return broken();
  // The relay's certificate is its own invention, and nothing secret goes over this connection.
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  std::string protocols(1, static_cast<char>(protocol_name.size()));
  protocols += protocol_name;
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
  return out;
}

caf::expected<line> line::connect(const endpoint& where, const device& as, const endpoint* source) {
  auto fd = connect_to(where, source);
  if (!fd)
    return fd.error();
  line out;
  out.fd_ = std::move(*fd);
  out.context_ = as.context_;
  out.tls_ = {SSL_new(out.context_.get()), SSL_free};
  if (!out.tls_ || SSL_set_fd(out.tls_.get(), out.fd_.get()) != 1)
    return fail(ec::internal, "OpenSSL gives no connection");
  SSL_set_connect_state(out.tls_.get());
  out.waits_for_ = EPOLLOUT;
  return out;
}

caf::error line::advance() {
  auto* tls = tls_.get();
  // Whether to go on: false when it waits, or has failed.
  caf::error failure;
  const auto went = [&](int result) {
    if (result > 0)
      return true;
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
      waits_for_ = EPOLLIN;
      break;
    case SSL_ERROR_WANT_WRITE:
      waits_for_ = EPOLLOUT;
      break;
    default:
      // After the handshake every end is an end: what was said before it counts.
      closed_ = true;
      if (!shaken_)
        failure = fail(ec::network_failed, "strelaysrv broke off a TLS handshake");
    }
    return false;
  };
  if (closed_)
    return caf::none;
  if (!shaken_) {
    if (!went(SSL_do_handshake(tls)))
      return failure;
    shaken_ = true;
  }
  while (!unsent_.empty()) {
    const auto n = SSL_write(tls, unsent_.data(), static_cast<int>(unsent_.size()));
    if (!went(n))
      return failure;
    unsent_.erase(0, static_cast<size_t>(n));
  }
  char buffer[2048];
  for (;;) {
    const auto n = SSL_read(tls, buffer, sizeof buffer);
    if (!went(n))
      return failure;
    received_.append(buffer, static_cast<size_t>(n));
  }
}

caf::expected<std::optional<message>> line::next() {
  auto out = take_message(received_);
  if (out && !*out && closed_)
    return closed_by_relay();
  return out;
}

caf::expected<message> line::wait_for_message(time_point deadline) {
  for (;;) {
    if (auto err = advance())
      return err;
    auto got = next();
    if (!got)
      return got.error();
    if (*got && (*got)->what != message_type::ping)
      return std::move(**got);
    if (*got) {
      say(pong());
      continue;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
    pollfd wait{fd_.get(), static_cast<short>(waits_for_ == EPOLLIN ? POLLIN : POLLOUT), 0};
    if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) <= 0)
      return fail(ec::timed_out, "strelaysrv did not answer in time");
  }
}

caf::expected<host> host::join(const endpoint& where) {
  auto who = device::make();
  if (!who)
    return who.error();
  auto there = line::connect(where, *who);
  if (!there)
    return there.error();
  there->say(join_relay_request());
  const auto answer = there->wait_for_message(clock::now() + join_deadline);
  if (!answer)
    return answer.error();
  if (answer->what != message_type::response || answer->code != response_success)
    return fail(ec::relay_refused, "strelaysrv did not let us join: " + describe(*answer));
  return host{std::move(*who), std::move(*there)};
}

} // namespace liveconnect::bench::syncthing
