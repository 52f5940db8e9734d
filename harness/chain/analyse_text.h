// Chain analysis of text alone: no tokens, no task, no grade.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "evals/chain/chain.h"
#include "harness/chain/chain_file.h"

namespace assay {

struct TextAnalysis {
  chain::ChainAnalysis analysis;
  bool thinking = false;
  std::optional<std::string> answer;  ///< the final answer as extracted
  /// Whether it equals the record's expected answer; nothing when there is none to compare, or the
  /// grader could not decide.
  std::optional<bool> correct;
};

/// The answer is extracted as the math graders do; a text whose answer segment holds a code block
/// and no such answer is a program, for which C8 and C10 do not apply.
TextAnalysis analyse_text(const ChainText& text, bool thinking);

}  // namespace assay
