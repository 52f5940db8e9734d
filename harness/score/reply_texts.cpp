#include "harness/score/reply_texts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_access.h"

namespace assay::score {
namespace {

using nlohmann::json;

/// Who speaks: "role" of most tools, "from" of ShareGPT's form.
std::string speaker_of(const json& turn) {
  const std::string role = json_text(turn, "role");
  return role.empty() ? json_text(turn, "from") : role;
}

const json& words_of(const json& turn) {
  return turn.contains("content") ? json_member(turn, "content") : json_member(turn, "value");
}

bool is_model(const std::string& speaker) {
  return speaker == "assistant" || speaker == "gpt" || speaker == "model" || speaker == "chatgpt" ||
         speaker == "bot";
}

bool is_chat(const json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const json& turn) {
           return turn.is_object() && !speaker_of(turn).empty();
         });
}

/// The reasoning part of a message that its server took out of the text.
std::string reasoning_of(const json& message) {
  for (const char* name : {"reasoning_content", "reasoning", "thinking"}) {
    const std::string text = json_text(message, name);
    if (!text.empty()) return text;
  }
  return {};
}

void collect(const json& value, int depth, std::vector<std::string>& out);

/// A message with its reasoning part put back.
bool collect_reasoned(const json& message, std::vector<std::string>& out) {
  const std::string reasoning = reasoning_of(message);
  const json& content = json_member(message, "content");
  if (reasoning.empty() || !(content.is_string() || content.is_null())) return false;
  const std::string text = content.is_string() ? content.get<std::string>() : std::string();
  out.push_back("<think>\n" + reasoning + (text.empty() ? "" : "\n</think>\n\n" + text));
  return true;
}

void collect_object(const json& value, int depth, std::vector<std::string>& out) {
  if (collect_reasoned(value, out)) return;
  for (const char* name :
       {"content", "text", "completion", "message", "generated_text", "choices", "value"}) {
    if (value.contains(name)) return collect(value[name], depth + 1, out);
  }
  for (const json& element : value) collect(element, depth + 1, out);
}

void collect(const json& value, int depth, std::vector<std::string>& out) {
  constexpr int max_depth = 5;
  if (depth > max_depth) return;
  if (value.is_string()) {
    out.push_back(value.get<std::string>());
  } else if (is_chat(value)) {
    for (auto turn = value.rbegin(); turn != value.rend(); ++turn) {
      if (!is_model(speaker_of(*turn))) continue;
      if (!collect_reasoned(*turn, out)) collect(words_of(*turn), depth + 1, out);
      return;
    }
  } else if (value.is_array()) {
    for (const json& element : value) collect(element, depth + 1, out);
  } else if (value.is_object()) {
    collect_object(value, depth, out);
  }
}

}  // namespace

std::vector<std::string> reply_texts(const json& value) {
  std::vector<std::string> out;
  collect(value, 0, out);
  return out;
}

std::string prompt_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!is_chat(value)) return {};
  for (auto turn = value.rbegin(); turn != value.rend(); ++turn) {
    const std::string speaker = speaker_of(*turn);
    if (speaker != "user" && speaker != "human" && speaker != "HUMAN") continue;
    const json& words = words_of(*turn);
    return words.is_string() ? words.get<std::string>() : std::string();
  }
  return {};
}

}  // namespace assay::score
