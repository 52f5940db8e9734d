// Prompt -> token ids: chat template, tokenizer, exactly one BOS, and where the thinking part
// begins.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/completer.h"
#include "core/error.h"
#include "core/types.h"
#include "model/chat_template.h"
#include "model/tokenizer.h"

namespace assay {

/// What a model's chain of thought looks like (docs: thinking and plain profiles).
struct ChainProfile {
  bool thinking = false;          ///< the model thinks between think_open and think_close
  bool opened_by_prompt = false;  ///< the template's generation prompt already holds think_open
  TokenId think_open = -1;        ///< "<think>"; -1: not in the vocabulary
  TokenId think_close = -1;       ///< "</think>"
};

/// --chain-profile
enum class ProfileChoice { automatic, thinking, plain };

struct PromptBuilderOptions {
  ProfileChoice profile = ProfileChoice::automatic;
  /// For templates that write the date: see TemplateInputs.
  std::string date_iso = TemplateInputs().date_iso;
};

struct BuiltPrompt {
  std::vector<TokenId> ids;
  std::string text;            ///< what was encoded, without a BOS that was added as an id
  bool thinking_open = false;  ///< the text ends inside a thinking part
  /// One line each. A control token written inside a message ("<|im_end|>") becomes that token, as
  /// in transformers, on whose protocol published scores rest: it cannot be told apart after the
  /// template is rendered, so it is said here and never changed silently.
  std::vector<std::string> warnings;
};

/// Immutable; usable from many threads. The tokenizer must outlive it.
class PromptBuilder {
 public:
  /// `chat_template`: the model file's Jinja source; empty: it has none, only raw prompts work.
  /// Automatic profile: thinking if the vocabulary has both tokens and the template knows of them,
  /// unless its generation prompt closes the thinking part at once. A forced profile also sets the
  /// template's `enable_thinking`; forced thinking without the tokens is a usage error.
  static Result<PromptBuilder> create(const Tokenizer& tokenizer, std::string chat_template,
                                      PromptBuilderOptions options);

  /// Messages: rendered with a generation prompt, then the assistant's prefix; BOS is put in front
  /// if the file asks for it and the template wrote none. Raw: text and prefix as they are, BOS if
  /// the file asks for it. Two BOS tokens at the start are an error, and so is an empty prompt.
  Result<BuiltPrompt> build(const Prompt& prompt) const;

  /// Error{environment} where the plainest conversation would start with two BOS tokens: so would
  /// every other. A template that cannot render it says so when a prompt is built.
  Result<void> check_template() const;

  const ChainProfile& profile() const { return profile_; }
  /// Of the template's source; empty if there is none.
  const std::string& template_sha256() const { return template_sha256_; }

 private:
  PromptBuilder(const Tokenizer& tokenizer, PromptBuilderOptions options)
      : tokenizer_(&tokenizer), options_(std::move(options)) {}
  Result<void> detect_profile();
  Result<std::string> render(const std::vector<Message>& messages) const;
  Result<void> begin_with_bos(bool chat, std::vector<TokenId>* ids) const;
  void warn_of_control_tokens(std::string_view place, std::string_view text,
                              std::vector<std::string>* warnings) const;

  const Tokenizer* tokenizer_;
  PromptBuilderOptions options_;
  std::optional<ChatTemplate> template_;
  std::string template_sha256_;
  ChainProfile profile_;
};

}  // namespace assay
