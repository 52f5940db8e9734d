#include "serve/api_job.h"

#include <algorithm>
#include <random>
#include <utility>

#include "core/clock.h"
#include "core/numerics/sampler.h"
#include "serve/json_text.h"

namespace assay::serve {
namespace {

/// 53 bits, as numerics::request_seed gives.
std::uint64_t any_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32 | device()) >> 11;
}

}  // namespace

ApiJob::ApiJob(const JobContext& context, ApiRequest request, std::vector<BuiltPrompt> prompts,
               JobTicket ticket)
    : context_(&context),
      request_(std::move(request)),
      prompts_(std::move(prompts)),
      ticket_(std::move(ticket)) {
  const std::uint64_t seed = request_.seed ? *request_.seed : any_seed();
  for (std::size_t p = 0; p < prompts_.size(); ++p) {
    for (std::int32_t sample = 0; sample < request_.n; ++sample) {
      Part part;
      part.request.sample = sample;
      part.request.prompt.stop_strings = request_.stop;
      part.request.sampling = request_.sampling;
      // An echo alone draws a token, too, and shows none.
      part.request.max_new_tokens =
          std::max<std::int64_t>(1, request_.max_tokens.value_or(INT64_MAX / 2));
      part.prepared.prompt = prompts_[p].ids;
      part.prepared.thinking_open = prompts_[p].thinking_open;
      // The seed is request_seed itself for the first choice; others derive theirs from it.
      part.prepared.draw_seed = sample == 0 ? seed : numerics::request_seed(seed, "choice", sample);
      parts.push_back(std::move(part));
      Choice choice;
      choice.prompt = p;
      choice.thinking = prompts_[p].thinking_open;
      if (ticket_.matcher) choice.constraint.emplace(*context.tokens, ticket_.matcher);
      choices_.push_back(std::move(choice));
    }
  }
}

bool ApiJob::abandoned() {
  if (cut_.load(std::memory_order_relaxed) || failed_ || ticket_.exchange->gone()) return true;
  late_ = late_ || now_seconds() > ticket_.deadline;
  return late_;
}

bool ApiJob::wants_prompt_logits(std::size_t) const {
  return request_.echo && request_.logprobs.has_value();
}

void ApiJob::prompt_logits(std::size_t choice, std::int64_t first, std::span<const float> logits) {
  Choice& c = choices_[choice];
  const std::vector<TokenId>& ids = prompts_[c.prompt].ids;
  if (first == 0) {
    c.prompt_logprobs.clear();
    c.prompt_logprobs.push_back({ids[0], 0, {}});
  }
  const auto begin = static_cast<std::size_t>(first);
  const std::size_t width = context_->vocab;
  const std::size_t rows = logits.size() / width;
  for (std::size_t row = 0; row < rows && begin + row + 1 < ids.size(); ++row) {
    c.prompt_logprobs.push_back(
        logprob_of(logits.subspan(row * width, width), ids[begin + row + 1], *request_.logprobs));
  }
}

bool ApiJob::constrain(std::size_t choice, std::span<const float> logits,
                       std::vector<float>& allowed) {
  Choice& c = choices_[choice];
  if (!c.constraint || c.thinking || failed_) return false;
  // Where the best token may come anyway, a greedy draw needs no mask.
  if (request_.sampling.greedy() && c.constraint->allows(numerics::argmax(logits))) return false;
  const bool any = c.constraint->mask(logits, allowed);
  const ChainProfile& profile = context_->profile;
  const bool may_think = profile.thinking && c.n_drawn == 0;
  if (may_think) {
    const auto open = static_cast<std::size_t>(profile.think_open);
    allowed[open] = logits[open];
  }
  if (!c.constraint->exhausted().empty()) {
    fail({400, c.constraint->exhausted(), schema_field(), "unsupported_schema"});
  } else if (!any && !may_think) {
    fail({500, "no token of the vocabulary continues what the schema allows", "", ""});
  }
  return true;
}

const char* ApiJob::schema_field() const {
  return request_.tool_choice.use == ToolUse::required ? "tools" : "response_format";
}

bool ApiJob::wants_logits(std::size_t choice) const {
  const Choice& c = choices_[choice];
  return request_.logprobs.has_value() || (c.constraint && !c.thinking && !failed_);
}

void ApiJob::drawn(std::size_t choice, const DrawnToken& token) {
  Choice& c = choices_[choice];
  const ChainProfile& profile = context_->profile;
  if (profile.thinking && token.token == profile.think_open && c.n_drawn == 0) {
    c.thinking = true;
  } else if (profile.thinking && token.token == profile.think_close) {
    c.thinking = false;
  } else if (c.constraint && !c.thinking) {
    c.constraint->accept(token.token);
  }
  ++c.n_drawn;
  if (request_.logprobs) {
    c.logprobs.push_back(logprob_of(token.logits, token.token, *request_.logprobs));
  }
  if (!request_.stream || failed_) return;
  c.completion.tokens.push_back(token.token);
  if (!streaming_) {
    streaming_ = true;
    ticket_.exchange->begin_events({{"X-Request-Id", ticket_.id}});
  }
  stream_text(choice, token.settled_text);
}

