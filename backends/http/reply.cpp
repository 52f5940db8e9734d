#include "backends/http/reply.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/net/curl.h"
#include "core/text.h"
#include "core/utf8.h"

namespace assay::http {
namespace {

using nlohmann::json;

constexpr std::size_t kBeginningBytes = 4096;
// An event of one token takes some 300 bytes of JSON; servers that add figures, some 1,000.
constexpr std::size_t kStreamBytesPerToken = 8192;
constexpr std::size_t kDocumentBytesPerToken = 2048;
constexpr std::size_t kTextBytesPerToken = 256;
constexpr std::size_t kSpareBytes = std::size_t{1} << 20;
constexpr std::int64_t kMostTokens = std::int64_t{1} << 24;

std::string with_valid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (step.status == Utf8Status::character) {
      out += text.substr(0, step.bytes);
    } else {
      append_utf8(out, 0xFFFD);
    }
    text.remove_prefix(step.bytes);
  }
  return out;
}

/// A text, or the texts of a list of parts.
std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string out;
  if (!value.is_array()) return out;
  for (const json& part : value) out += json_text(part, "text");
  return out;
}

std::optional<std::int64_t> count_in(const json& object, const char* name) {
  const std::optional<std::int64_t> value = json_integer(object, name);
  return value && *value >= 0 ? value : std::nullopt;
}

}  // namespace

void Reply::note(const std::string& code) {
  if (std::find(notes.begin(), notes.end(), code) == notes.end()) notes.push_back(code);
}

ReplyReader::ReplyReader(std::int64_t max_new_tokens, bool tells_empty)
    : tells_empty_(tells_empty) {
  const auto tokens =
      static_cast<std::size_t>(std::clamp<std::int64_t>(max_new_tokens, 1, kMostTokens));
  max_bytes_ = kSpareBytes + tokens * kStreamBytesPerToken;
  max_document_ = kSpareBytes + tokens * kDocumentBytesPerToken;
  max_text_ = kSpareBytes + tokens * kTextBytesPerToken;
}

void ReplyReader::fail(std::string error_class, std::string text, bool may_pass) {
  if (!failure_) failure_ = Failure{std::move(error_class), std::move(text), may_pass, 0};
}

void ReplyReader::begin(const std::string& content_type, const std::string& content_encoding) {
  content_type_ = net::lower(content_type);
  const std::string encoding = net::lower(content_encoding);
  if (!encoding.empty() && encoding != "identity") {
    fail("content_encoding", fmt::format("the answer is packed ('{}'), and nobody asked for that",
                                         name_for_message(encoding)));
  }
  if (content_type_.starts_with("text/html")) {
    fail("html_error", "the answer is a web page, not a completion");
  }
}

void ReplyReader::decide_form(char first) {
  const bool declared_events = content_type_.starts_with("text/event-stream");
  const bool declared_json = content_type_.starts_with("application/json");
  // "data:", "event:", "id:", "retry:", a comment, a byte order mark.
  const bool like_events = std::string_view("deir:\xEF").find(first) != std::string_view::npos;
  if (first == '<') {
    fail("html_error", "the answer is a web page, not a completion");
  } else if (first == '{') {
    form_ = Form::document;
    if (!declared_json) reply_.note("wrong_content_type");
  } else if (like_events || declared_events) {
    form_ = Form::events;
    if (!declared_events) reply_.note("wrong_content_type");
  } else {
    fail(declared_json ? "bad_json" : "wrong_content_type",
         fmt::format("the answer ('{}') is neither a stream of events nor JSON: {}",
                     name_for_message(content_type_), message_of(beginning_)));
  }
}

std::size_t ReplyReader::push(std::string_view bytes) {
  if (failure_) return 0;
  if (beginning_.size() < kBeginningBytes) {
    beginning_ += bytes.substr(0, kBeginningBytes - beginning_.size());
  }
  bytes_ += bytes.size();
  if (form_ == Form::undecided) {
    const std::size_t at = bytes.find_first_not_of(" \t\r\n");
    if (at == std::string_view::npos && bytes_ < kSpareBytes) return 0;
    decide_form(at == std::string_view::npos ? ' ' : bytes[at]);
  }
  const std::size_t before = reply_.content.size() + reply_.reasoning.size();
  if (form_ == Form::document) {
    document_ += bytes;
    if (document_.size() > max_document_) fail("endless_stream", "the answer does not end");
  } else if (form_ == Form::events && !failure_) {
    const bool fits = events_.push(bytes, [this](std::string_view data) { take_event(data); });
    if (!fits) fail("endless_stream", "one event of the stream does not end");
  }
  const std::size_t after = reply_.content.size() + reply_.reasoning.size();
  if (bytes_ > max_bytes_ || after > max_text_) {
    fail("endless_stream", "the answer is longer than its budget can be");
  }
  return after - before;
}

