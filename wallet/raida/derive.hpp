#pragma once

#include <vector>

#include "messages/money/note.hpp"

/// ANs that a server computes instead of being told (docs/formats/raida.md 6 and 9). Both sides
/// need the same rule.
namespace liveconnect::raida {

/// MD5, which the RAIDA's formats call for. Not for anything that must resist an attacker.
authenticity_number md5(byte_view x);

/// The AN that a successful Fix leaves on server `server`: MD5 of server[1], denomination[1],
/// serial[4] and the 16 bytes that the client chose (docs/formats/raida.md 9, step 4).
authenticity_number fixed_an(uint8_t server, note_id id, const authenticity_number& pg);

/// PG of a Fix: the value a server derives the new AN from (docs/formats/raida.md 9; derive.hpp,
/// fixed_an()).
using fix_seed = secret<16>;

/// One Fix that is about to be sent: on `server`, each of `notes` may from now on carry
/// fixed_an(server, note, pg).
struct fix_intent {
  size_t server = 0;
  fix_seed pg;
  std::vector<note_id> notes;
};

/// The AN that admin_create leaves on server `server`: MD5 of the decimal server id, the decimal
/// serial and the hexadecimal of the first 16 bytes of the coin list (docs/formats/raida.md 6,
/// 3/130). A list shorter than 16 bytes is filled up with zeros.
authenticity_number minted_an(uint8_t server, uint32_t serial, byte_view coin_list);

} // namespace liveconnect::raida
