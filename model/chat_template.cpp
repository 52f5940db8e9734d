#include "model/chat_template.h"

#include <utility>

#include "model/jinja/interpreter.h"
#include "model/jinja/parser.h"
#include "model/template_failure.h"

namespace assay {

struct ChatTemplate::Program {
  std::string source;
  jinja::Block block;
};

namespace {

constexpr const char* kHint = "use raw prompts, or a model file with another template";

jinja::Value text_value(std::string_view text) {
  return jinja::Value(std::string(text));
}

jinja::Value message_list(const std::vector<Message>& messages) {
  auto list = std::make_shared<jinja::Sequence>();
  list->depth = 2;
  for (const Message& message : messages) {
    auto entry = std::make_shared<jinja::Dict>();
    entry->entries.emplace_back(text_value("role"), text_value(message.role));
    entry->entries.emplace_back(text_value("content"), text_value(message.content));
    list->items.emplace_back(std::shared_ptr<const jinja::Dict>(std::move(entry)));
  }
  return jinja::Value(std::shared_ptr<const jinja::Sequence>(std::move(list)));
}

std::shared_ptr<jinja::Scope> context_of(const TemplateInputs& inputs) {
  auto scope = std::make_shared<jinja::Scope>();
  const auto set = [&](const char* name, jinja::Value value) {
    scope->variables.emplace_back(name, std::move(value));
  };
  set("messages", message_list(inputs.messages));
  set("add_generation_prompt", jinja::Value(inputs.add_generation_prompt));
  set("tools", jinja::Value());
  set("documents", jinja::Value());
  // transformers defines only the tokens that the model has.
  if (!inputs.bos_token.empty()) set("bos_token", text_value(inputs.bos_token));
  if (!inputs.eos_token.empty()) set("eos_token", text_value(inputs.eos_token));
  if (inputs.enable_thinking) set("enable_thinking", jinja::Value(*inputs.enable_thinking));
  return scope;
}

}  // namespace

ChatTemplate::ChatTemplate(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Result<ChatTemplate> ChatTemplate::compile(std::string source) {
  try {
    auto program = std::make_unique<Program>();
    program->block = jinja::parse(source);
    program->source = std::move(source);
    return ChatTemplate(std::move(program));
  } catch (const jinja::TemplateError& error) {
    return template_failure(error, kHint);
  }
}

Result<std::string> ChatTemplate::render(const TemplateInputs& inputs) const {
  try {
    jinja::Runtime runtime(inputs.date_iso);
    auto scope = std::make_shared<jinja::Scope>();
    scope->parent = context_of(inputs);
    return jinja::Interpreter(runtime).render(program_->block, std::move(scope));
  } catch (const jinja::TemplateError& error) {
    return template_failure(error, kHint);
  }
}

const std::string& ChatTemplate::source() const {
  return program_->source;
}

}  // namespace assay
