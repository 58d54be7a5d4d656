#include "cli/transfer/command.hpp"

namespace liveconnect::cli {

advice words_of(const command_end& end) {
  auto out = end.signal != 0 ? advice_for_signal(end.signal) : advice_for(end.failure);
  if (!end.words.what.empty())
    out.what = end.words.what;
  if (!end.words.what_to_do.empty())
    out.what_to_do = end.words.what_to_do;
  return out;
}

} // namespace liveconnect::cli