void ApiJob::done(std::size_t choice, Completion completion) {
  Choice& c = choices_[choice];
  c.completion = std::move(completion);
  c.finished = true;
  ++n_done_;
  if (c.completion.stop == StopReason::error && !failed_) {
    const bool cut = cut_.load(std::memory_order_relaxed);
    if (cut) {
      fail({503, "the server is going down", "", "shutting_down"});
    } else if (late_) {
      fail({504, "the request took longer than the server allows", "", "timeout"});
    } else {
      fail({500, c.completion.error, "", ""});
    }
  }
  if (failed_) return;
  if (request_.max_tokens == 0) {
    c.completion.tokens.clear();
    c.completion.text.clear();
    c.logprobs.clear();
  }
  if (request_.stream) stream_end(choice);
  if (n_done_ == choices_.size()) finish_all();
}

void ApiJob::fail(const ApiError& error) {
  failed_ = true;
  if (streaming_) {
    ticket_.exchange->event(error_body(error));
    ticket_.exchange->end();
  } else {
    ticket_.exchange->respond(error_response(error));
  }
}

void ApiJob::finish_all() {
  if (request_.stream) {
    if (request_.include_usage) {
      Json chunk = envelope(request_.chat ? "chat.completion.chunk" : "text_completion");
      chunk["usage"] = usage();
      ticket_.exchange->event(to_line(chunk));
    }
    ticket_.exchange->event("[DONE]");
    ticket_.exchange->end();
    return;
  }
  Json answer = whole_answer();
  answer["usage"] = usage();
  HttpResponse response;
  response.body = to_line(answer);
  response.headers.emplace_back("X-Request-Id", ticket_.id);
  ticket_.exchange->respond(std::move(response));
}

Json ApiJob::envelope(const char* object) const {
  return {{"id", ticket_.id},
          {"object", object},
          {"created", ticket_.created},
          {"model", context_->model},
          {"system_fingerprint", context_->fingerprint},
          {"choices", Json::array()}};
}

void ApiJob::send(const Json& chunk) {
  ticket_.exchange->event(to_line(chunk));
}

Json ApiJob::new_token_ids(Choice& choice) const {
  const std::vector<TokenId>& all = choice.completion.tokens;
  Json ids = Json::array();
  for (; choice.tokens_sent < all.size(); ++choice.tokens_sent) {
    ids.push_back(all[choice.tokens_sent]);
  }
  return ids;
}

/// Up to and with the end of the thinking part.
std::int64_t ApiJob::reasoning_tokens(const Choice& choice) const {
  const ChainProfile& profile = context_->profile;
  const std::vector<TokenId>& tokens = choice.completion.tokens;
  if (!profile.thinking || tokens.empty()) return 0;
  const bool opens = prompts_[choice.prompt].thinking_open || tokens[0] == profile.think_open;
  if (!opens) return 0;
  const auto close = std::find(tokens.begin(), tokens.end(), profile.think_close);
  return close == tokens.end() ? std::ssize(tokens) : close - tokens.begin() + 1;
}

Json ApiJob::usage() const {
  std::int64_t prompt = 0;
  for (const BuiltPrompt& one : prompts_) prompt += std::ssize(one.ids);
  std::int64_t completion = 0;
  std::int64_t reasoning = 0;
  for (const Choice& choice : choices_) {
    completion += std::ssize(choice.completion.tokens);
    reasoning += reasoning_tokens(choice);
  }
  return {{"prompt_tokens", prompt},
          {"completion_tokens", completion},
          {"total_tokens", prompt + completion},
          {"completion_tokens_details", {{"reasoning_tokens", reasoning}}}};
}

const char* ApiJob::finish_reason(const Completion& completion) {
  return completion.stop == StopReason::length ? "length" : "stop";
}

Json ApiJob::stop_reason(const Completion& completion) const {
  if (completion.stop != StopReason::stop_string) return nullptr;
  std::vector<TokenId> shown;
  for (const TokenId id : completion.tokens) {
    if (context_->tokenizer->valid(id)) shown.push_back(id);
  }
  const std::string all = context_->tokenizer->decode(shown);
  const std::string_view rest =
      std::string_view(all).substr(std::min(completion.text.size(), all.size()));
  for (const std::string& stop : request_.stop) {
    if (!stop.empty() && rest.starts_with(stop)) return stop;
  }
  return nullptr;
}

std::string ApiJob::shown(std::string_view text) {
  return whole_characters(text);
}

}  // namespace assay::serve
