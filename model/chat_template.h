// Chat templates: the Jinja subset that model files carry, rendered under budgets (the template is
// somebody else's code).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/completer.h"
#include "core/error.h"

namespace assay {

struct TemplateInputs {
  std::vector<Message> messages;
  bool add_generation_prompt = true;
  std::string bos_token;  ///< text of the token, "" if none
  std::string eos_token;
  /// Local time for strftime_now; fixed by the caller so that a prompt is reproducible.
  std::string date_iso = "2026-01-01";
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
