#include "actors/io/byte_loop.hpp"

#include <utility>

#include "actors/io/loop_core.hpp"

namespace liveconnect::io {

byte_loop::byte_loop(loop_config config) : core_(std::make_shared<core>(config)) {
  core_->start_thread();
}

byte_loop::~byte_loop() {
  stop();
}

bool byte_loop::running() const {
  return core_->running();
}

void byte_loop::stop() {
  core_->stop();
}

caf::expected<listening> byte_loop::prepare(const listen& what,
                                            std::shared_ptr<socket_handler> owner) {
  return core_->prepare(what, std::move(owner));
}

caf::expected<socket_id> byte_loop::prepare(const connect& what,
                                            std::shared_ptr<socket_handler> owner) {
  return core_->prepare(what, std::move(owner));
}

void byte_loop::start(socket_id socket) {
  core_->act([raw = core_.get(), socket] { raw->start(socket); });
}

caf::expected<listening> byte_loop::open(const listen& what,
                                         std::shared_ptr<socket_handler> owner) {
  auto out = prepare(what, std::move(owner));
  if (out)
    start(out->socket);
  return out;
}

caf::expected<socket_id> byte_loop::open(const connect& what,
                                         std::shared_ptr<socket_handler> owner) {
  auto out = prepare(what, std::move(owner));
  if (out)
    start(*out);
  return out;
}

caf::expected<listening> byte_loop::open(descriptor listening_socket,
                                         std::shared_ptr<socket_handler> owner) {
  if (auto err = prepare_inherited(listening_socket))
    return err;
  core_->size_buffers(listening_socket);
  auto out = core_->prepare(std::move(listening_socket), transport::tcp, std::move(owner));
  if (out)
    start(out->socket);
  return out;
}

void byte_loop::set_bounds(size_t write_queue_bytes_max, size_t sockets_max) {
  const auto sockets = sockets_max != 0 ? sockets_max : sockets_by_limit();
  core_->act([raw = core_.get(), write_queue_bytes_max, sockets] {
    raw->set_bounds(write_queue_bytes_max, sockets);
  });
}

std::shared_ptr<socket_handler> byte_loop::handler_for(const socket_owner_actor& owner) {
  return core_->handler_for(owner);
}

void byte_loop::send(socket_id socket, bytes data) {
  core_->act([raw = core_.get(), socket, data = std::move(data)] { raw->send(socket, data); });
}

void byte_loop::send_to(socket_id socket, const endpoint& to, bytes data) {
  core_->act([raw = core_.get(), socket, to, data = std::move(data)]() mutable {
    raw->send_to(socket, to, std::move(data));
  });
}

void byte_loop::close(socket_id socket, bool flush) {
  core_->act([raw = core_.get(), socket, flush] { raw->close(socket, flush); });
}

void byte_loop::pause(socket_id socket) {
  core_->act([raw = core_.get(), socket] { raw->pause(socket, true); });
}

void byte_loop::resume(socket_id socket) {
  core_->act([raw = core_.get(), socket] { raw->pause(socket, false); });
}

void byte_loop::post(std::function<void()> job) {
  core_->enqueue(std::move(job));
}

uint64_t byte_loop::accept_rests() const {
  return core_->accept_rests();
}

uint64_t byte_loop::coalesced_turns() const {
  return core_->coalesced_turns();
}

size_t byte_loop::write(socket_id socket, const iovec* pieces, size_t count) {
  return core_->write(socket, pieces, count);
}

size_t byte_loop::write(socket_id socket, byte_view data) {
  const iovec piece{const_cast<uint8_t*>(data.data()), data.size()};
  return data.empty() ? core_->queued(socket) : core_->write(socket, &piece, 1);
}

size_t byte_loop::queued(socket_id socket) const {
  return core_->queued(socket);
}

uint64_t byte_loop::written(socket_id socket) const {
  return core_->written(socket);
}

size_t byte_loop::queued_in_all() const {
  return core_->queued_in_all();
}

void byte_loop::set_timer(socket_id socket, clock::time_point when) {
  core_->set_timer(socket, when);
}

void byte_loop::request_turn_end(const std::shared_ptr<socket_handler>& handler) {
  core_->request_turn_end(handler);
}

byte_loop::clock::time_point byte_loop::now() const {
  return core_->now();
}

descriptor byte_loop::release(socket_id socket) {
  return core_->release(socket);
}

socket_id byte_loop::adopt(descriptor stream, const endpoint& peer,
                           std::shared_ptr<socket_handler> owner) {
  return core_->adopt_stream(std::move(stream), peer, std::move(owner), true);
}

size_t byte_loop::open_sockets() const {
  return core_->open_sockets();
}

} // namespace liveconnect::io
