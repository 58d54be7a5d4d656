#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <caf/expected.hpp>
#include <nlohmann/json_fwd.hpp>

#include "actors/io/descriptor.hpp"

namespace liveconnect::relay {

/// The admin socket. A process that may open it may do everything: the file's mode protects it.
class admin_server {
public:
  /// Says one line of an answer.
  using say_function = std::function<void(const nlohmann::ordered_json&)>;
  /// Carries out a request (an object) on the server's thread. Says any lines and then returns the
  /// last one's content: `ok`, and `error` where that is false.
  using handler =
      std::function<nlohmann::ordered_json(const nlohmann::json& request, const say_function& say)>;

  /// Listens on an absolute path and serves until destruction, which takes the file away. Makes the
  /// folder (0700) when it is not there. Fails with ec::cannot_listen: a folder that others may
  /// enter, a path over 100 bytes, another relay that answers there. A socket that no relay serves
  /// any more is replaced.
  static caf::expected<std::unique_ptr<admin_server>> open(const std::string& path, handler what);
  /// The same on a unix socket that listens already; its file and mode are its owner's, and it is
  /// left where it is.
  static caf::expected<std::unique_ptr<admin_server>> open(io::descriptor listener, handler what);
  ~admin_server();

  /// Where it listens.
  const std::string& path() const;

  admin_server(const admin_server&) = delete;
  admin_server& operator=(const admin_server&) = delete;

private:
  struct state;
  static caf::expected<std::unique_ptr<admin_server>> begin(std::unique_ptr<state> made,
                                                            io::descriptor listener);
  explicit admin_server(std::unique_ptr<state> made);
  std::unique_ptr<state> state_;
};

/// Answers one request: `line` is what the client sent, without its newline, and empty when no
/// whole line came. Hands each line of the answer to `send`, newline included; `what` sees only
/// requests that are JSON objects. Pure but for `what`.
void answer_admin_request(std::string_view line, const admin_server::handler& what,
                          const std::function<void(const std::string& text)>& send);

} // namespace liveconnect::relay
