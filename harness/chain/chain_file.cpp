#include "harness/chain/chain_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/json_access.h"
#include "evals/chain/layout.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 27> text_fields = {
    "completion",   "response",       "generation",  "output",        "full_response",
    "model_output", "generated_text", "completions", "responses",     "generations",
    "outputs",      "model_outputs",  "prediction",  "predictions",   "model_response",
    "raw_response", "raw_output",     "text",        "texts",         "code",
    "solution",     "resps",          "messages",    "conversations", "conversation",
    "choices",      "steps"};
constexpr std::array<const char*, 8> question_fields = {
    "question", "problem", "instruction",      "prompt",
    "query",    "input",   "original_message", "original_question"};
constexpr std::array<const char*, 7> answer_fields = {
    "expected_answer", "gold", "gt", "answer", "target", "ground_truth", "reference_answer"};
constexpr std::array<const char*, 8> id_fields = {"id",     "task_id",    "idx",         "key",
                                                  "doc_id", "problem_id", "question_id", "uuid"};

/// DeepSeek's mark between the prompt and the completion, where a field holds both.
constexpr std::string_view assistant_mark =
    "<\xEF\xBD\x9C"
    "Assistant\xEF\xBD\x9C>";

/// The text of a string or a number; empty for anything else.
std::string plain_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() ? value.dump() : std::string();
}

/// A turn of a conversation as OpenAI ({role, content}) or ShareGPT ({from, value}) writes it.
std::string turn_text(const json& turn) {
  const std::string content = json_text(turn, "content");
  const std::string thinking = json_text(turn, "reasoning_content");
  // Nothing behind it: the thinking part was cut off.
  if (!thinking.empty())
    return "<think>" + thinking + (content.empty() ? "" : "</think>" + content);
  return content.empty() ? json_text(turn, "value") : content;
}

bool is_question_turn(const json& turn) {
  const std::string role = json_text(turn, "role") + json_text(turn, "from");
  return role == "user" || role == "human";
}

bool is_reply_turn(const json& turn) {
  const std::string role = json_text(turn, "role") + json_text(turn, "from");
  return role == "assistant" || role == "gpt" || role == "model";
}

struct Found {
  std::string field;
  std::string text;
};

std::vector<Found> conversation_texts(const std::string& name, const json& turns) {
  for (std::size_t i = turns.size(); i-- > 0;) {
    if (is_reply_turn(turns[i])) return {{fmt::format("{}[{}]", name, i), turn_text(turns[i])}};
  }
  return {};
}

std::string joined_steps(const json& steps) {
  std::string out;
  for (const json& step : steps) {
    if (!step.is_string()) continue;
    out += (out.empty() ? "" : "\n\n") + step.get<std::string>();
  }
  return out;
}

std::vector<Found> texts_in(const std::string& name, const json& value) {
  if (value.is_string()) return {{name, value.get<std::string>()}};
  for (const char* inner : {"body", "choices"}) {  // a reply as its server sent it
    const json& member = json_member(value, inner);
    if (!member.is_null()) return texts_in(fmt::format("{}.{}", name, inner), member);
  }
  if (value.is_object()) {  // choices[0], or a nested message
    const json& message = json_member(value, "message");
    const std::string text = message.is_object() ? turn_text(message) : json_text(value, "text");
    return text.empty() ? std::vector<Found>{} : std::vector<Found>{{name, text}};
  }
  if (!value.is_array()) return {};
  if (name == "steps") return {{name, joined_steps(value)}};
  if (!value.empty() && value[0].is_object() &&
      (is_question_turn(value[0]) || is_reply_turn(value[0]) ||
       json_text(value[0], "role") == "system")) {
    return conversation_texts(name, value);
  }
  std::vector<Found> out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    for (Found& found : texts_in(fmt::format("{}[{}]", name, i), value[i])) {
      out.push_back(std::move(found));
    }
  }
  return out;
}

/// The member that a dotted path leads to, or null.
const json& member_at(const json& record, const std::string& path) {
  const json* at = &json_member(record, path);
  if (!at->is_null()) return *at;
  at = &record;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t dot = rest.find('.');
    at = &json_member(*at, rest.substr(0, dot));
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  }
  return *at;
}

std::vector<Found> find_texts(const json& record, const std::string& text_field) {
  if (!text_field.empty()) return texts_in(text_field, member_at(record, text_field));
  for (const char* name : text_fields) {
    // An empty string is a text: the model said nothing.
    std::vector<Found> found = texts_in(name, json_member(record, name));
    if (!found.empty()) return found;
  }
  return {};
}

