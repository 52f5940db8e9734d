#include "model/prompt_builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/sha256.h"
#include "core/text.h"

namespace assay {
namespace {

constexpr std::string_view kThinkOpen = "<think>";
constexpr std::string_view kThinkClose = "</think>";

std::string_view without_trailing_space(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

// The text's end opens a thinking part that `prefix`, written after it, does not close.
bool ends_in_thinking(std::string_view text, std::string_view prefix) {
  const bool opened = without_trailing_space(text).ends_with(kThinkOpen);
  const std::size_t open = prefix.rfind(kThinkOpen);
  const std::size_t close = prefix.rfind(kThinkClose);
  if (open == std::string_view::npos && close == std::string_view::npos) return opened;
  return open != std::string_view::npos && (close == std::string_view::npos || open > close);
}

}  // namespace

Result<PromptBuilder> PromptBuilder::create(const Tokenizer& tokenizer, std::string chat_template,
                                            PromptBuilderOptions options) {
  PromptBuilder builder(tokenizer, std::move(options));
  if (!chat_template.empty()) {
    builder.template_sha256_ = sha256_hex(chat_template);
    Result<ChatTemplate> compiled = ChatTemplate::compile(std::move(chat_template));
    if (!compiled) return tl::unexpected<Error>(std::move(compiled.error()));
    builder.template_ = std::move(*compiled);
  }
  const Result<void> detected = builder.detect_profile();
  if (!detected) return tl::unexpected<Error>(detected.error());
  return builder;
}

Result<void> PromptBuilder::detect_profile() {
  profile_.think_open = tokenizer_->find(kThinkOpen);
  profile_.think_close = tokenizer_->find(kThinkClose);
  const bool has_tokens = profile_.think_open >= 0 && profile_.think_close >= 0;
  if (options_.profile == ProfileChoice::plain) return {};
  if (!has_tokens) {
    if (options_.profile == ProfileChoice::automatic) return {};
    return failure(ErrorKind::usage,
                   "the thinking profile was asked for, but the vocabulary has no <think> and "
                   "</think>",
                   "use --chain-profile plain or auto");
  }
  profile_.thinking = options_.profile == ProfileChoice::thinking;
  if (!template_) return {};
  // A template that cannot render the plainest conversation says so when a prompt is built.
  const std::string probe = render({{"user", "2 + 2?"}}).value_or("");
  profile_.opened_by_prompt = ends_in_thinking(probe, "");
  if (options_.profile == ProfileChoice::automatic) {
    const bool closed_at_once = without_trailing_space(probe).ends_with(kThinkClose);
    const bool knows = template_->source().find(kThinkClose) != std::string::npos;
    profile_.thinking = (profile_.opened_by_prompt || knows) && !closed_at_once;
  }
  return {};
}

Result<std::string> PromptBuilder::render(const std::vector<Message>& messages) const {
  const TokenizerSpec& spec = tokenizer_->spec();
  TemplateInputs inputs;
  inputs.messages = messages;
  inputs.date_iso = options_.date_iso;
  if (spec.bos >= 0) inputs.bos_token = tokenizer_->token_bytes(spec.bos);
  if (spec.eos >= 0) inputs.eos_token = tokenizer_->token_bytes(spec.eos);
  if (options_.profile != ProfileChoice::automatic) {
    inputs.enable_thinking = options_.profile == ProfileChoice::thinking;
  }
  return template_->render(inputs);
}

void PromptBuilder::warn_of_control_tokens(std::string_view place, std::string_view text,
                                           std::vector<std::string>* warnings) const {
  const std::vector<TokenId> ids = tokenizer_->encode(text, true);
  const auto control =
      std::find_if(ids.begin(), ids.end(), [&](TokenId id) { return tokenizer_->is_control(id); });
  if (control == ids.end()) return;
  warnings->push_back(
      fmt::format("{} holds '{}', which the model reads as its control token (as in transformers)",
                  place, name_for_message(tokenizer_->token_bytes(*control))));
}

/// Adds BOS where the file asks for it and no template wrote it; two are refused.
Result<void> PromptBuilder::begin_with_bos(bool chat, std::vector<TokenId>* ids) const {
  const TokenizerSpec& spec = tokenizer_->spec();
  const auto starts_with_bos = [&](std::size_t at) {
    return spec.bos >= 0 && ids->size() > at && (*ids)[at] == spec.bos;
  };
  const bool written = chat && starts_with_bos(0);
  if (spec.add_bos && spec.bos >= 0 && !written) ids->insert(ids->begin(), spec.bos);
  if (!starts_with_bos(0) || !starts_with_bos(1)) return {};
  return env_failure(fmt::format("two BOS tokens: the prompt would start with '{0}' twice",
                                 name_for_message(tokenizer_->token_bytes(spec.bos))),
                     chat ? "a message or the template repeats it; remove one"
                          : "remove it from the prompt: the model file has it added");
}

Result<void> PromptBuilder::check_template() const {
  if (!template_) return {};
  const Result<std::string> plainest = render({{"user", "2 + 2?"}});
  if (!plainest) return {};
  std::vector<TokenId> ids = tokenizer_->encode(*plainest, true);
  return begin_with_bos(true, &ids);
}

Result<BuiltPrompt> PromptBuilder::build(const Prompt& prompt) const {
  const bool chat = !prompt.messages.empty();
  ASSAY_ASSERT(!chat || prompt.raw.empty());
  BuiltPrompt built;
  if (chat) {
    if (!template_) {
      return env_failure("the model file has no chat template, and the task sends messages",
                         "use a task with a completion protocol, or another model file");
    }
    Result<std::string> text = render(prompt.messages);
    if (!text) return tl::unexpected<Error>(std::move(text.error()));
    built.text = std::move(*text);
    for (std::size_t i = 0; i < prompt.messages.size(); ++i) {
      const Message& message = prompt.messages[i];
      warn_of_control_tokens(fmt::format("message {} ({})", i + 1, name_for_message(message.role)),
                             message.content, &built.warnings);
    }
  } else {
    built.text = prompt.raw;
    warn_of_control_tokens("the raw prompt", prompt.raw, &built.warnings);
  }
  built.thinking_open = ends_in_thinking(built.text, prompt.assistant_prefix);
  built.text += prompt.assistant_prefix;
  built.ids = tokenizer_->encode(built.text, true);

  if (const Result<void> started = begin_with_bos(chat, &built.ids); !started) {
    return tl::unexpected<Error>(started.error());
  }
  if (built.ids.empty()) return env_failure("the prompt is empty", "give it text");
  return built;
}

}  // namespace assay
