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

/// The place behind the value that begins at `at` in valid JSON.
std::size_t value_end(std::string_view json, std::size_t at) {
  if (json[at] == '{' || json[at] == '[') return at + ObjectScan().end_in(json.substr(at));
  if (json[at] != '"') return std::min(json.find_first_of(",]} \t\r\n", at), json.size());
  for (++at; json[at] != '"'; ++at) at += json[at] == '\\' ? 1 : 0;
  return at + 1;
}

/// The text of a member of a valid JSON object, as it was written; empty: there is none.
std::string_view member_text(std::string_view object, std::string_view name) {
  std::string_view found;
  std::size_t at = object.find_first_not_of(kBlank, 1);
  while (at < object.size() && object[at] == '"') {
    const std::size_t key_end = value_end(object, at);
    const Json key = Json::parse(object.substr(at, key_end - at));
    at = object.find_first_not_of(kBlank, object.find(':', key_end) + 1);
    const std::size_t end = value_end(object, at);
    if (key == name) found = object.substr(at, end - at);  // of several the last counts
    at = object.find_first_not_of(" \t\r\n,", end);
  }
  return found;
}

}  // namespace

std::size_t ObjectScan::end_in(std::string_view text) {
  if (at_ > 0 && depth_ == 0) return at_;
  for (; at_ < text.size(); ++at_) {
    const char c = text[at_];
    if (in_string_) {
      in_string_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
      continue;
    }
    in_string_ = c == '"';
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && --depth_ == 0) return ++at_;
  }
  return std::string_view::npos;
}

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
  const char* member = call.contains("parameters") ? "parameters" : "arguments";
  const Json arguments = call.value(member, Json());
  if (arguments.is_object()) {
    calls->push_back({name, std::string(member_text(body, member))});
  } else if (arguments.is_string()) {  // some write the arguments' text
    calls->push_back({name, arguments.get<std::string>()});
  } else if (arguments.is_null()) {
    calls->push_back({name, "{}"});
  } else {
    return false;
  }
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
  } else if (!is_plain_ && read_bare(&delta.calls)) {
    pending_.clear();
  }
  delta.content += std::exchange(pending_, {});
  return delta;
}

/// Objects with ';' between them, and nothing else.
bool ToolText::read_bare(std::vector<ToolCall>* calls) const {
  std::string_view rest = trimmed(pending_);
  if (rest.starts_with(kPythonTag)) rest = trimmed(rest.substr(kPythonTag.size()));
  std::vector<ToolCall> found;
  while (rest.starts_with('{')) {
    const std::size_t end = std::min(ObjectScan().end_in(rest), rest.size());
    if (!read_call(rest.substr(0, end), &found)) return false;
    rest = trimmed(rest.substr(end));
    if (!rest.starts_with(';')) break;
    rest = trimmed(rest.substr(1));
  }
  if (!rest.empty() || found.empty()) return false;
  *calls = std::move(found);
  return true;
}

/// Where the tag stands that closes the call; npos: nowhere. False: what comes will tell. A tag in
/// a string of the call's object is a part of it.
bool ToolText::find_close(bool whole, std::size_t* close) {
  const std::size_t begin = pending_.find_first_not_of(kBlank);
  std::size_t from = 0;
  if (begin == std::string::npos || pending_[begin] == '{') {
    const std::size_t end =
        begin == std::string::npos ? begin : scan_.end_in(std::string_view(pending_).substr(begin));
    if (end == std::string::npos && !whole) return false;
    if (end != std::string::npos) from = begin + end;
  }
  *close = pending_.find(kClose, from);
  return whole || *close != std::string::npos;
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
      scan_ = ObjectScan();
    }
    std::size_t close = 0;
    if (!find_close(whole, &close)) return;
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
