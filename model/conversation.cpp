#include "model/conversation.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "model/jinja/interpreter.h"
#include "model/jinja/parser.h"
#include "model/template_failure.h"

namespace assay {

struct ConversationTemplate::Program {
  std::string source;
  jinja::Block block;
};

namespace {

using Json = nlohmann::ordered_json;

/// Depth of foreign values is bounded where they were parsed.
jinja::Value value_of(const Json& json) {
  if (json.is_boolean()) return jinja::Value(json.get<bool>());
  if (json.is_number_integer()) return jinja::Value(json.get<std::int64_t>());
  if (json.is_number()) return jinja::Value(json.get<double>());
  if (json.is_string()) return jinja::Value(json.get<std::string>());
  if (json.is_array()) {
    auto list = std::make_shared<jinja::Sequence>();
    for (const Json& item : json) {
      list->items.push_back(value_of(item));
      list->depth = std::max(list->depth, list->items.back().depth() + 1);
    }
    return jinja::Value(std::shared_ptr<const jinja::Sequence>(std::move(list)));
  }
  if (json.is_object()) {
    auto dict = std::make_shared<jinja::Dict>();
    for (const auto& [key, item] : json.items()) {
      dict->entries.emplace_back(jinja::Value(key), value_of(item));
      dict->depth = std::max(dict->depth, dict->entries.back().second.depth() + 1);
    }
    return jinja::Value(std::shared_ptr<const jinja::Dict>(std::move(dict)));
  }
  return jinja::Value();
}

/// The names that a template finds, as ChatTemplate sets them.
std::shared_ptr<jinja::Scope> names_for(const Conversation& conversation,
                                        const Tokenizer& tokenizer) {
  auto scope = std::make_shared<jinja::Scope>();
  const auto set = [&](const char* name, jinja::Value value) {
    scope->variables.emplace_back(name, std::move(value));
  };
  set("messages", value_of(*conversation.messages));
  set("add_generation_prompt", jinja::Value(true));
  set("tools", conversation.tools != nullptr ? value_of(*conversation.tools) : jinja::Value());
  set("documents", jinja::Value());
  const TokenizerSpec& spec = tokenizer.spec();
  if (spec.bos >= 0) set("bos_token", jinja::Value(tokenizer.token_bytes(spec.bos)));
  if (spec.eos >= 0) set("eos_token", jinja::Value(tokenizer.token_bytes(spec.eos)));
  if (conversation.enable_thinking) {
    set("enable_thinking", jinja::Value(*conversation.enable_thinking));
  }
  return scope;
}

}  // namespace

ConversationTemplate::ConversationTemplate(std::unique_ptr<const Program> program)
    : program_(std::move(program)) {}
ConversationTemplate::ConversationTemplate(ConversationTemplate&&) noexcept = default;
ConversationTemplate::~ConversationTemplate() = default;

Result<ConversationTemplate> ConversationTemplate::compile(std::string source) {
  try {
    auto program = std::make_unique<Program>();
    program->block = jinja::parse(source);
    program->source = std::move(source);
    return ConversationTemplate(std::move(program));
  } catch (const jinja::TemplateError& error) {
    return template_failure(error);
  }
}

Result<BuiltPrompt> ConversationTemplate::build(const Conversation& conversation,
                                                const Tokenizer& tokenizer,
                                                const PromptBuilder& prompts) const {
  if (program_->source.empty()) {
    return env_failure("the model file has no chat template", "use /v1/completions");
  }
  Prompt prompt;
  try {
    jinja::Runtime runtime(PromptBuilderOptions().date_iso);
    auto scope = std::make_shared<jinja::Scope>();
    scope->parent = names_for(conversation, tokenizer);
    prompt.raw = jinja::Interpreter(runtime).render(program_->block, std::move(scope));
  } catch (const jinja::TemplateError& error) {
    return template_failure(error);
  }
  // A raw prompt gets the BOS that the file asks for, so one that the template wrote is taken away.
  const TokenizerSpec& spec = tokenizer.spec();
  if (spec.add_bos && spec.bos >= 0 && prompt.raw.starts_with(tokenizer.token_bytes(spec.bos))) {
    prompt.raw.erase(0, tokenizer.token_bytes(spec.bos).size());
  }
  prompt.assistant_prefix = conversation.assistant_prefix;
  return prompts.build(prompt);
}

const std::string& ConversationTemplate::source() const {
  return program_->source;
}

}  // namespace assay
