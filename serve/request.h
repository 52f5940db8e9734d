// What a client asks for, as typed values: read from /v1/chat/completions and /v1/completions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/completer.h"
#include "serve/api_error.h"
#include "serve/fields.h"

namespace assay::serve {

/// What one request may ask for; docs/serve.md lists them.
struct RequestLimits {
  std::int64_t choices = 128;  ///< prompts times n
  std::int64_t top_logprobs = 20;
  std::size_t stop_strings = 16;
  std::size_t stop_bytes = 256;  ///< of one stop string
  std::size_t messages = 4096;
  std::size_t tools = 128;
};

/// Text, or ids of the model's vocabulary.
struct PromptInput {
  std::string text;
  std::vector<TokenId> ids;
  bool is_ids = false;
};

enum class FormatKind { text, json_object, json_schema };

struct ResponseFormat {
  FormatKind kind = FormatKind::text;
  Json schema;  ///< of json_schema
};

enum class ToolUse { none, automatic, required };

struct ToolChoice {
  ToolUse use = ToolUse::none;
  std::string name;  ///< required: this function and no other; empty: any
  bool parallel = true;
};

struct ApiRequest {
  bool chat = false;
  std::string model;  ///< empty: none was named
  // chat
  Json messages;
  Json tools;  ///< null: none
  ToolChoice tool_choice;
  /// The last message is the beginning of the assistant's answer, which is gone on with.
  bool continue_final_message = false;
  std::optional<bool> enable_thinking;  ///< the template's own switch
  // completions
  std::vector<PromptInput> prompts;
  bool echo = false;

  std::int64_t n = 1;
  std::optional<std::int64_t> max_tokens;  ///< 0 only with echo
  Sampling sampling;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> stop;
  std::optional<std::int64_t> logprobs;  ///< how many alternatives beside the token
  ResponseFormat format;
  bool stream = false;
  bool include_usage = false;
  bool return_token_ids = false;
};

/// What /tokenize is asked: a text, or a chat as /v1/chat/completions would be sent it.
struct TokenizeRequest {
  std::string model;
  std::optional<std::string> text;  ///< none: the chat
  bool add_special = true;
  ApiRequest chat;
};

ApiResult<TokenizeRequest> read_tokenize_request(const Json& body, const RequestLimits& limits);
ApiResult<ApiRequest> read_chat_request(const Json& body, const RequestLimits& limits);
ApiResult<ApiRequest> read_completion_request(const Json& body, const RequestLimits& limits);

}  // namespace assay::serve
