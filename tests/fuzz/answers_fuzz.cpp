// Answer extraction and comparison, and code extraction, on any text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "evals/common/answer_tokens.h"
#include "evals/common/answer_value.h"
#include "evals/common/answer_zone.h"
#include "evals/common/compare_answers.h"
#include "evals/common/extract_answer.h"
#include "evals/humaneval/extract_code.h"

using namespace assay;
using namespace assay::evals;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_span(std::string_view text, const std::optional<ExtractedAnswer>& answer) {
  if (!answer) return;
  require(answer->begin <= answer->end && answer->end <= text.size());
  require(text.substr(answer->begin, answer->end - answer->begin) == answer->text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(answer_zone(text, true).begin <= size && answer_zone(text, false).begin <= size);
  check_span(text, extract_answer(text));
  check_span(text, extract_last_number(text));

  const std::size_t half = size / 2;
  const std::string_view a = text.substr(0, half);
  const std::string_view b = text.substr(half);
  require(compare_answers(text, text).verdict != Verdict::not_equal ||
          answer_tokens(text)->empty());
  const AnswerComparison once = compare_answers(a, b);
  const AnswerComparison again = compare_answers(a, b);
  require(once.verdict == again.verdict && once.rung == again.rung);
  require(!once.rung.empty() && !once.proof.empty());
  check_span(text, extract_last_math(text));
  for (const ExtractedAnswer& box : boxed_answers(text)) check_span(text, box);
  answer_in(text);
  answer_parses(text);
  normalised_answer(text);
  const ParsedAnswer parsed = parse_answer(text);
  if (parsed.status == ParseStatus::value) assigned_value(parsed.value);

  for (const FencedBlock& block : fenced_blocks(text)) {
    require(block.begin <= block.end && block.end <= size);
  }
  const auto program = program_from_chat(text, "import math\n\ndef f(x):\n", "f");
  require(!program || (program->begin <= program->end && program->end <= size));
  program_from_continuation(text, "def f(x):\n", "f", {"\ndef", "\n```"});
  return 0;
}
