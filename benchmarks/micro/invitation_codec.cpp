// What do the invitation's three forms cost: file, line and words?
#include "benchmarks/micro/count.hpp"
#include "messages/secure/invitation.hpp"

namespace liveconnect::bench {
namespace {

invitation example() {
  return make_invitation("relay.example.org", 9100, 1'795'370'400, amount::from_coins(3439));
}

std::string_view text_of(const secret_bytes& x) {
  return view(x).text();
}

void parse_again(benchmark::State& state, const secret_bytes& text) {
  for (auto _ : state) {
    const auto got = parse_invitation(text_of(text));
    if (!got) {
      state.SkipWithError("an invitation did not come back");
      break;
    }
    benchmark::DoNotOptimize(got->room);
  }
  count_bytes(state, text.size());
}

void invitation_make(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(example());
}
BENCHMARK(invitation_make);

void invitation_write_file(benchmark::State& state) {
  const auto x = example();
  for (auto _ : state)
    benchmark::DoNotOptimize(to_file_text(x));
}
BENCHMARK(invitation_write_file);

void invitation_write_line(benchmark::State& state) {
  const auto x = example();
  for (auto _ : state)
    benchmark::DoNotOptimize(to_line(x));
}
BENCHMARK(invitation_write_line);

void invitation_read_file(benchmark::State& state) {
  parse_again(state, to_file_text(example()));
}
BENCHMARK(invitation_read_file);

void invitation_read_line(benchmark::State& state) {
  parse_again(state, to_line(example()));
}
BENCHMARK(invitation_read_line);

void invitation_read_words(benchmark::State& state) {
  const auto words = key_words(example().key);
  for (auto _ : state) {
    const auto got = parse_key_words(text_of(words));
    if (!got) {
      state.SkipWithError("the words did not come back");
      break;
    }
    benchmark::DoNotOptimize(got->data());
  }
}
BENCHMARK(invitation_read_words);

} // namespace
} // namespace liveconnect::bench
