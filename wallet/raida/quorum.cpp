#include "wallet/raida/quorum.hpp"

#include <algorithm>

#include "messages/base/mutants.hpp"

namespace liveconnect::raida {

note_verdict grade_detect(std::string_view pown, const quorum_rules& rules) {
  // A string of another length could let two verdicts reach the majority at once.
  if (pown.size() != rules.servers)
    return note_verdict::limbo;
  const auto n = count_letters(pown);
  if (n.passed >= rules.majority)
    return n.failed == 0 ? note_verdict::authentic : note_verdict::fracked;
  return n.failed >= rules.majority ? note_verdict::counterfeit : note_verdict::limbo;
}

std::vector<size_t> must_find(std::string_view pown) {
  std::vector<size_t> out;
  for (size_t i = 0; i < pown.size(); ++i)
    if (pown[i] != letter::passed && pown[i] != letter::untried)
      out.push_back(i);
  return out;
}

find_counts count_answers(const std::vector<find_answer>& x) {
  find_counts out;
  for (auto one : x) {
    switch (one) {
    case find_answer::pan:
      ++out.pan;
      break;
    case find_answer::an:
      ++out.an;
      break;
    case find_answer::neither:
    case find_answer::no_such_note:
      ++out.neither;
      break;
    case find_answer::not_asked:
    case find_answer::unknown:
      ++out.unknown;
      break;
    }
  }
  return out;
}

namespace {

/// The verdict of all servers together, by those that hold a secret of ours and those that hold
/// that of another owner.
note_verdict conclude(const find_counts& x, size_t ours, size_t others, const quorum_rules& rules) {
  if (x.pan + x.an + x.neither + x.unknown != rules.servers)
    return note_verdict::limbo;
  if (others >= rules.settled())
    return note_verdict::counterfeit;
  if (ours < (LC_MUTANT(bare_majority_is_enough) ? rules.majority : rules.settled()))
    return note_verdict::limbo;
  return ours == rules.servers ? note_verdict::authentic : note_verdict::fracked;
}

} // namespace

note_verdict conclude_claim(const find_counts& x, const quorum_rules& rules) {
  return conclude(x, x.pan, x.neither, rules);
}

bool has_bare_majority(const find_counts& x, const quorum_rules& rules) {
  return conclude_claim(x, rules) == note_verdict::limbo && x.pan >= rules.majority &&
         x.pan < rules.settled();
}

note_verdict conclude_an(const find_counts& x, const quorum_rules& rules) {
  return conclude(x, x.an, x.neither + x.pan, rules);
}

void adopt_found(note& x, const std::vector<find_answer>& found) {
  const auto servers = x.ans.size();
  if (x.pans.size() != servers || found.size() != servers)
    return;
  x.pown.resize(servers, letter::untried);
  for (size_t i = 0; i < servers; ++i) {
    switch (found[i]) {
    case find_answer::pan:
      x.ans[i] = x.pans[i];
      x.pown[i] = letter::passed;
      break;
    case find_answer::an:
      x.pown[i] = letter::passed;
      break;
    case find_answer::neither:
    case find_answer::no_such_note:
      x.pown[i] = letter::failed;
      break;
    case find_answer::not_asked:
    case find_answer::unknown:
      break;
    }
  }
}

} // namespace liveconnect::raida
