#include "backends/http/completer.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/numerics/sampler.h"
#include "core/random.h"

namespace assay::http {

constexpr double kMaxPause_s = 60;
constexpr double kMaxRetryAfter_s = 600;
/// A stream that said why it ended, and does not end.
constexpr double kGrace_s = 2;
constexpr int kLostInARow = 4;
constexpr int kPollMs = 50;

struct Flight {
  Request request;
  std::uint64_t seed = 0;
  std::string body;
  std::optional<Failure> failure;  ///< of the last attempt
  std::unique_ptr<Exchange> exchange;
  std::unique_ptr<ReplyReader> reader;
  std::unique_ptr<StopCut> stop;
  std::int64_t attempts = 0;
  Target target;
  double taken_at = 0;
  double sent_at = 0;
  double first_at = 0;  ///< 0: no text yet
  double last_at = 0;   ///< of the last text, or of the finish_reason
  double due_at = 0;    ///< when it may be sent again
  bool cut = false;     ///< a stop string ended it here
  bool begun = false;   ///< the answer's headers were looked at
  bool done = false;
};

namespace {

/// Seconds covered by the intervals together.
double covered_seconds(std::vector<std::pair<double, double>> intervals) {
  std::sort(intervals.begin(), intervals.end());
  double total = 0;
  double end = -1;
  for (const auto& [from, to] : intervals) {
    total += std::max(0.0, to - std::max(from, end));
    end = std::max(end, to);
  }
  return total;
}

/// What the server's word for the end means; a failure for ends that are none of a text.
std::optional<Failure> strange_end(const std::string& reason) {
  for (const char* known : {"stop", "length", "eos", "eos_token", "stop_sequence", "end_turn",
                            "max_tokens", "tool_calls", "function_call"}) {
    if (reason == known) return std::nullopt;
  }
  const bool filtered = reason == "content_filter";
  return Failure{filtered ? "content_filter" : "unknown_finish_reason",
                 fmt::format("the server ended the text with '{}'", reason), reason == "abort", 0};
}

}  // namespace

HttpEndpoint::HttpEndpoint(Options options, EndpointRequest request)
    : options_(std::move(options)),
      vocabulary_(std::move(request.vocabulary)),
      clock_(std::move(request.clock)),
      multi_(curl_multi_init()) {
  ASSAY_ASSERT(multi_ != nullptr && clock_);
}

HttpEndpoint::~HttpEndpoint() = default;

void HttpEndpoint::prepare(const EndpointNeeds& needs) {
  opened_by_prompt_ = needs.opened_by_prompt;
  dialect_ = dialect_of(options_, facts_, needs.thinking);
}

std::unique_ptr<Flight> HttpEndpoint::make_flight(Request request, std::uint64_t seed) {
  auto flight = std::make_unique<Flight>();
  flight->request = std::move(request);
  flight->seed = seed;
  flight->taken_at = now();
  const Ask ask{&flight->request.prompt, flight->request.sampling, seed,
                flight->request.max_new_tokens};
  Result<std::string> body = completion_body(dialect_, ask, vocabulary_);
  if (body) {
    flight->body = std::move(*body);
    flight->target.url =
        api_url(options_, dialect_.api == Api::chat ? "chat/completions" : "completions");
  } else {
    flight->failure = Failure{"prompt", body.error().line(), false, 0};
    flight->done = true;
  }
  return flight;
}

void HttpEndpoint::launch(Flight& flight) {
  ++flight.attempts;
  flight.failure.reset();
  flight.first_at = flight.last_at = 0;
  flight.cut = flight.begun = false;
  flight.reader =
      std::make_unique<ReplyReader>(flight.request.max_new_tokens, dialect_.server == "assay");
  flight.stop = std::make_unique<StopCut>(
      stops_here_ ? flight.request.prompt.stop_strings : std::vector<std::string>{},
      dialect_.thinking, opened_by_prompt_);
  flight.exchange = std::make_unique<Exchange>(options_, flight.target, flight.body);
  flight.exchange->on_body = [this, &flight](std::string_view bytes) {
    take_bytes(flight, bytes);
    return !flight.cut && !flight.reader->failure();
  };
  curl_easy_setopt(flight.exchange->handle(), CURLOPT_PRIVATE, &flight);
  flight.sent_at = now();
  ASSAY_ASSERT(curl_multi_add_handle(multi_.get(), flight.exchange->handle()) == CURLM_OK);
}

void HttpEndpoint::give_up(Flight& flight) {
  if (!flight.exchange) return;
  curl_multi_remove_handle(multi_.get(), flight.exchange->handle());
  flight.exchange.reset();
}

void HttpEndpoint::take_bytes(Flight& flight, std::string_view bytes) {
  ReplyReader& reader = *flight.reader;
  if (!flight.begun) {
    flight.begun = true;
    const net::AnswerHeaders& headers = flight.exchange->headers();
    reader.begin(headers.get("content-type"), headers.get("content-encoding"));
  }
  const bool was_finished = reader.is_finished();
  const std::size_t text = reader.push(bytes);
  const double time = now();
  if (text > 0 && flight.first_at == 0) flight.first_at = time;
  if (text > 0 || (reader.is_finished() && !was_finished)) flight.last_at = time;
  flight.cut = text > 0 && flight.stop->cut(reader.reply());
}

void HttpEndpoint::watch_time(Flight& flight) {
  if (!flight.exchange) return;
  const double time = now();
  const auto beyond = [time](double since, double limit_s) {
    return limit_s > 0 && time - since > limit_s;
  };
  if (flight.reader->is_finished()) {
    if (!beyond(flight.last_at, kGrace_s)) return;
    flight.reader->reply().note("no_end");
    land(flight, CURLE_OK);
    return;
  }
  std::string phase;
  if (beyond(flight.sent_at, options_.total_timeout_s)) {
    phase = fmt::format("the whole answer took more than {} s", options_.total_timeout_s);
  } else if (options_.stream && flight.first_at == 0 &&
             beyond(flight.sent_at, options_.first_token_timeout_s)) {
    phase = fmt::format("no text within {} s", options_.first_token_timeout_s);
  } else if (flight.first_at > 0 && beyond(flight.last_at, options_.idle_timeout_s)) {
    phase = fmt::format("no further text for {} s", options_.idle_timeout_s);
  }
  if (!phase.empty()) fail(flight, {"timeout", phase, true, 0});
}

/// A transfer has ended: with an answer, a redirect, or a failure.
void HttpEndpoint::land(Flight& flight, CURLcode code) {
  const Exchange::End end = flight.exchange->end(code);
  const bool text_is_whole = flight.cut || flight.reader->is_finished();
  if (end.next) {
    give_up(flight);
    flight.target = *end.next;
    --flight.attempts;
    launch(flight);
  } else if (flight.reader->failure()) {
    fail(flight, *flight.reader->failure());
  } else if (end.failure && !text_is_whole) {
    fail(flight, *end.failure);
  } else {
    if (end.failure) flight.reader->reply().note("lost_after_finish");
    succeed(flight);
  }
}

void HttpEndpoint::succeed(Flight& flight) {
  ReplyReader& reader = *flight.reader;
  if (!flight.cut) {
    const bool was_finished = reader.is_finished();
    reader.finish();
    if (!was_finished) flight.last_at = now();
    if (flight.first_at == 0) flight.first_at = flight.last_at;
    if (reader.failure()) {
      fail(flight, *reader.failure());
      return;
    }
    if (std::optional<Failure> strange = strange_end(reader.reply().finish_reason)) {
      fail(flight, *strange);
      return;
    }
  }
  give_up(flight);
  lost_in_a_row_ = 0;
  flight.done = true;
}

void HttpEndpoint::fail(Flight& flight, Failure failure) {
  give_up(flight);
  failure.text = options_.secrets.scrub(std::move(failure.text));
  const bool is_lost = failure.error_class == "connect";
  const bool again = failure.may_pass && flight.attempts <= options_.retries &&
                     !(is_lost && lost_in_a_row_ >= kLostInARow);
  flight.failure = std::move(failure);
  flight.done = !again;
  if (!again) {
    lost_in_a_row_ = is_lost ? lost_in_a_row_ + 1 : 0;
    return;
  }
  std::uint64_t state = flight.seed ^ static_cast<std::uint64_t>(flight.attempts);
  const double jitter = 0.5 + static_cast<double>(next_random(&state) >> 11U) * 0x1p-53;
  const double doubled =
      options_.retry_pause_s *
      static_cast<double>(std::int64_t{1} << std::min<std::int64_t>(flight.attempts - 1, 20));
  const double asked = std::min(flight.failure->retry_after_s, kMaxRetryAfter_s);
  flight.due_at = now() + std::max(std::min(doubled, kMaxPause_s) * jitter, asked);
}

/// Thinking part and answer as the model wrote them, as far as the server shows it.
std::string HttpEndpoint::joined_text(const Reply& reply) const {
  if (reply.reasoning_field.empty()) return reply.content;
  std::string text = dialect_.thinking && opened_by_prompt_ ? "" : "<think>";
  text += reply.reasoning;
  // Not closed: cut, or ended, before the tag.
  if (reply.closed) text += "</think>" + reply.content;
  return text;
}

EndpointCompletion HttpEndpoint::take_completion(Flight& flight) {
  EndpointCompletion out;
  ServerReply& said = out.reply;
  said.attempts = flight.attempts;
  out.queue_ms = (flight.sent_at - flight.taken_at) * 1e3;
  out.tokens_known = vocabulary_.encode != nullptr;
  if (flight.failure) {
    out.stop = StopReason::error;
    out.error = fmt::format("{}: {}", flight.failure->error_class, flight.failure->text);
    if (flight.attempts > 1) out.error += fmt::format(" ({} attempts)", flight.attempts);
    said.error_class = flight.failure->error_class;
    out.times_known = false;
    return out;
  }
  Reply& reply = flight.reader->reply();
  const bool raw = dialect_.api == Api::completions;
  const bool tags = reply.content.find("</think>") != std::string::npos ||
                    reply.content.find("<think>") != std::string::npos;
  said.form = !reply.reasoning_field.empty() ? reply.reasoning_field
              : tags                         ? "inline"
              : raw                          ? "text"
                                             : "content";
  said.finish_reason = reply.finish_reason;
  out.text = options_.secrets.scrub(joined_text(reply));
  const bool length = reply.finish_reason == "length" || reply.finish_reason == "max_tokens";
  out.stop = flight.cut || reply.by_stop_string ? StopReason::stop_string
             : length                           ? StopReason::length
                                                : StopReason::eos;
  const bool may_be_string = sends_stop_strings(dialect_, flight.request.prompt);
  if (out.stop == StopReason::eos && may_be_string) reply.note("eos_or_stop_string");
  if (vocabulary_.encode) {
    out.tokens = vocabulary_.encode(out.text);
    const bool ended = out.stop == StopReason::eos && !may_be_string;
    if (ended && vocabulary_.end_token >= 0) out.tokens.push_back(vocabulary_.end_token);
  }
  const auto n = std::ssize(out.tokens);
  const std::int64_t budget = flight.request.max_new_tokens;
  if (out.tokens_known && n > budget + budget / 16 + 8) reply.note("over_budget");
  if (out.tokens_known && length && n + n / 16 + 8 < budget) reply.note("cut_below_budget");
  const std::optional<std::int64_t> claimed = reply.usage_completion_tokens;
  if (out.tokens_known && claimed && std::abs(*claimed - n) > 2 + n / 32) {
    reply.note("usage_differs");
  }
  said.usage_prompt_tokens = reply.usage_prompt_tokens;
  said.usage_completion_tokens = claimed;
  said.server_decode_tokens = reply.server_decode_tokens;
  said.server_decode_ms = reply.server_decode_ms;
  said.server_prefill_tokens = reply.server_prefill_tokens;
  said.server_prefill_ms = reply.server_prefill_ms;
  said.notes = std::move(reply.notes);
  out.times_known = flight.reader->is_stream();
  out.ttft_ms = (flight.first_at - flight.sent_at) * 1e3;
  out.decode_ms = (flight.last_at - flight.first_at) * 1e3;
  if (out.times_known) {
    prefills_.emplace_back(flight.sent_at, flight.first_at);
    decodes_.emplace_back(flight.first_at, flight.last_at);
    totals_.decode_tokens += std::max<std::int64_t>(n - 1, 0);
  }
  return out;
}

void HttpEndpoint::collect_ended() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Flight* flight = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &flight);
    land(*flight, code);
  }
}

