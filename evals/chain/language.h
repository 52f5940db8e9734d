// C9: is a chain written in one language? Judged by script, which bytes decide.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "evals/chain/regions.h"

namespace assay::chain {

enum class Script {
  latin,
  greek,
  cyrillic,
  han,
  kana,
  hangul,
  arabic,
  hebrew,
  devanagari,
  thai,
  other
};
std::string_view script_name(Script script);

struct LanguageFinding {
  /// The prompt's script with the most letters; of the text itself where the prompt has none.
  std::optional<Script> dominant;
  bool from_prompt = false;
  std::size_t letters = 0;  ///< of the text, outside formulas, code and LaTeX commands
  std::size_t foreign = 0;  ///< those of scripts that the dominant one does not go with
  /// The longest stretch of foreign letters, with the bytes it spans.
  std::size_t longest_run = 0;
  ByteSpan run;
  /// The share of letters in the dominant script is too small, or the run too long (thresholds.h).
  bool mixed = false;
};

/// Tags (<think>, <|im_end|>) and [STEP] are no letters. Japanese writes in kana and han, so the
/// two go together where the dominant one is kana. A Greek letter that stands alone is a symbol, no
/// language. Scripts that the prompt uses for at least a twentieth of its letters are not foreign.
LanguageFinding language_of(std::string_view prompt, std::string_view text);

}  // namespace assay::chain
