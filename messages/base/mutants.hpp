#pragma once

/// Deliberate faults, for the tests of the tests (docs/design/safety.md 6.2). A mutant is a rule of
/// this program broken at one place, as a mistake would break it; `./mutants` builds all of them
/// into one build, switches them on one at a time, and wants a test to fail for each.
/// `tests/mutants.txt` says what each is and which tests must see it.
///
/// In every other build LC_MUTANT is the constant `false`, and nothing of it is left.
namespace liveconnect {

#ifdef LIVECONNECT_MUTANTS
/// Whether `name` is the mutant that this process is to have: the one that the environment names
/// (LC_MUTANT). The programs that a test starts inherit it.
bool is_mutated(const char* name);
#endif

} // namespace liveconnect

#ifdef LIVECONNECT_MUTANTS
#define LC_MUTANT(name) (::liveconnect::is_mutated(#name))
#else
#define LC_MUTANT(name) false
#endif
