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
/// More than any service manager hands over; a number beyond it is not a number of sockets.
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

/// Takes `count` descriptors over, with their names, close-on-exec from now on.
caf::expected<std::vector<inherited_sockets::named>> take(unsigned count,
                                                          const std::string& names) {
  std::vector<inherited_sockets::named> out;
  for (unsigned i = 0; i < count; ++i) {
    const int fd = first_descriptor + static_cast<int>(i);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
      out.push_back({"", io::descriptor(fd)});
  }
  if (out.size() < count)
    return fail(ec::bad_config, "LISTEN_FDS promises " + std::to_string(count) +
                                    " descriptors, of which " + std::to_string(out.size()) +
                                    " are there");
  const auto parts = split(names);
  for (size_t i = 0; i < out.size() && i < parts.size(); ++i)
    out[i].name = parts[i];
  return out;
}

/// Whether a socket of that name is one for clients.
bool is_for_rooms(const std::string& name) {
  return name.empty() || name == "rooms" || name == "unknown" || ends_with(name, ".socket");
}

/// Whether the socket may have its name, and is of the kind that the name asks for.
caf::error check(const inherited_sockets::named& x) {
  const bool is_admin = x.name == "admin";
  if (!is_admin && !is_for_rooms(x.name))
    return fail(ec::bad_config, "there is no use for a socket named " + in_quotes(x.name) +
                                    ": FileDescriptorName= is rooms or admin");
  const int family = io::listening_family(x.fd.get());
  if (is_admin ? family != AF_UNIX : family != AF_INET && family != AF_INET6)
    return fail(ec::bad_config, "the socket named " + in_quotes(x.name) + " is no listening " +
                                    (is_admin ? "unix socket" : "TCP socket") +
                                    ": its unit needs ListenStream= and Accept=no");
  return {};
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
    return fail(ec::bad_config, "LISTEN_FDS=" + in_quotes(*count_text) + " is not a number of sockets");
  auto all = take(*count, get("LISTEN_FDNAMES").value_or(""));
  if (!all)
    return all.error();
  for (auto& x : *all) {
    if (auto err = check(x))
      return err;
    if (x.name != "admin")
      out.rooms.push_back(std::move(x));
    else if (out.admin.valid())
      return fail(ec::bad_config, "two sockets are named admin");
    else
      out.admin = std::move(x.fd);
  }
  return out;
}

} // namespace liveconnect::relay
