#include "serve/tool_calls.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/json_access.h"
#include "decode/grammar/json_rules.h"
#include "decode/grammar/json_schema.h"
#include "serve/chat_text.h"
#include "serve/json_text.h"

namespace assay::serve {
namespace {

constexpr std::string_view kOpen = "<tool_call>";
constexpr std::string_view kClose = "</tool_call>";
constexpr std::string_view kPythonTag = "<|python_tag|>";
constexpr std::string_view kBlank = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

ToolForm tool_form(std::string_view source) {
  const auto has = [&](std::string_view text) { return source.find(text) != source.npos; };
  if (!has("tools")) return ToolForm::none;
  if (has(kOpen)) return ToolForm::tagged;
  // Llama's templates ask for {"name": ..., "parameters": ...} in their own words.
  if (has("\"parameters\"") && has("\"name\"")) return ToolForm::bare;
  return ToolForm::none;
}

ToolText::ToolText(ToolForm form, const Json& tools) : form_(form) {
  for (const Json& tool : tools) names_.push_back(tool.at("function").at("name"));
}

/// One JSON object with the name of a tool.
bool ToolText::read_call(std::string_view text, std::vector<ToolCall>* calls) const {
  const std::string_view body = trimmed(text);
  if (json_is_deeper_than(body, kMaxJsonDepth)) return false;
  const Json call = Json::parse(body, nullptr, false);
  if (!call.is_object() || !call.contains("name") || !call.at("name").is_string()) return false;
  const std::string name = call.at("name").get<std::string>();
  if (std::find(names_.begin(), names_.end(), name) == names_.end()) return false;
  Json arguments = Json::object();
  if (call.contains("arguments")) arguments = call.at("arguments");
  if (call.contains("parameters")) arguments = call.at("parameters");
  // Some write the arguments' text.
  calls->push_back(
      {name, arguments.is_string() ? arguments.get<std::string>() : to_line(arguments)});
  return true;
}

ToolDelta ToolText::push(std::string_view fresh) {
  ToolDelta delta;
  pending_ += fresh;
  if (form_ == ToolForm::tagged) {
    take_tagged(&delta, false);
    return delta;
  }
  if (!is_plain_) {
    const std::string_view begin = trimmed(pending_);
    const bool may_be_call = begin.empty() || begin.front() == '{' ||
                             kPythonTag.starts_with(begin.substr(0, kPythonTag.size()));
    is_plain_ = form_ == ToolForm::none || !may_be_call;
  }
  if (is_plain_) delta.content = std::exchange(pending_, {});
  return delta;
}

ToolDelta ToolText::finish() {
  ToolDelta delta;
  if (form_ == ToolForm::tagged) {
    take_tagged(&delta, true);
  } else if (!is_plain_) {
    std::string_view rest = trimmed(pending_);
    if (rest.starts_with(kPythonTag)) rest.remove_prefix(kPythonTag.size());
    // Several calls stand apart by ';'.
    std::vector<ToolCall> calls;
    bool all = !rest.empty();
    while (all && !rest.empty()) {
      std::size_t end = rest.find("};");
      end = end == rest.npos ? rest.size() : end + 1;
      all = read_call(rest.substr(0, end), &calls);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (all) {
      delta.calls = std::move(calls);
      pending_.clear();
    }
  }
  delta.content += std::exchange(pending_, {});
  return delta;
}

void ToolText::take_tagged(ToolDelta* delta, bool whole) {
  while (true) {
    if (!inside_) {
      const std::size_t open = pending_.find(kOpen);
      if (open == std::string::npos) {
        if (whole) return;
        // Blanks before a call belong to it.
        std::size_t keep = pending_.size() - held_back(pending_, kOpen);
        while (keep > 0 && kBlank.find(pending_[keep - 1]) != kBlank.npos) --keep;
        delta->content += pending_.substr(0, keep);
        pending_.erase(0, keep);
        return;
      }
      delta->content +=
          std::string(pending_, 0, open == 0 ? 0 : pending_.find_last_not_of(kBlank, open - 1) + 1);
      pending_.erase(0, open + kOpen.size());
      inside_ = true;
    }
    const std::size_t close = pending_.find(kClose);
    if (close == std::string::npos && !whole) return;
    const std::string body = pending_.substr(0, close);
    const std::string_view end = close == std::string::npos ? std::string_view() : kClose;
    pending_.erase(0, close == std::string::npos ? pending_.size() : close + end.size());
    inside_ = false;
    if (!read_call(body, &delta->calls)) {
      delta->content += std::string(kOpen) + body + std::string(end);
    }
    if (whole && pending_.find(kOpen) == std::string::npos) {
      if (trimmed(pending_).empty()) pending_.clear();
      return;
    }
  }
}

ApiResult<grammar::Sequence> tool_call_rules(grammar::Grammar& g, ToolForm form, const Json& tools,
                                             const ToolChoice& choice) {
  grammar::JsonRules rules(g);
  std::vector<grammar::Sequence> calls;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const Json& function = tools[i].at("function");
    if (!choice.name.empty() && function.at("name") != choice.name) continue;
    const Result<grammar::Sequence> arguments =
        grammar::json_schema_rules(g, function.at("parameters"));
    if (!arguments) {
      return refusal(fmt::format("tools[{}].function.parameters", i), arguments.error().message());
    }
    const char* member = form == ToolForm::tagged ? "arguments" : "parameters";
    calls.push_back(grammar::joined(
        {g.text(fmt::format("{{\"name\": {}, \"{}\": ", to_line(function.at("name")), member)),
         *arguments, g.text("}")}));
  }
  grammar::Sequence call = g.any_of(std::move(calls));
  if (form == ToolForm::bare) return call;
  grammar::Sequence tagged = grammar::joined(
      {g.text(std::string(kOpen) + "\n"), call, g.text("\n" + std::string(kClose))});
  if (!choice.parallel) return tagged;
  constexpr std::int64_t kMostFurtherCalls = 15;
  return grammar::joined(
      {tagged, g.repeat(grammar::joined({g.text("\n"), tagged}), 0, kMostFurtherCalls)});
}

}  // namespace assay::serve
