#pragma once

#include <string>

#include <gtest/gtest.h>

#include "messages/money/note.hpp"
#include "wallet/raida/quorum.hpp"

namespace liveconnect::test {

/// What a client does with a Pown's letters: where a server passed, the PAN is the AN from now on.
inline void adopt_powned(note& x, const std::string& letters) {
  ASSERT_EQ(letters.size(), x.ans.size());
  ASSERT_EQ(x.pans.size(), x.ans.size());
  for (size_t i = 0; i < letters.size(); ++i)
    if (letters[i] == letter::passed)
      x.ans[i] = x.pans[i];
  x.pown = letters;
}

} // namespace liveconnect::test