void ReplyReader::take_event(std::string_view data) {
  if (failure_) return;
  const std::string_view text = net::trim(data);
  if (done_) {
    reply_.note("events_after_done");
  } else if (text == "[DONE]") {
    done_ = true;
  } else if (!text.empty()) {
    take_object(text);
  }
}

void ReplyReader::take_object(std::string_view text) {
  Result<json> parsed = parse_json(text);
  if (!parsed && !is_valid_utf8(text)) {
    reply_.note("invalid_utf8");
    parsed = parse_json(with_valid_utf8(text));
  }
  if (!parsed || !parsed->is_object()) {
    const std::string shown = name_for_message(text, 120);
    fail("bad_json", fmt::format("the answer holds what is no JSON object: {}", shown));
    return;
  }
  const json& error = json_member(*parsed, "error");
  if (!error.is_null()) {
    const auto code = json_integer(error, "code").value_or(0);
    fail("server_error", "the server says: " + message_of(text), code == 429 || code >= 500);
    return;
  }
  take_numbers(*parsed);
  for (const json& choice : json_list(*parsed, "choices")) {
    if (json_integer(choice, "index").value_or(0) == 0) {
      take_choice(choice);
    } else {
      reply_.note("extra_choices");
    }
  }
}

/// The text of the field that this server has for it, which the reply then names.
std::string ReplyReader::take_reasoning(const json& said) {
  for (const char* name : {"reasoning_content", "reasoning"}) {
    const json& member = json_member(said, name);
    std::string text = text_of(member);
    if (text.empty() && !(tells_empty_ && member.is_string())) continue;
    if (reply_.reasoning_field.empty()) reply_.reasoning_field = name;
    return text;
  }
  return {};
}

void ReplyReader::take_choice(const json& choice) {
  any_choice_ = true;
  const bool streamed = choice.contains("delta");
  const json& said = json_member(choice, streamed ? "delta" : "message");
  const std::string content = said.is_object() ? text_of(json_member(said, "content"))
                                               : text_of(json_member(choice, "text"));
  const std::string reasoning = take_reasoning(said);
  if (!json_list(said, "tool_calls").empty()) reply_.note("tool_calls");
  if (is_finished()) {
    // A last chunk sent twice, or text behind the end: the first end counts.
    reply_.note(content.empty() && reasoning.empty() ? "duplicate_final_chunk"
                                                     : "text_after_finish");
    return;
  }
  reply_.content += content;
  reply_.reasoning += reasoning;
  const bool empty_one = tells_empty_ && json_member(said, "content").is_string();
  // A stream's first chunk has an empty content before anything was said.
  reply_.closed =
      reply_.closed || !content.empty() || (empty_one && !reply_.reasoning_field.empty());
  const json& reason = json_member(choice, "finish_reason");
  if (reason.is_string()) reply_.finish_reason = name_for_message(reason.get<std::string>(), 40);
  // vLLM names the string (or the id of the token) that ended the text.
  if (json_member(choice, "stop_reason").is_string()) reply_.by_stop_string = true;
}

void ReplyReader::take_numbers(const json& object) {
  const json& usage = json_member(object, "usage");
  if (usage.is_object()) {
    reply_.usage_prompt_tokens = count_in(usage, "prompt_tokens");
    reply_.usage_completion_tokens = count_in(usage, "completion_tokens");
  }
  // llama.cpp's stopwatch; of several the last one counts.
  const json& timings = json_member(object, "timings");
  if (timings.is_object()) {
    reply_.server_decode_tokens = count_in(timings, "predicted_n");
    reply_.server_decode_ms = json_number(timings, "predicted_ms");
    reply_.server_prefill_tokens = count_in(timings, "prompt_n");
    reply_.server_prefill_ms = json_number(timings, "prompt_ms");
  }
  if (json_text(object, "stop_type") == "word") reply_.by_stop_string = true;
}

void ReplyReader::finish() {
  if (failure_) return;
  if (form_ == Form::document) {
    take_object(document_);
    document_.clear();
  } else if (form_ == Form::events && events_.inside_event()) {
    const std::string rest = events_.take_rest();
    const std::string_view text = net::trim(rest);
    if (text == "[DONE]" || (!text.empty() && parse_json(text))) {
      reply_.note("no_blank_line");
      take_event(text);
    } else if (!text.empty()) {
      fail("truncated_stream", "the stream ended inside an event", true);
    }
  }
  if (failure_) return;
  if (form_ == Form::undecided) {
    fail("empty_reply", "the answer is empty", true);
  } else if (!any_choice_) {
    fail("empty_choices", "the answer holds no choice");
  } else if (!is_finished() && done_) {
    fail("no_finish_reason", "the stream is marked as done, without a finish_reason");
  } else if (!is_finished()) {
    fail("truncated_stream", "the answer ended without a finish_reason", form_ == Form::events);
  } else if (form_ == Form::events && !done_) {
    reply_.note("no_done");
  }
}

}  // namespace assay::http