std::string question_of(const json& record, const std::string& text_field) {
  for (const char* name : question_fields) {
    const json& value = json_member(record, name);
    if (name == text_field) continue;
    if (value.is_object()) return turn_text(value);
    if (value.is_string()) return value.get<std::string>();
  }
  for (const char* name : {"messages", "conversations", "prompt"}) {
    const json& turns = json_list(record, name);
    const auto turn = std::find_if(turns.begin(), turns.end(), is_question_turn);
    if (turn != turns.end()) return turn_text(*turn);
  }
  return {};
}

template <std::size_t N>
std::string first_of(const json& record, const std::array<const char*, N>& names) {
  for (const char* name : names) {
    std::string text = plain_text(json_member(record, name));
    if (!text.empty()) return text;
  }
  return {};
}

/// A sample in a run's own journal, as a record of text; nothing for any other record.
std::optional<json> journal_sample(const json& record) {
  const json& inner = json_member(record, "record");
  if (!record.contains("crc") || json_text(inner, "type") != "sample") return std::nullopt;
  const std::string problem = json_text(inner, "problem");
  if (json_text(inner, "stop") == "error") return json{{"id", problem}};  // nothing was generated
  return json{
      {"id", problem}, {"text", json_member(inner, "text")}, {"stop", json_member(inner, "stop")}};
}

std::optional<StopReason> stop_of(const json& record) {
  for (const char* name : {"finish_reason", "stop_reason", "stop"}) {
    std::string reason = json_text(record, name);
    const json& choices = json_list(record, "choices");
    if (reason.empty() && !choices.empty()) reason = json_text(choices[0], name);
    if (reason == "length" || reason == "max_tokens") return StopReason::length;
    if (reason == "stop" || reason == "eos" || reason == "end_turn") return StopReason::eos;
    if (reason == "stop_string" || reason == "stop_sequence") return StopReason::stop_string;
  }
  return std::nullopt;
}

}  // namespace

std::vector<ChainText> chains_of_record(const json& record, const std::string& where,
                                        const std::string& text_field) {
  std::vector<Found> found = find_texts(record, text_field);
  const std::string id = first_of(record, id_fields);
  std::vector<ChainText> out;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ChainText chain;
    chain.id = id.empty() ? where : id;
    chain.problem = chain.id;
    if (i > 0) chain.id += fmt::format("#{}", i + 1);
    chain.where = where;
    chain.field = found[i].field;
    const std::size_t mark = found[i].text.rfind(assistant_mark);
    if (mark != std::string::npos) chain.text_begin = mark + assistant_mark.size();
    chain.text = found[i].text.substr(chain.text_begin);
    chain.question = question_of(record, text_field);
    chain.answer = first_of(record, answer_fields);
    chain.stop = stop_of(record);
    out.push_back(std::move(chain));
  }
  return out;
}

Result<ChainFile> read_chain_file(const std::string& path, const std::string& text_field) {
  ChainFile file;
  const auto sink = [&](const json& record, const std::string& where) -> Result<void> {
    const std::optional<json> sample = journal_sample(record);
    std::vector<ChainText> found = chains_of_record(sample ? *sample : record, where, text_field);
    if (found.empty()) ++file.without_text;
    std::move(found.begin(), found.end(), std::back_inserter(file.chains));
    return {};
  };
  Result<score::RecordsSummary> summary = score::read_records(path, sink);
  if (!summary) return tl::unexpected(summary.error());
  file.summary = std::move(*summary);
  if (!file.chains.empty()) return file;
  if (file.summary.records == 0) {
    const auto& examples = file.summary.unreadable.examples;
    return env_failure(fmt::format("{} holds no record{}", path,
                                   examples.empty() ? "" : fmt::format(" ({})", examples.front())),
                       "give JSON lines with one object a line, or a JSON array of objects");
  }
  if (!text_field.empty()) {
    return failure(ErrorKind::usage,
                   fmt::format("no record of {} has a text in '{}'", path, text_field),
                   "leave out --text-field to have the field found");
  }
  return env_failure(fmt::format("no record of {} has a text field", path),
                     "name it with --text-field");
}

std::vector<bool> thinking_profiles(std::span<const ChainText> chains, const std::string& profile) {
  if (profile != "auto") return std::vector<bool>(chains.size(), profile == "thinking");
  std::vector<std::string_view> texts;
  for (const ChainText& chain : chains) texts.emplace_back(chain.text);
  return chain::thinking_texts(texts);
}

std::string profile_of_file(const std::vector<bool>& thinking) {
  const auto n = std::count(thinking.begin(), thinking.end(), true);
  return n == std::ssize(thinking) ? "thinking" : n == 0 ? "plain" : "mixed";
}

}  // namespace assay
