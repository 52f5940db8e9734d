#include "harness/chain/analyse_text.h"

#include "evals/common/compare_answers.h"
#include "evals/common/extract_answer.h"

namespace assay {
namespace {

std::optional<bool> equals(std::string_view gold, std::string_view answer) {
  if (gold.empty()) return std::nullopt;
  switch (evals::compare_answers(gold, answer).verdict) {
    case Verdict::equal:
      return true;
    case Verdict::not_equal:
      return false;
    case Verdict::undecided:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

TextAnalysis analyse_text(const ChainText& text, bool thinking) {
  TextAnalysis out;
  out.thinking = thinking;
  chain::ChainInput input;
  input.thinking = thinking;
  input.text = text.text;
  input.stop = text.stop;
  input.prompt = text.question;
  const chain::ByteSpan zone = chain::layout_of(text.text, thinking).answer;
  const std::string_view segment = chain::slice(text.text, zone);
  if (auto answer = evals::extract_answer(segment)) {
    input.answer = chain::ByteSpan{zone.begin + answer->begin, zone.begin + answer->end};
    input.answer_parses = evals::answer_parses(answer->text);
    out.correct = equals(text.answer, answer->text);
    out.answer = std::move(answer->text);
    input.answer_value = *out.answer;
  } else if (const std::size_t fence = segment.rfind("```"); fence != std::string_view::npos) {
    input.answer_parses = true;
    input.answer = chain::ByteSpan{zone.begin + fence, zone.begin + fence + 3};
  }
  out.analysis = chain::analyse(input);
  return out;
}

}  // namespace assay
