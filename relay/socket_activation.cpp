#include "relay/socket_activation.hpp"

#include <charconv>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "relay/settings.hpp"

namespace liveconnect::relay {

namespace {

constexpr int first_descriptor = 3;
/// More than anybody hands over; a number beyond it is no number of sockets.
constexpr unsigned sockets_max = 64;

std::optional<unsigned> number(const std::string& text) {
  unsigned out = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, out);
  return error == std::errc{} && end == last ? std::optional{out} : std::nullopt;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  size_t begin = 0;
  for (size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find(':', begin);
    out.push_back(text.substr(begin, end - begin));
  }
  return out;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

} // namespace

caf::expected<inherited_sockets>
take_inherited_sockets(const std::function<std::optional<std::string>(const std::string&)>& get) {
  inherited_sockets out;
  const auto count_text = get("LISTEN_FDS");
  const auto process = number(get("LISTEN_PID").value_or(""));
  if (!count_text || !process || *process != static_cast<unsigned>(getpid()))
    return out;
  const auto count = number(*count_text);
  if (!count || *count > sockets_max)
    return fail(ec::bad_config,
                "LISTEN_FDS=" + in_quotes(*count_text) + " is no number of sockets");
  std::vector<inherited_sockets::named> all;
  for (unsigned i = 0; i < *count; ++i) {
    const int fd = first_descriptor + static_cast<int>(i);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
      all.push_back({"", io::descriptor(fd)});
  }
  if (all.size() < *count)
    return fail(ec::bad_config, "LISTEN_FDS promises " + std::to_string(*count) +
                                    " descriptors, of which " + std::to_string(all.size()) +
                                    " are there");
  const auto names = split(get("LISTEN_FDNAMES").value_or(""));
  for (size_t i = 0; i < all.size(); ++i) {
    auto& x = all[i];
    x.name = i < names.size() ? names[i] : "";
    const bool is_admin = x.name == "admin";
    if (!is_admin && x.name != "rooms" && x.name != "unknown" && !x.name.empty() &&
        !ends_with(x.name, ".socket"))
      return fail(ec::bad_config, "there is no use for a socket named " + in_quotes(x.name) +
                                      ": FileDescriptorName= is rooms or admin");
    const int family = io::listening_family(x.fd.get());
    if (is_admin ? family != AF_UNIX : family != AF_INET && family != AF_INET6)
      return fail(ec::bad_config, "the socket named " + in_quotes(x.name) + " is no listening " +
                                      (is_admin ? "unix socket" : "TCP socket") +
                                      ": its unit needs ListenStream= and Accept=no");
    if (!is_admin)
      out.rooms.push_back(std::move(x));
    else if (out.admin.valid())
      return fail(ec::bad_config, "two sockets are named admin");
    else
      out.admin = std::move(x.fd);
  }
  return out;
}

} // namespace liveconnect::relay