/// Moves all flights on, waiting a little when nothing happens. True while any is in the air.
bool HttpEndpoint::step(Flights& flights) {
  int running = 0;
  curl_multi_perform(multi_.get(), &running);
  collect_ended();
  bool any = false;
  double next_due = now() + 1e-3 * kPollMs;
  for (const auto& flight : flights) {
    if (flight->done) continue;
    if (!flight->exchange && flight->due_at <= now()) launch(*flight);
    if (!flight->exchange) next_due = std::min(next_due, flight->due_at);
    watch_time(*flight);
    any = any || !flight->done;
  }
  const bool some_done =
      std::any_of(flights.begin(), flights.end(), [](const auto& it) { return it->done; });
  if (any && !some_done) {
    const int wait_ms = std::max(1, static_cast<int>((next_due - now()) * 1e3));
    curl_multi_poll(multi_.get(), nullptr, 0, std::min(wait_ms, kPollMs), nullptr);
  }
  return any;
}

RunTotals HttpEndpoint::answer(const RequestSource& source, const EndpointSink& sink,
                               const std::function<bool()>& cancelled) {
  totals_ = RunTotals{};
  prefills_.clear();
  decodes_.clear();
  Flights flights;
  bool exhausted = false;
  const auto is_cancelled = [&] { return cancelled && cancelled(); };
  while (!is_cancelled()) {
    while (!exhausted && std::ssize(flights) < options_.concurrency) {
      std::optional<Request> request = source();
      exhausted = !request;
      if (!request) break;
      const std::uint64_t seed =
          numerics::request_seed(request->sampling.seed, request->problem_id, request->sample);
      flights.push_back(make_flight(std::move(*request), seed));
    }
    if (flights.empty()) break;
    step(flights);
    Flights in_air;
    Flights ended;
    for (auto& flight : flights) (flight->done ? ended : in_air).push_back(std::move(flight));
    flights = std::move(in_air);
    for (const auto& flight : ended) sink(flight->request, take_completion(*flight));
  }
  for (const auto& flight : flights) give_up(*flight);
  totals_.prefill_seconds = covered_seconds(prefills_);
  totals_.decode_seconds = covered_seconds(decodes_);
  return totals_;
}

