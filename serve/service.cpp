#include "serve/service.h"

#include <fmt/core.h>

#include <chrono>
#include <utility>

#include "core/clock.h"
#include "core/text.h"
#include "decode/grammar/json_rules.h"
#include "decode/grammar/json_schema.h"
#include "serve/json_text.h"
#include "serve/messages.h"

namespace assay::serve {
namespace {

struct Route {
  const char* method;
  const char* path;
};
constexpr std::string_view kModels = "/v1/models";
constexpr Route kRoutes[] = {
    {"POST", "/v1/chat/completions"},
    {"POST", "/v1/completions"},
    {"GET", "/v1/models"},
    {"POST", "/tokenize"},
    {"POST", "/detokenize"},
    {"GET", "/tokenizer_info"},
    {"GET", "/health"},
};
constexpr std::string_view kOneModel = "/v1/models/";

/// "GET, HEAD": what the path may be asked with; empty: there is no such path.
std::string allowed_methods(const std::string& path) {
  for (const Route& route : kRoutes) {
    const bool is_one_model = path.starts_with(kOneModel) && route.path == kModels;
    if (path != route.path && !is_one_model) continue;
    return std::string_view(route.method) == "GET" ? "GET, HEAD" : route.method;
  }
  return {};
}

/// Nothing: there is such a route.
std::optional<ApiError> check_route(const HttpRequest& head) {
  const std::string path = path_of(head);
  const std::string allowed = allowed_methods(path);
  if (allowed.empty()) {
    return ApiError{404,
                    fmt::format("there is no {} here; see docs/serve.md", name_for_message(path)),
                    "", "unknown_url"};
  }
  const bool is_read = head.method == "GET" || head.method == "HEAD";
  if (is_read ? allowed != "POST" : head.method == allowed) return std::nullopt;
  return ApiError{
      405, fmt::format("{} is not for {}", name_for_message(path), name_for_message(head.method)),
      "", "method_not_allowed"};
}

bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  const std::size_t end = type.find_last_not_of(" \t");
  const std::string_view trimmed = type.substr(0, end == std::string_view::npos ? 0 : end + 1);
  constexpr std::string_view kJson = "application/json";
  return trimmed.size() == kJson.size() &&
         std::equal(trimmed.begin(), trimmed.end(), kJson.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

HttpResponse json_response(const Json& value) {
  HttpResponse response;
  response.body = to_line(value);
  return response;
}

std::int64_t unix_time() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Service::Service(const JobContext& context, const PromptBuilder& prompts,
                 const ConversationTemplate& conversations, Engine& engine, ServiceOptions options)
    : context_(context),
      prompts_(prompts),
      conversations_(conversations),
      engine_(engine),
      options_(std::move(options)) {
  options_.created = unix_time();
}

std::optional<HttpResponse> Service::check(const HttpRequest& head) const {
  std::optional<ApiError> error = check_access(options_.access, head);
  if (!error) error = check_route(head);
  if (!error && head.method == "POST" && !is_json(head.content_type)) {
    error = ApiError{415, "the Content-Type must be application/json", "", "content_type"};
  }
  if (!error && !head.content_encoding.empty() && head.content_encoding != "identity") {
    error = ApiError{415, "the body must come without a Content-Encoding", "", "content_encoding"};
  }
  if (!error && draining_.load() && head.method == "POST") {
    error = ApiError{503, "the server is going down", "", "shutting_down"};
  }
  if (!error) return std::nullopt;
  HttpResponse response = error_response(*error);
  if (error->status == 405) {
    response.headers.emplace_back("Allow", allowed_methods(path_of(head)));
  }
  return response;
}

void Service::handle(HttpRequest request, std::shared_ptr<Exchange> exchange) {
  const double arrived = now_seconds();
  if (path_of(request) == "/health") return exchange->respond(health());
  worker_.add([this, arrived, request = std::move(request), exchange = std::move(exchange)] {
    prepare(request, arrived, exchange);
  });
}

void Service::prepare(const HttpRequest& request, double arrived,
                      const std::shared_ptr<Exchange>& exchange) {
  if (exchange->gone()) return;
  ApiError error;
  try {
    const std::string path = path_of(request);
    if (path == "/v1/chat/completions" || path == "/v1/completions") {
      const ApiResult<void> started = start(request, arrived, exchange);
      if (started) return;
      error = started.error();
    } else {
      ApiResult<HttpResponse> answer = answer_now(request);
      if (answer) return exchange->respond(std::move(*answer));
      error = answer.error();
    }
  } catch (const std::exception& thrown) {
    error = {500, thrown.what(), "", ""};
  }
  exchange->respond(error_response(error));
}

ApiResult<HttpResponse> Service::answer_now(const HttpRequest& request) const {
  const std::string path = path_of(request);
  if (path == "/tokenize") return tokenize(request.body);
  if (path == "/tokenizer_info") return tokenizer_info();
  if (path == "/detokenize") return detokenize(request.body);
  const std::string name =
      path.starts_with(kOneModel) ? path.substr(kOneModel.size()) : std::string();
  if (!name.empty()) {
    if (const ApiResult<void> known = check_model(name); !known) {
      return tl::unexpected(known.error());
    }
  }
  return models(name);
}

ApiResult<void> Service::check_model(const std::string& name) const {
  if (name.empty() || name == context_.model) return {};
  return tl::unexpected<ApiError>(
      ApiError{404,
               fmt::format("the model '{}' is not here: this server has '{}'",
                           name_for_message(name), context_.model),
               "model", "model_not_found"});
}

/// What is too long even if all tokens were the longest one is not encoded at all.
ApiResult<void> Service::check_bytes(std::size_t bytes) const {
  const auto context = static_cast<std::size_t>(options_.max_context);
  if (bytes <= context * context_.longest_token) return {};
  return refusal("prompt",
                 fmt::format("the prompt's {} bytes are more than {} tokens, and the context of {} "
                             "must hold it and at least one more; start the server with a larger "
                             "--context",
                             bytes, bytes / context_.longest_token, options_.max_context),
                 "context_length_exceeded");
}

ApiResult<void> Service::check_length(const BuiltPrompt& prompt) const {
  if (std::ssize(prompt.ids) < options_.max_context) return {};
  return refusal("prompt",
                 fmt::format("the prompt has {} tokens, and the context of {} must hold it and at "
                             "least one more; start the server with a larger --context",
                             prompt.ids.size(), options_.max_context),
                 "context_length_exceeded");
}

/// Whether a prompt of ids opens a thinking part: its tag, and blanks at most behind it.
bool Service::ends_in_thinking(const std::vector<TokenId>& ids) const {
  constexpr std::size_t kTail = 16;
  std::vector<TokenId> tail;
  for (std::size_t i = ids.size() - std::min(kTail, ids.size()); i < ids.size(); ++i) {
    if (context_.tokenizer->valid(ids[i])) tail.push_back(ids[i]);
  }
  const std::string text = context_.tokenizer->decode(tail, true);
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return last != std::string::npos &&
         std::string_view(text).substr(0, last + 1).ends_with("<think>");
}

ApiResult<BuiltPrompt> Service::build_prompt(const PromptInput& input) const {
  BuiltPrompt built;
  if (input.is_ids) {
    for (const TokenId id : input.ids) {
      if (static_cast<std::size_t>(id) >= context_.vocab) {
        return refusal("prompt", fmt::format("token id {} is beyond the vocabulary of {}", id,
                                             context_.vocab));
      }
    }
    built.ids = input.ids;
    built.thinking_open = ends_in_thinking(built.ids);
    return built;
  }
  if (const ApiResult<void> fits = check_bytes(input.text.size()); !fits) {
    return tl::unexpected(fits.error());
  }
  Prompt prompt;
  prompt.raw = input.text;
  Result<BuiltPrompt> from_text = prompts_.build(prompt);
  if (!from_text) return refusal("prompt", from_text.error().line());
  return std::move(*from_text);
}

ApiResult<BuiltPrompt> Service::build_chat_prompt(const ApiRequest& request) const {
  const bool has_tools = request.tool_choice.use != ToolUse::none;
  if (has_tools && context_.tool_form == ToolForm::none) {
    return refusal("tools",
                   "the chat template of this model has no form for tools that is known here");
  }
  const bool has_switch = conversations_.source().find("enable_thinking") != std::string::npos;
  if (request.enable_thinking && !has_switch &&
      *request.enable_thinking != context_.profile.thinking) {
    return refusal("chat_template_kwargs", "the chat template of this model has no enable_thinking",
                   "unsupported_parameter");
  }
  Json messages = request.messages;
  std::size_t bytes = 0;
  for (const Json& message : messages) bytes += message.value("content", "").size();
  if (const ApiResult<void> fits = check_bytes(bytes); !fits) return tl::unexpected(fits.error());
  Conversation chat;
  chat.enable_thinking =
      request.enable_thinking ? request.enable_thinking : options_.enable_thinking;
  if (request.continue_final_message) {
    chat.assistant_prefix = messages.back().value("content", "");
    messages.erase(messages.size() - 1);
  }
  chat.messages = &messages;
  if (has_tools) chat.tools = &request.tools;
  Result<BuiltPrompt> built = conversations_.build(chat, *context_.tokenizer, prompts_);
  if (!built) return refusal("messages", built.error().line());
  return std::move(*built);
}

ApiResult<std::vector<BuiltPrompt>> Service::build_prompts(const ApiRequest& request) const {
  std::vector<BuiltPrompt> out;
  const auto add = [&](ApiResult<BuiltPrompt> built) -> ApiResult<void> {
    if (!built) return tl::unexpected(built.error());
    if (ApiResult<void> fits = check_length(*built); !fits) return fits;
    out.push_back(std::move(*built));
    return {};
  };
  if (request.chat) {
    if (ApiResult<void> added = add(build_chat_prompt(request)); !added) {
      return tl::unexpected(added.error());
    }
  }
  for (const PromptInput& input : request.prompts) {
    if (ApiResult<void> added = add(build_prompt(input)); !added) {
      return tl::unexpected(added.error());
    }
  }
  return out;
}

/// What the answer may look like; null: anything.
ApiResult<std::shared_ptr<grammar::Matcher>> Service::build_matcher(
    const ApiRequest& request) const {
  const bool has_tools = request.tool_choice.use != ToolUse::none;
  const bool must_call = request.tool_choice.use == ToolUse::required;
  if (request.format.kind == FormatKind::text && !must_call) return nullptr;
  const char* at_fault = must_call ? "tools" : "response_format";
  grammar::Grammar grammar(context_.tokens->unwritable());
  std::vector<grammar::Sequence> ways;
  if (!must_call && request.format.kind == FormatKind::json_object) {
    ways.push_back(grammar::JsonRules(grammar).any_object());
  } else if (!must_call) {
    const Result<grammar::Sequence> value =
        grammar::json_schema_rules(grammar, request.format.schema);
    if (!value) return refusal("response_format", value.error().message(), "unsupported_schema");
    ways.push_back(*value);
  }
  if (has_tools) {
    ApiResult<grammar::Sequence> calls =
        tool_call_rules(grammar, context_.tool_form, request.tools, request.tool_choice);
    if (!calls) return tl::unexpected(calls.error());
    ways.push_back(std::move(*calls));
  }
  // Behind a chain of thought stand one or two new lines.
  const grammar::Sequence lines =
      context_.profile.thinking ? grammar.repeat(grammar.text("\n"), 0, 2) : grammar::Sequence();
  const grammar::Sequence start = grammar::joined({lines, grammar.any_of(std::move(ways))});
  Result<grammar::Grammar> whole = grammar::finished(std::move(grammar), start);
  if (!whole) {
    return refusal(at_fault, whole.error().message(), "unsupported_schema");
  }
  auto matcher = std::make_shared<grammar::Matcher>(std::move(*whole));
  // What is too much for the first token is said now; the engine's thread has all clients waiting.
  grammar::TokenConstraint first(*context_.tokens, matcher);
  if (first.warm()) {
    constexpr std::size_t kStatesThatWait = 1000;
    if (matcher->n_states() > kStatesThatWait) matcher->forget_others();
    return matcher;
  }
  const std::string why = first.exhausted();
  return refusal(at_fault, why.empty() ? "no token of the vocabulary begins an instance" : why,
                 "unsupported_schema");
}

ApiResult<void> Service::start(const HttpRequest& request, double arrived,
                               const std::shared_ptr<Exchange>& exchange) {
  const ApiResult<Json> body = parse_request(request.body);
  if (!body) return tl::unexpected(body.error());
  const bool chat = path_of(request) == "/v1/chat/completions";
  ApiResult<ApiRequest> read = chat ? read_chat_request(*body, options_.limits)
                                    : read_completion_request(*body, options_.limits);
  if (!read) return tl::unexpected(read.error());
  if (ApiResult<void> known = check_model(read->model); !known) return known;
  ApiResult<std::vector<BuiltPrompt>> prompts = build_prompts(*read);
  if (!prompts) return tl::unexpected(prompts.error());
  const std::size_t n_choices = prompts->size() * static_cast<std::size_t>(read->n);
  if (n_choices > engine_.max_waiting()) {
    return refusal("n", fmt::format("{} completions are more than may ever wait here at once: at "
                                    "most {}; the server's --queue says so",
                                    n_choices, engine_.max_waiting()));
  }
  ApiResult<std::shared_ptr<grammar::Matcher>> matcher = build_matcher(*read);
  if (!matcher) return tl::unexpected(matcher.error());
  JobTicket ticket;
  ticket.matcher = std::move(*matcher);
  ticket.id = fmt::format("{}-{}", chat ? "chatcmpl" : "cmpl", next_id_++);
  ticket.created = unix_time();
  ticket.deadline = arrived + options_.request_seconds;
  ticket.exchange = exchange;
  const auto job =
      chat
          ? make_chat_job(context_, std::move(*read), std::move(*prompts), std::move(ticket))
          : make_completion_job(context_, std::move(*read), std::move(*prompts), std::move(ticket));
  {
    const std::lock_guard lock(jobs_mutex_);
    std::erase_if(jobs_, [](const std::weak_ptr<ApiJob>& weak) { return weak.expired(); });
    jobs_.push_back(job);
  }
  if (engine_.submit(job)) return {};
  if (engine_.failure()) {
    return tl::unexpected<ApiError>(ApiError{500, engine_.failure()->line(), "", ""});
  }
  return tl::unexpected<ApiError>(
      ApiError{429, "too many requests wait already; try again", "", "queue_full"});
}

void Service::cut_all() {
  const std::lock_guard lock(jobs_mutex_);
  for (const std::weak_ptr<ApiJob>& weak : jobs_) {
    if (const auto job = weak.lock()) job->cut();
  }
}

HttpResponse Service::models(const std::string& name) const {
  const Json model = {{"id", context_.model},
                      {"object", "model"},
                      {"created", options_.created},
                      {"owned_by", "assay"},
                      {"max_model_len", options_.max_context},
                      {"system_fingerprint", context_.fingerprint}};
  if (!name.empty()) return json_response(model);
  return json_response({{"object", "list"}, {"data", Json::array({model})}});
}

HttpResponse Service::tokenizer_info() const {
  const TokenizerSpec& spec = context_.tokenizer->spec();
  const auto text_of = [&](TokenId id) {
    return id < 0 ? Json(nullptr) : Json(context_.tokenizer->token_bytes(id));
  };
  const std::string& chat_template = conversations_.source();
  return json_response(
      {{"bos_token", text_of(spec.bos)},
       {"eos_token", text_of(spec.eos)},
       {"pad_token", nullptr},
       {"add_bos_token", spec.add_bos},
       {"chat_template", chat_template.empty() ? Json(nullptr) : Json(chat_template)}});
}

HttpResponse Service::health() const {
  const std::optional<Error> failure = engine_.failure();
  HttpResponse response = json_response({{"status", failure            ? "failed"
                                                    : draining_.load() ? "draining"
                                                                       : "ok"},
                                         {"running", engine_.running()},
                                         {"waiting", engine_.waiting()}});
  if (failure || draining_.load()) response.status = 503;
  return response;
}

ApiResult<HttpResponse> Service::tokenize(const std::string& body) const {
  const ApiResult<Json> parsed = parse_request(body);
  if (!parsed) return tl::unexpected(parsed.error());
  ApiResult<TokenizeRequest> read = read_tokenize_request(*parsed, options_.limits);
  if (!read) return tl::unexpected(read.error());
  if (ApiResult<void> known = check_model(read->model); !known) {
    return tl::unexpected(known.error());
  }
  std::vector<TokenId> ids;
  if (!read->text) {
    ApiResult<BuiltPrompt> built = build_chat_prompt(read->chat);
    if (!built) return tl::unexpected(built.error());
    ids = std::move(built->ids);
  } else {
    ids = context_.tokenizer->encode(*read->text, true);
    const TokenizerSpec& spec = context_.tokenizer->spec();
    if (read->add_special && spec.add_bos && spec.bos >= 0) ids.insert(ids.begin(), spec.bos);
  }
  return json_response(
      {{"count", ids.size()}, {"max_model_len", options_.max_context}, {"tokens", ids}});
}

ApiResult<HttpResponse> Service::detokenize(const std::string& body) const {
  const ApiResult<Json> parsed = parse_request(body);
  if (!parsed) return tl::unexpected(parsed.error());
  Fields fields(*parsed);
  const std::string model = fields.text("model").value_or("");
  const Json* tokens = fields.any("tokens");
  if (tokens == nullptr || !tokens->is_array()) fields.fail("tokens", "must be an array of ids");
  if (const auto error = fields.finish()) return tl::unexpected(*error);
  if (ApiResult<void> known = check_model(model); !known) return tl::unexpected(known.error());
  std::vector<TokenId> ids;
  for (const Json& token : *tokens) {
    const bool whole = token.is_number_integer() && token >= 0 && token < context_.vocab;
    if (!whole) return refusal("tokens", "each must be an id of the vocabulary");
    if (context_.tokenizer->valid(token.get<TokenId>())) ids.push_back(token.get<TokenId>());
  }
  return json_response({{"prompt", whole_characters(context_.tokenizer->decode(ids, true))}});
}

}  // namespace assay::serve
