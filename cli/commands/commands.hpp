#pragma once

#include "cli/transfer/environment.hpp"

/// One function a command (or group of commands): each adds its words and options below `root` and
/// names in `table` what runs them. The order here is the order of the help text.
namespace liveconnect::cli {

/// `send AMOUNT`: makes an invitation, waits in the room, sends.
void add_send_command(CLI::App& root, command_table& table);
/// `receive [FILE|-]`: joins with an invitation.
void add_receive_command(CLI::App& root, command_table& table);
/// `resume [ID]`: goes on with what was cut short.
void add_resume_command(CLI::App& root, command_table& table);
/// `cancel ID`: writes a sent transfer off that neither the receiver nor the servers finish.
void add_cancel_command(CLI::App& root, command_table& table);
/// `wallet list|import|export|check`.
void add_wallet_command(CLI::App& root, command_table& table);
/// `raida run|mint|status`: the embedded servers. What other programs rely on: `run --json` writes
/// one object of type `listening` once every server asked for takes packets on TCP and UDP, and
/// fails with ec::cannot_listen when a port is taken; `mint AMOUNT --denominations 1000:2,10:3
/// --out FILE --data DIR` reads the operator's key from the data folder of `run` and finds the
/// servers by --raida. SIGTERM ends `run` in order.
void add_raida_command(CLI::App& root, command_table& table);
/// `version`: what this program is.
void add_version_command(CLI::App& root, command_table& table);

} // namespace liveconnect::cli
