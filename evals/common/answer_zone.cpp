#include "evals/common/answer_zone.h"

namespace assay::evals {

AnswerZone answer_zone(std::string_view text, bool thinking) {
  constexpr std::string_view open = "<think>";
  constexpr std::string_view close = "</think>";
  const std::size_t last_close = text.rfind(close);
  const bool closed = last_close != std::string_view::npos;
  const std::size_t begin = closed ? last_close + close.size() : 0;
  const bool reopened = text.find(open, begin) != std::string_view::npos;
  if (reopened || (thinking && !closed)) return {text.size(), true};
  return {begin, false};
}

}  // namespace assay::evals
