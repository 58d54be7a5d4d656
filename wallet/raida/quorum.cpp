#include "wallet/raida/quorum.hpp"

#include <algorithm>

namespace liveconnect::raida {

letter_counts count_letters(std::string_view pown) {
  letter_counts out;
  for (char x : pown) {
    switch (x) {
    case letter::passed:
      ++out.passed;
      break;
    case letter::failed:
      ++out.failed;
      break;
    case letter::error:
      ++out.error;
      break;
    case letter::silent:
      ++out.silent;
      break;
    case letter::network:
      ++out.network;
      break;
    case letter::bad_key:
      ++out.bad_key;
      break;
    default:
      ++out.untried;
    }
  }
  return out;
}

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

const char* to_string(find_answer x) {
  switch (x) {
  case find_answer::not_asked:
    return "not_asked";
  case find_answer::an:
    return "an";
  case find_answer::pan:
    return "pan";
  case find_answer::neither:
    return "neither";
  case find_answer::no_such_note:
    return "no_such_note";
  case find_answer::unknown:
    return "unknown";
  }
  return "unknown";
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

bool is_whole(const find_counts& x, const quorum_rules& rules) {
  return x.pan + x.an + x.neither + x.unknown == rules.servers;
}

} // namespace

const char* to_string(claim x) {
  switch (x) {
  case claim::ours:
    return "ours";
  case claim::ours_by_majority:
    return "ours_by_majority";
  case claim::counterfeit:
    return "counterfeit";
  case claim::limbo:
    return "limbo";
  }
  return "unknown";
}

claim conclude_claim(const find_counts& x, const quorum_rules& rules) {
  if (!is_whole(x, rules))
    return claim::limbo;
  if (x.pan >= rules.settled())
    return claim::ours;
  if (x.neither >= rules.settled())
    return claim::counterfeit;
  return x.pan >= rules.majority ? claim::ours_by_majority : claim::limbo;
}

const char* to_string(an_claim x) {
  switch (x) {
  case an_claim::gone:
    return "gone";
  case an_claim::holds:
    return "holds";
  case an_claim::limbo:
    return "limbo";
  }
  return "unknown";
}

an_claim conclude_an(const find_counts& x, const quorum_rules& rules) {
  if (!is_whole(x, rules))
    return an_claim::limbo;
  if (x.neither + x.pan >= rules.settled())
    return an_claim::gone;
  return x.an >= rules.settled() ? an_claim::holds : an_claim::limbo;
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
