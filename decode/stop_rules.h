// When one completion ends: the model's end tokens, the task's stop strings (matched on the
// detokenised stream, and only outside the thinking part), the budget.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"
#include "model/prompt_builder.h"
#include "model/tokenizer.h"

namespace assay {

/// The stream of one completion. Not thread-safe; the tokenizer must outlive it.
class StopRules {
 public:
  /// budget: tokens that may be generated; at least 1.
  StopRules(const Tokenizer& tokenizer, const ChainProfile& profile,
            std::vector<std::string> stop_strings, std::int64_t budget);

  /// Takes the next generated token; says why the completion ends with it, if it does.
  std::optional<StopReason> push(TokenId token);
  /// Text so far that nothing can take back: a beginning of a stop string at its end is held.
  std::string_view settled_text() const;
  /// Text so far without end token and stop string. Call once, after the end.
  std::string take_text();
  bool inside_thinking() const { return inside_thinking_; }

 private:
  bool find_stop_string(std::size_t new_from);

  const Tokenizer* tokenizer_;
  ChainProfile profile_;
  std::vector<std::string> stop_strings_;
  std::int64_t budget_;
  std::int64_t count_ = 0;
  bool inside_thinking_;
  StreamDecoder decoder_;
  std::string text_;
  /// Where the part in which stop strings count begins: after the thinking part, if there is one.
  std::size_t searchable_from_ = 0;
  bool ended_by_stop_string_ = false;
};

}  // namespace assay
