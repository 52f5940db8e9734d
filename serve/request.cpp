#include "serve/request.h"

#include <fmt/core.h>

#include <limits>

#include "core/checked_sampling.h"
#include "serve/messages.h"

namespace assay::serve {
namespace {

constexpr std::int64_t kMostTokens = 1 << 24;

void read_stop(Fields& fields, const RequestLimits& limits, std::vector<std::string>* out) {
  const Json* stop = fields.any("stop");
  if (stop == nullptr) return;
  const Json list = stop->is_string() ? Json::array({*stop}) : *stop;
  if (!list.is_array() || list.size() > limits.stop_strings) {
    return fields.fail("stop",
                       fmt::format("must be a string, or at most {} of them", limits.stop_strings));
  }
  for (const Json& text : list) {
    if (!text.is_string() || text.get_ref<const std::string&>().size() > limits.stop_bytes) {
      return fields.fail(
          "stop", fmt::format("each must be a string of at most {} bytes", limits.stop_bytes));
    }
    out->push_back(text.get<std::string>());
  }
}

void read_stream(Fields& fields, ApiRequest* out) {
  out->stream = fields.flag("stream").value_or(false);
  const Json* options = fields.any("stream_options");
  if (options == nullptr) return;
  if (!options->is_object()) return fields.fail("stream_options", "must be an object");
  if (!out->stream) return fields.fail("stream_options", "needs stream: true");
  Fields inner(*options, "stream_options.");
  out->include_usage = inner.flag("include_usage").value_or(false);
  inner.ignore({"include_obfuscation"});
  if (const auto error = inner.finish()) fields.fail("stream_options", error->message);
}

/// What both forms share.
void read_common(Fields& fields, const RequestLimits& limits, ApiRequest* out) {
  out->model = fields.text("model").value_or("");
  out->n = fields.integer("n", 1, limits.choices).value_or(1);
  out->sampling.temperature = fields.number("temperature", 0, kMaxTemperature).value_or(1);
  out->sampling.top_p = fields.number("top_p", 0, 1).value_or(1);
  out->sampling.top_k = fields.integer("top_k", -1, 1 << 30).value_or(0);
  out->sampling.min_p = fields.number("min_p", 0, 1).value_or(0);
  if (out->sampling.top_k < 0) out->sampling.top_k = 0;  // vLLM's word for all
  if (const auto checked = checked_sampling(out->sampling)) {
    out->sampling = *checked;
  } else {
    fields.fail(checked.error().field, checked.error().problem);
  }
  if (const auto seed = fields.integer("seed", std::numeric_limits<std::int64_t>::min(),
                                       std::numeric_limits<std::int64_t>::max())) {
    out->seed = static_cast<std::uint64_t>(*seed);
  }
  read_stop(fields, limits, &out->stop);
  read_stream(fields, out);
  out->return_token_ids = fields.flag("return_token_ids").value_or(false);
  const std::string penalty = "only 0 is supported: assay draws from the model's own logits";
  fields.only("frequency_penalty", 0, penalty);
  fields.only("presence_penalty", 0, penalty);
  fields.only("repetition_penalty", 1,
              "only 1 is supported: assay draws from the model's own logits");
  fields.only("logit_bias", Json::object(), "is not supported");
  fields.ignore(
      {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"});
}

void read_format(Fields& fields, ApiRequest* out) {
  const Json* format = fields.any("response_format");
  if (format == nullptr) return;
  if (!format->is_object()) return fields.fail("response_format", "must be an object");
  Fields inner(*format, "response_format.");
  const std::string type = inner.text("type").value_or("");
  if (type == "json_object") {
    out->format.kind = FormatKind::json_object;
  } else if (type == "json_schema") {
    out->format.kind = FormatKind::json_schema;
    const Json* described = inner.any("json_schema");
    if (described == nullptr || !described->is_object() || !described->contains("schema")) {
      return fields.fail("response_format.json_schema", "must be an object with a member 'schema'");
    }
    out->format.schema = described->at("schema");
  } else if (type != "text") {
    return fields.fail("response_format.type", "must be text, json_object or json_schema");
  }
  if (const auto error = inner.finish()) fields.fail("response_format", error->message);
}

void read_tool_choice(Fields& fields, ApiRequest* out) {
  out->tool_choice.parallel = fields.flag("parallel_tool_calls").value_or(true);
  const Json* choice = fields.any("tool_choice");
  ToolChoice& tools = out->tool_choice;
  tools.use = out->tools.is_null() ? ToolUse::none : ToolUse::automatic;
  if (choice == nullptr) return;
  if (choice->is_string()) {
    const std::string& word = choice->get_ref<const std::string&>();
    if (word == "none") {
      tools.use = ToolUse::none;
    } else if (word == "required") {
      tools.use = ToolUse::required;
    } else if (word != "auto") {
      return fields.fail("tool_choice", "must be none, auto, required, or name a function");
    }
  } else if (choice->is_object() && choice->contains("function") &&
             choice->at("function").is_object() && choice->at("function").contains("name") &&
             choice->at("function").at("name").is_string()) {
    tools.use = ToolUse::required;
    tools.name = choice->at("function").at("name").get<std::string>();
  } else {
    return fields.fail("tool_choice", "must be none, auto, required, or name a function");
  }
  if (tools.use != ToolUse::none && out->tools.is_null() && *choice != "auto") {
    return fields.fail("tool_choice", "there are no tools to choose from");
  }
  if (out->tools.is_null()) tools.use = ToolUse::none;
  if (tools.name.empty()) return;
  for (const Json& tool : out->tools) {
    if (tool.at("function").at("name") == tools.name) return;
  }
  fields.fail("tool_choice", "names a function that tools does not have");
}

void read_template_switches(Fields& fields, ApiRequest* out) {
  out->continue_final_message = fields.flag("continue_final_message").value_or(false);
  const std::optional<bool> generation = fields.flag("add_generation_prompt");
  if (generation && *generation == out->continue_final_message) {
    fields.fail("add_generation_prompt", "must be the opposite of continue_final_message");
  }
  const Json* switches = fields.any("chat_template_kwargs");
  if (switches == nullptr) return;
  if (!switches->is_object()) return fields.fail("chat_template_kwargs", "must be an object");
  Fields inner(*switches, "chat_template_kwargs.");
  out->enable_thinking = inner.flag("enable_thinking");
  if (const auto error = inner.finish()) fields.fail("chat_template_kwargs", error->message);
}

/// What the template is given. Nothing: it was read; a failure of a field is kept by the fields.
std::optional<ApiError> read_chat(Fields& fields, const RequestLimits& limits, ApiRequest* out) {
  if (const Json* messages = fields.any("messages")) {
    ApiResult<Json> read = read_messages(*messages, limits);
    if (!read) return read.error();
    out->messages = std::move(*read);
  } else {
    fields.fail("messages", "is required");
  }
  if (const Json* tools = fields.any("tools"); tools != nullptr && *tools != Json::array()) {
    ApiResult<Json> read = read_tools(*tools, limits);
    if (!read) return read.error();
    out->tools = std::move(*read);
  }
  read_template_switches(fields, out);
  if (!fields.failed() && out->continue_final_message &&
      out->messages.back().at("role") != "assistant") {
    fields.fail("continue_final_message", "the last message is not the assistant's");
  }
  return std::nullopt;
}

bool read_prompt(const Json& value, PromptInput* out) {
  if (value.is_string()) {
    out->text = value.get<std::string>();
    return true;
  }
  if (!value.is_array() || value.empty()) return false;
  out->is_ids = true;
  for (const Json& id : value) {
    if (!id.is_number_integer() || id < 0 || id > std::numeric_limits<TokenId>::max()) return false;
    out->ids.push_back(id.get<TokenId>());
  }
  return true;
}

void read_prompts(Fields& fields, ApiRequest* out) {
  const Json* prompt = fields.any("prompt");
  const char* form = "must be a string, an array of strings, of token ids, or of arrays of them";
  if (prompt == nullptr) return fields.fail("prompt", "is required");
  const bool several = prompt->is_array() && !prompt->empty() && !prompt->front().is_number();
  for (const Json& one : several ? *prompt : Json::array({*prompt})) {
    PromptInput input;
    if (!read_prompt(one, &input)) return fields.fail("prompt", form);
    out->prompts.push_back(std::move(input));
  }
}

}  // namespace

ApiResult<ApiRequest> read_chat_request(const Json& body, const RequestLimits& limits) {
  ApiRequest out;
  out.chat = true;
  Fields fields(body);
  read_common(fields, limits, &out);
  if (auto error = read_chat(fields, limits, &out)) return tl::unexpected(std::move(*error));
  if (!fields.failed()) read_tool_choice(fields, &out);
  out.max_tokens = fields.integer("max_completion_tokens", 1, kMostTokens);
  const auto older_name = fields.integer("max_tokens", 1, kMostTokens);
  if (!out.max_tokens) out.max_tokens = older_name;
  const bool logprobs = fields.flag("logprobs").value_or(false);
  const auto top = fields.integer("top_logprobs", 0, limits.top_logprobs);
  if (logprobs) out.logprobs = top.value_or(0);
  if (top && !logprobs) fields.fail("top_logprobs", "needs logprobs: true");
  read_format(fields, &out);
  const std::string deprecated = "is not supported: use tools";
  fields.only("functions", Json::array(), deprecated);
  fields.only("function_call", "none", deprecated);
  fields.only("modalities", Json::array({"text"}), "only text is supported");
  fields.only("audio", nullptr, "is not supported");
  if (const auto error = fields.finish()) return tl::unexpected(*error);
  return out;
}

ApiResult<TokenizeRequest> read_tokenize_request(const Json& body, const RequestLimits& limits) {
  TokenizeRequest out;
  Fields fields(body);
  out.model = fields.text("model").value_or("");
  out.text = fields.text("prompt");
  const std::optional<std::string> content = fields.text("content");
  if (!out.text) out.text = content;
  out.add_special = fields.flag("add_special_tokens").value_or(true);
  const bool is_chat = fields.any("messages") != nullptr;
  if (!out.text && !is_chat) {
    fields.fail("prompt", "is required, or messages");
  } else if (out.text && is_chat) {
    fields.fail("messages", "cannot go with a prompt");
  } else if (is_chat) {
    out.chat.chat = true;
    if (auto error = read_chat(fields, limits, &out.chat)) return tl::unexpected(std::move(*error));
    if (!out.chat.tools.is_null()) out.chat.tool_choice.use = ToolUse::automatic;
  }
  if (const auto error = fields.finish()) return tl::unexpected(*error);
  return out;
}

ApiResult<ApiRequest> read_completion_request(const Json& body, const RequestLimits& limits) {
  ApiRequest out;
  Fields fields(body);
  read_common(fields, limits, &out);
  read_prompts(fields, &out);
  out.echo = fields.flag("echo").value_or(false);
  out.max_tokens = fields.integer("max_tokens", 0, kMostTokens).value_or(16);
  // Older clients send true and false, as in chat.
  if (const Json* logprobs = fields.any("logprobs");
      logprobs != nullptr && logprobs->is_boolean()) {
    if (logprobs->get<bool>()) out.logprobs = 1;
  } else {
    out.logprobs = fields.integer("logprobs", 0, limits.top_logprobs);
  }
  if (out.max_tokens == 0 && !out.echo) fields.fail("max_tokens", "0 is for echo: true only");
  if (out.echo && out.stream) fields.fail("echo", "cannot be streamed");
  if (std::ssize(out.prompts) * out.n > limits.choices) {
    fields.fail("prompt", fmt::format("{} prompts with n {} make more than {} completions",
                                      out.prompts.size(), out.n, limits.choices));
  }
  read_format(fields, &out);
  if (out.echo && out.format.kind != FormatKind::text) {
    fields.fail("echo", "cannot go with a response_format");
  }
  fields.only("best_of", out.n, "is not supported: use n");
  fields.only("suffix", "", "is not supported");
  if (const auto error = fields.finish()) return tl::unexpected(*error);
  return out;
}

}  // namespace assay::serve
