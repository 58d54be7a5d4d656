#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>

#include "messages/interfaces/raida.hpp"
#include "tests/support/raida_lab.hpp"

/// What raida_request, raida_reply and their seeds agree on.
namespace liveconnect::fuzz {

/// Every command, in the order in which a piece's kind names them.
inline constexpr std::array raida_commands{
    raida::command::echo,
    raida::command::version,
    raida::command::show_stats,
    raida::command::count_coins,
    raida::command::detect,
    raida::command::detect_sum,
    raida::command::pown,
    raida::command::pown_sum,
    raida::command::get_ticket,
    raida::command::validate_ticket,
    raida::command::find,
    raida::command::fix,
    raida::command::available_serials,
    raida::command::break_note,
    raida::command::join_notes,
    raida::command::admin_available,
    raida::command::admin_create,
    raida::command::admin_free,
};

/// Servers of the network that is asked; the first one gets the requests.
inline constexpr size_t raida_servers = 3;
/// A piece of this kind is a whole packet, header included.
inline constexpr uint8_t raw_datagram = 100;
inline constexpr uint8_t raw_stream = 101;
/// A piece of this kind lets so many seconds pass (two bytes).
inline constexpr uint8_t time_passes = 102;
/// Adding this to a command's kind sends it to the second server, or the third.
inline constexpr uint8_t next_server = 32;

/// Gives every server its notes. The operator's key is zeros, so that a fuzzer finds it; a note's
/// ANs are its serial, repeated.
inline void fill(test::raida_lab& lab) {
  for (size_t server = 0; server < raida_servers; ++server) {
    const auto put = [&](int8_t denomination, uint8_t serial) {
      authenticity_number an;
      std::fill_n(an.data(), an.size(), serial);
      lab.store(server).put({denomination, serial}, an, 45);
    };
    for (uint8_t serial = 1; serial <= 12; ++serial)
      put(0, serial);
    put(1, 1);
    put(1, 2);
    put(6, 3);
    if (lab.core(server).reset())
      std::abort();
  }
}

} // namespace liveconnect::fuzz
