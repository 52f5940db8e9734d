// Chain analysis on any tokens and text: every span lies within its text, and the loop finder
// agrees with its own evidence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "evals/chain/chain.h"
#include "evals/chain/outcome.h"

using namespace assay;
using namespace assay::chain;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_loop(const std::vector<TokenId>& tokens, const Loop& loop) {
  require(loop.where.begin < loop.where.end && loop.where.end <= tokens.size());
  if (loop.kind != LoopKind::periodic_suffix) return;
  for (std::size_t i = loop.where.begin + loop.period; i < loop.where.end; ++i) {
    require(tokens[i] == tokens[i - loop.period]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t flags = data[0];
  // A few distinct ids, so that repetition is likely.
  const int n_ids = 1 + data[1] % 8;
  std::vector<TokenId> tokens;
  std::vector<std::size_t> ends;
  for (std::size_t i = 2; i < size; ++i) {
    tokens.push_back(data[i] % n_ids);
    ends.push_back(i - 1);
  }
  const std::vector<TokenId> eos = {0};
  ChainInput input;
  input.thinking = (flags & 1U) != 0;
  input.text = std::string_view(reinterpret_cast<const char*>(data) + 2, size - 2);
  input.tokens = tokens;
  input.eos_ids = eos;
  if ((flags & 2U) != 0) input.token_ends = ends;
  if ((flags & 4U) != 0) input.think_open = 1;
  if ((flags & 8U) != 0) input.think_close = 2;
  if ((flags & 16U) != 0) input.stop = static_cast<StopReason>(flags >> 6U);
  input.answer_parses = (flags & 32U) != 0;
  const ChainAnalysis analysis = analyse(input);
  if (analysis.loop) check_loop(tokens, *analysis.loop);
  for (const Component* part :
       {&analysis.c1_think_closed, &analysis.c2_not_truncated, &analysis.c3_no_loop,
        &analysis.c4_answer_segment, &analysis.c5_answer_extractable}) {
    if (!part->evidence) continue;
    require(part->evidence->begin <= part->evidence->end);
    require(part->evidence->end <= input.text.size());
    if (analysis.complete == true) require(part->ok != false);
  }
  Grade grade;
  grade.answer_found = input.answer_parses;
  outcome_of(grade, analysis, true);
  return 0;
}
