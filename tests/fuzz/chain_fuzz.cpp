// Chain analysis on any tokens and text: every span lies within its text, the regions cover it, the
// counts of C7 add up, and the loop finder agrees with its own evidence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "evals/chain/chain.h"
#include "evals/chain/milestones.h"
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

void check_span(ByteSpan span, std::size_t size) {
  require(span.begin <= span.end && span.end <= size);
}

void check_parts(const ChainAnalysis& analysis, std::size_t size) {
  for (const auto& [name, component] : components_of(analysis)) {
    if (component->evidence) check_span(*component->evidence, size);
    if (analysis.strictly_complete == true && component != &analysis.c7_arithmetic) {
      require(component->ok != false);
    }
  }
  for (const Step& step : analysis.steps) check_span(step.span, size);
  check_span(analysis.layout.thinking, size);
  check_span(analysis.layout.answer, size);
  const ArithmeticReport& sums = analysis.arithmetic;
  require(sums.contradicted <= sums.checked && sums.checked <= sums.found);
  require(sums.claims.size() == sums.checked);
  for (const Claim& claim : sums.claims) check_span(claim.span, size);
}

/// What a chain derives, it states.
void check_values(std::string_view text) {
  const ValueSet stated = stated_values(text);
  for (const std::string& value : derived_values(text)) require(stated.contains(value));
}

/// The text alone, as of a file, and its regions.
void check_text(const ChainInput& with_tokens) {
  ChainInput input = with_tokens;
  input.tokens = {};
  input.token_ends = {};
  input.stop.reset();
  input.prompt = input.text.substr(0, input.text.size() / 8);
  if (!input.text.empty()) {
    input.answer = ByteSpan{input.text.size() / 2, input.text.size()};
    input.answer_value = input.text.substr(input.text.size() / 2);
  }
  check_values(input.text);
  check_parts(analyse(input), input.text.size());
  std::size_t end = 0;
  for (const Region& region : regions_of(input.text)) {
    require(region.span.begin == end && region.span.end > end);
    require(region.body.begin >= region.span.begin && region.body.end <= region.span.end);
    require(region.body.begin <= region.body.end);
    end = region.span.end;
  }
  require(end == input.text.size());
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
  check_parts(analysis, input.text.size());
  check_text(input);
  Grade grade;
  grade.answer_found = input.answer_parses;
  outcome_of(grade, analysis, true);
  return 0;
}