EndpointCompletion HttpEndpoint::complete(const Prompt& prompt, const Sampling& sampling,
                                          std::uint64_t seed, std::int64_t max_new_tokens,
                                          const std::function<bool()>& cancelled) {
  Request request;
  request.prompt = prompt;
  request.sampling = sampling;
  request.max_new_tokens = max_new_tokens;
  Flights flights;
  flights.push_back(make_flight(std::move(request), seed));
  while (!flights.front()->done) {
    if (cancelled && cancelled()) {
      give_up(*flights.front());
      flights.front()->failure = Failure{"cancelled", "interrupted", false, 0};
      break;
    }
    step(flights);
  }
  return take_completion(*flights.front());
}

EndpointCompletion HttpEndpoint::complete_as_sent(const Prompt& prompt, std::int64_t max_new_tokens,
                                                  const std::function<bool()>& cancelled) {
  const Dialect own = dialect_;
  dialect_.thinking = false;
  stops_here_ = false;
  EndpointCompletion out = complete(prompt, Sampling{}, 0, max_new_tokens, cancelled);
  stops_here_ = true;
  dialect_ = own;
  return out;
}

Result<void> HttpEndpoint::accepts(const Prompt& prompt) const {
  if (options_.api == Api::chat && prompt.messages.empty()) {
    return failure(ErrorKind::usage, "this protocol sends raw text, which api=chat cannot carry",
                   "add api=completions to --backend http, or choose a chat protocol");
  }
  if (options_.api == Api::completions && !prompt.messages.empty() && !vocabulary_.render) {
    return failure(ErrorKind::usage,
                   "this protocol sends messages, and api=completions needs a local template",
                   "give --model the model's GGUF file or folder, or use api=chat");
  }
  const bool continues = facts_.server.empty() || facts_.server == "llama.cpp" ||
                         facts_.server == "vllm" || facts_.server == "assay";
  if (options_.api == Api::chat && !prompt.assistant_prefix.empty() && !continues) {
    return failure(ErrorKind::usage,
                   fmt::format("this protocol begins the assistant's turn, and {} is not known to "
                               "go on with it under api=chat",
                               facts_.server),
                   "use api=completions with --model, or another protocol");
  }
  return {};
}

nlohmann::json HttpEndpoint::identity() const {
  const auto null_or = [](const std::string& text) {
    return text.empty() ? nlohmann::json() : nlohmann::json(text);
  };
  return {{"url", net::display_url(options_.url.text)},
          {"api", options_.api == Api::chat ? "chat" : "completions"},
          {"model", null_or(facts_.model.empty() ? options_.model : facts_.model)},
          {"server", null_or(facts_.server)}};
}

}  // namespace assay::http
