// Function calling in the model's own form: what its template writes, its answers are read as.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decode/grammar/grammar.h"
#include "serve/api_error.h"
#include "serve/request.h"

namespace assay::serve {

enum class ToolForm {
  none,    ///< the template knows no tools
  tagged,  ///< <tool_call>{"name", "arguments"}</tool_call>: Hermes, Qwen2.5, Qwen3
  bare     ///< {"name", "parameters"} as the whole answer: Llama 3.1, 3.2
};
ToolForm tool_form(std::string_view template_source);

struct ToolCall {
  std::string name;
  std::string arguments;  ///< JSON text, as the model wrote it
};

/// Follows one JSON object as its text grows: where it ends, strings and escapes minded.
class ObjectScan {
 public:
  /// The place behind the object that begins with the first character of `text`, which only grows
  /// from call to call; npos: not there yet.
  std::size_t end_in(std::string_view text);

 private:
  std::size_t at_ = 0;
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

struct ToolDelta {
  std::string content;
  std::vector<ToolCall> calls;
};

/// Takes an answer's content apart as it grows: text, and calls of the tools that were offered.
/// What only looks like a call stays text.
class ToolText {
 public:
  ToolText(ToolForm form, const Json& tools);

  ToolDelta push(std::string_view fresh);
  ToolDelta finish();

 private:
  void take_tagged(ToolDelta* delta, bool whole);
  bool find_close(bool whole, std::size_t* close);
  bool read_bare(std::vector<ToolCall>* calls) const;
  bool read_call(std::string_view text, std::vector<ToolCall>* calls) const;

  ToolForm form_;
  std::vector<std::string> names_;
  std::string pending_;
  bool inside_ = false;    ///< of a tag
  ObjectScan scan_;        ///< of the object inside
  bool is_plain_ = false;  ///< bare form: the answer is no call
};

/// The only texts that call one of the tools (or the one named), for tool_choice required.
ApiResult<grammar::Sequence> tool_call_rules(grammar::Grammar& grammar, ToolForm form,
                                             const Json& tools, const ToolChoice& choice);

}  // namespace assay::serve
