#pragma once

#include <caf/type_id.hpp>

// Atoms: the verbs of messages that have no struct of their own, by conversation. Their numbers
// never leave the process.
CAF_BEGIN_TYPE_ID_BLOCK(liveconnect_atoms, caf::first_custom_type_id)

  // io: messages/interfaces/io.hpp
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, stop, "stop")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, tick, "tick")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, done, "done")

  // wallet: messages/interfaces/wallet.hpp
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, reserve, "reserve")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, balance, "balance")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, recover, "recover")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, open_transfers, "opentransf")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, manifest, "manifest")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, begin_sending, "beginsend")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, receipt, "receipt")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, confirmed, "confirmed")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, receipt_key, "receiptkey")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, terms, "terms")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, answers_owed, "answers")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, settle, "settle")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, list_notes, "listnotes")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, check_notes, "checknotes")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, heal_notes, "healnotes")

  // session: messages/interfaces/session.hpp
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, approve, "approve")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, cancel, "cancel")

  // relay: messages/interfaces/relay_interfaces.hpp
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, describe, "describe")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, kick, "kick")
  CAF_ADD_ATOM(liveconnect_atoms, liveconnect::atom, drain, "drain")

CAF_END_TYPE_ID_BLOCK(liveconnect_atoms)
