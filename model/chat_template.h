// Chat templates: the Jinja subset that model files carry, rendered under budgets (the template is
// somebody else's code).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/completer.h"
#include "core/error.h"

namespace assay {

struct TemplateInputs {
  std::vector<Message> messages;
  bool add_generation_prompt = true;
  std::string bos_token;  ///< text of the token; "": there is none, the name is undefined
  std::string eos_token;  ///< likewise
  /// Local time for strftime_now, "YYYY-MM-DD" or "YYYY-MM-DDTHH:MM:SS"; fixed by the caller so
  /// that a prompt is reproducible.
  std::string date_iso = "2026-01-01";
  /// What templates of hybrid models ask ("write no chain"); nothing: not defined, as transformers
  /// renders by default.
  std::optional<bool> enable_thinking;
};

/// Immutable; usable from many threads.
class ChatTemplate {
 public:
  /// A failure names the construct that is not supported and its line.
  static Result<ChatTemplate> compile(std::string source);
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  /// Failure: raise_exception in the template, or a budget (steps, output bytes, depth) was spent.
  Result<std::string> render(const TemplateInputs& inputs) const;
  const std::string& source() const;

 private:
  struct Program;
  explicit ChatTemplate(std::unique_ptr<const Program> program);
  std::unique_ptr<const Program> program_;
};

}  // namespace assay
