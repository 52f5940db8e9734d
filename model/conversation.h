// A client's conversation through a model's chat template: with whatever members its messages have
// (tool_calls, name) and the tools that it offers. What evals send is simpler: prompt_builder.h.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/error.h"
#include "model/prompt_builder.h"
#include "model/tokenizer.h"

namespace assay {

struct Conversation {
  const nlohmann::ordered_json* messages = nullptr;  ///< objects; at most kMaxJsonDepth deep
  const nlohmann::ordered_json* tools = nullptr;     ///< an array; null: none
  std::string assistant_prefix;                      ///< text the answer starts with
  std::optional<bool> enable_thinking;               ///< the template's own switch
};

/// Immutable; usable from many threads.
class ConversationTemplate {
 public:
  /// `source`: the model file's Jinja; empty: it has none, and build() fails.
  static Result<ConversationTemplate> compile(std::string source);
  ConversationTemplate(ConversationTemplate&&) noexcept;
  ~ConversationTemplate();

  /// The very prompt that `prompts` makes of messages of role and content alone.
  Result<BuiltPrompt> build(const Conversation& conversation, const Tokenizer& tokenizer,
                            const PromptBuilder& prompts) const;
  const std::string& source() const;

 private:
  struct Program;
  explicit ConversationTemplate(std::unique_ptr<const Program> program);
  std::unique_ptr<const Program> program_;
};

}  // namespace assay
