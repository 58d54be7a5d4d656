#include "actors/io/socket_handler.hpp"

namespace liveconnect::io {

void socket_handler::on_accepted(socket_id, socket_id, const endpoint&) {}
void socket_handler::on_connected(socket_id, const endpoint&) {}
void socket_handler::on_received(socket_id, byte_view, const endpoint&) {}
void socket_handler::on_drained(socket_id) {}
void socket_handler::on_timer(socket_id) {}
void socket_handler::on_closed(socket_id, close_reason, std::string_view) {}
void socket_handler::on_turn_end() {}

std::shared_ptr<const void> socket_handler::hold() const {
  return nullptr;
}

bool socket_handler::has_room() {
  return true;
}

bool socket_handler::gone() const {
  return false;
}

} // namespace liveconnect::io
