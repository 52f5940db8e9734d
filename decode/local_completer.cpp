#include "decode/local_completer.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "core/clock.h"
#include "core/numerics/hash.h"
#include "core/numerics/sampler.h"
#include "decode/stop_rules.h"
#include "model/transformer/session.h"

namespace assay {
namespace {

/// A request that was taken from the source and encoded, and waits for room.
struct Waiting {
  Request request;
  std::vector<TokenId> prompt;
  std::string error;  ///< why it cannot run
  double taken_at = 0;
};

/// A request whose tokens are being generated.
struct Running {
  Request request;
  Completion completion;
  StopRules rules;
  SequenceId sequence = 0;
  std::uint64_t draw_seed = 0;
  std::int64_t pages = 0;  ///< that it may come to need
  double first_token_at = 0;
};

constexpr const char* kAbandoned = "abandoned: nobody waits for it any more";

std::int64_t pages_for(std::int64_t tokens) {
  return (tokens + kKvPageTokens - 1) / kKvPageTokens;
}

class LocalCompleter final : public Completer {
 public:
  LocalCompleter(Session& session, const Tokenizer& tokenizer, PromptEncoder encode,
                 const LocalCompleterOptions& options)
      : session_(session),
        tokenizer_(tokenizer),
        encode_(std::move(encode)),
        options_(options),
        vocab_(static_cast<std::size_t>(session.config().vocab)) {
    ASSAY_ASSERT(options.max_batch > 0 && options.max_batch <= session.max_batch());
  }

  RunTotals run(const RequestSource& source, const CompletionSink& sink,
                const std::function<bool()>& cancelled) override;

 private:
  void take_next(const RequestSource& source);
  bool admit_next(const RequestSource& source, const CompletionSink& sink);
  void start(Waiting waiting, std::int64_t budget, bool shared, const CompletionSink& sink);
  std::optional<SequenceId> prefill(const Waiting& waiting, bool shared, double* seconds,
                                    const CompletionSink& sink);
  bool append_prompt(SequenceId sequence, const Waiting& waiting, const CompletionSink& sink);
  void release_shared_prompt();
  void drop_abandoned(const CompletionSink& sink);
  void decode_step(const CompletionSink& sink);
  bool accept(Running& running, std::span<const float> logits);
  void finish(Running& running, const CompletionSink& sink);
  void close_all();

  Session& session_;
  const Tokenizer& tokenizer_;
  PromptEncoder encode_;
  LocalCompleterOptions options_;
  std::size_t vocab_;
  numerics::Sampler sampler_;

  // State of one run().
  RunTotals totals_;
  std::optional<Waiting> next_;
  bool exhausted_ = false;
  std::vector<Running> running_;
  std::int64_t total_pages_ = 0;
  std::int64_t committed_pages_ = 0;
  std::vector<float> logits_;         // of a decode step
  std::vector<float> prompt_logits_;  // after a prompt's last token
  std::vector<float> allowed_;        // what a watcher made of a position's logits
  // A prefilled prompt that the next request shares.
  std::optional<SequenceId> shared_;
  std::vector<TokenId> shared_prompt_;
  std::vector<float> shared_logits_;
  double shared_seconds_ = 0;
  std::optional<SequenceId> prefilling_;  // in append_prompt
};

void LocalCompleter::take_next(const RequestSource& source) {
  if (next_ || exhausted_) return;
  std::optional<Request> request = source();
  if (!request) {
    exhausted_ = options_.watcher == nullptr;
    return;
  }
  Waiting waiting;
  waiting.taken_at = now_seconds();
  ASSAY_ASSERT(request->max_new_tokens > 0);
  Result<std::vector<TokenId>> prompt = options_.watcher != nullptr
                                            ? options_.watcher->prepared(*request).prompt
                                            : encode_(request->prompt);
  if (!prompt) {
    waiting.error = prompt.error().line();
  } else if (prompt->empty()) {
    waiting.error = "the prompt has no tokens";
  } else if (std::ssize(*prompt) >= session_.max_context()) {
    waiting.error = fmt::format("the prompt's {} tokens leave no room in a context of {}",
                                prompt->size(), session_.max_context());
  }
  if (prompt) waiting.prompt = std::move(*prompt);
  waiting.request = std::move(*request);
  next_ = std::move(waiting);
}

void LocalCompleter::release_shared_prompt() {
  if (shared_) session_.close(*shared_);
  shared_.reset();
}

/// Prefills chunk by chunk where a watcher wants it; false: the request was abandoned meanwhile.
bool LocalCompleter::append_prompt(SequenceId sequence, const Waiting& waiting,
                                   const CompletionSink& sink) {
  const std::span<const TokenId> prompt(waiting.prompt);
  DecodeWatcher* watcher = options_.watcher;
  if (watcher == nullptr) {
    session_.prefill(sequence, prompt, false, prompt_logits_);
    return true;
  }
  const bool all = watcher->wants_prompt_logits(waiting.request);
  constexpr auto kChunk = static_cast<std::size_t>(kPrefillChunk);
  std::vector<float> piece_logits;
  for (std::size_t done = 0; done < prompt.size(); done += kChunk) {
    if (done > 0 && !running_.empty()) decode_step(sink);
    if (done > 0 && watcher->abandoned(waiting.request)) return false;
    const std::span<const TokenId> piece =
        prompt.subspan(done, std::min(kChunk, prompt.size() - done));
    if (!all) {
      session_.prefill(sequence, piece, false, prompt_logits_);
      continue;
    }
    piece_logits.resize(piece.size() * vocab_);
    session_.prefill(sequence, piece, true, piece_logits);
    watcher->prompt_logits(waiting.request, static_cast<std::int64_t>(done), piece_logits);
    std::copy(piece_logits.end() - std::ssize(prompt_logits_), piece_logits.end(),
              prompt_logits_.begin());
  }
  return true;
}

/// A sequence that holds the prompt, with the logits of its last token in prompt_logits_; nothing:
/// the request was abandoned meanwhile.
std::optional<SequenceId> LocalCompleter::prefill(const Waiting& waiting, bool shared,
                                                  double* seconds, const CompletionSink& sink) {
  prompt_logits_.resize(vocab_);
  if (shared_ && shared_prompt_ != waiting.prompt) release_shared_prompt();
  if (shared_) {
    std::copy(shared_logits_.begin(), shared_logits_.end(), prompt_logits_.begin());
    *seconds = shared_seconds_;
    return session_.fork(*shared_);
  }
  const double start = now_seconds();
  const SequenceId sequence = session_.open();
  prefilling_ = sequence;
  const double decoding_before = totals_.decode_seconds;
  const bool whole = append_prompt(sequence, waiting, sink);
  prefilling_.reset();
  *seconds = now_seconds() - start;
  totals_.prefill_seconds += *seconds - (totals_.decode_seconds - decoding_before);
  totals_.prefill_tokens += session_.length(sequence);
  if (!whole) {
    session_.close(sequence);
    return std::nullopt;
  }
  if (!shared) return sequence;
  shared_ = sequence;
  shared_prompt_ = waiting.prompt;
  shared_logits_ = prompt_logits_;
  shared_seconds_ = *seconds;
  return session_.fork(sequence);
}

/// Starts the waiting request if there is room; false when nothing could be started.
bool LocalCompleter::admit_next(const RequestSource& source, const CompletionSink& sink) {
  take_next(source);
  if (!next_) return false;
  if (!next_->error.empty()) {
    Completion failed;
    failed.error = next_->error;
    failed.prompt_tokens = std::move(next_->prompt);
    const Request request = std::move(next_->request);
    next_.reset();
    sink(request, std::move(failed));
    return true;
  }
  const std::int64_t room = session_.max_context() - std::ssize(next_->prompt);
  const std::int64_t budget = std::min(next_->request.max_new_tokens, room);
  const std::int64_t pages = pages_for(std::ssize(next_->prompt) + budget);
  if (std::ssize(running_) >= options_.max_batch || committed_pages_ + pages > total_pages_) {
    return false;
  }
  Waiting waiting = std::move(*next_);
  next_.reset();
  take_next(source);
  // Logits of a prompt are read from the prefill itself.
  const bool wants_all =
      options_.watcher != nullptr && options_.watcher->wants_prompt_logits(waiting.request);
  const bool shared = next_ && next_->prompt == waiting.prompt && !wants_all;
  if (wants_all) release_shared_prompt();
  start(std::move(waiting), budget, shared, sink);
  return true;
}

void LocalCompleter::start(Waiting waiting, std::int64_t budget, bool shared,
                           const CompletionSink& sink) {
  const double start = now_seconds();
  double prefill_seconds = 0;
  Completion completion;
  completion.queue_ms = (start - waiting.taken_at) * 1e3;
  const std::optional<SequenceId> sequence = prefill(waiting, shared, &prefill_seconds, sink);
  if (!shared) release_shared_prompt();
  completion.prompt_tokens = std::move(waiting.prompt);
  if (!sequence) {
    completion.error = kAbandoned;
    sink(waiting.request, std::move(completion));
    return;
  }
  const Request& request = waiting.request;
  ChainProfile profile = options_.profile;
  std::uint64_t draw_seed = 0;
  if (options_.watcher != nullptr) {
    const PreparedRequest& prepared = options_.watcher->prepared(request);
    draw_seed = prepared.draw_seed;
    profile.opened_by_prompt = prepared.thinking_open;
  } else {
    draw_seed = numerics::request_seed(request.sampling.seed, request.problem_id, request.sample);
  }
  StopRules rules(tokenizer_, profile, request.prompt.stop_strings, budget);
  const std::int64_t pages = pages_for(std::ssize(completion.prompt_tokens) + budget);
  Running running{std::move(waiting.request),
                  std::move(completion),
                  std::move(rules),
                  *sequence,
                  draw_seed,
                  pages,
                  0};
  const double sampling_start = now_seconds();
  const bool ended = accept(running, prompt_logits_);
  running.first_token_at = now_seconds();
  // Samples that share a prefill all waited for it, so each reports it.
  running.completion.ttft_ms = (prefill_seconds + running.first_token_at - sampling_start) * 1e3;
  committed_pages_ += pages;
  if (ended) {
    finish(running, sink);
  } else {
    running_.push_back(std::move(running));
  }
}

/// Draws the next token from its logits; true when the completion ends.
bool LocalCompleter::accept(Running& running, std::span<const float> logits) {
  Completion& completion = running.completion;
  const auto index = static_cast<std::int64_t>(completion.tokens.size());
  if (const auto bad = numerics::find_non_finite(logits)) {
    completion.stop = StopReason::error;
    completion.error =
        fmt::format("logits are not finite: token id {} at generated position {}", *bad, index);
    return true;
  }
  if (options_.hash_logits) completion.logits_hashes.push_back(numerics::hash_logits(logits));
  completion.top2_margins.push_back(numerics::top2_margin(logits));
  DecodeWatcher* watcher = options_.watcher;
  const bool constrained =
      watcher != nullptr && watcher->constrain(running.request, logits, allowed_);
  const TokenId token = sampler_.draw(constrained ? std::span<const float>(allowed_) : logits,
                                      running.request.sampling, running.draw_seed, index);
  completion.tokens.push_back(token);
  const std::optional<StopReason> stop = running.rules.push(token);
  if (stop) completion.stop = *stop;
  if (watcher != nullptr) {
    watcher->drawn(running.request, {token, index, logits, running.rules.settled_text()});
  }
  return stop.has_value();
}

/// Gives the sequence back, then delivers: what the sink throws finds nothing half closed.
void LocalCompleter::finish(Running& running, const CompletionSink& sink) {
  session_.close(running.sequence);
  committed_pages_ -= running.pages;
  running.completion.decode_ms = (now_seconds() - running.first_token_at) * 1e3;
  running.completion.text = running.rules.take_text();
  sink(running.request, std::move(running.completion));
}

/// Ends what nobody waits for, running or waiting.
void LocalCompleter::drop_abandoned(const CompletionSink& sink) {
  DecodeWatcher* watcher = options_.watcher;
  if (watcher == nullptr) return;
  if (next_ && next_->error.empty() && watcher->abandoned(next_->request)) {
    next_->error = kAbandoned;
  }
  const auto is_abandoned = [&](const Running& r) { return watcher->abandoned(r.request); };
  if (std::none_of(running_.begin(), running_.end(), is_abandoned)) return;
  std::vector<Running> before = std::move(running_);
  std::vector<Running> dropped;
  running_.clear();
  for (Running& running : before) {
    (is_abandoned(running) ? dropped : running_).push_back(std::move(running));
  }
  for (Running& running : dropped) {
    running.completion.stop = StopReason::error;
    running.completion.error = kAbandoned;
    finish(running, sink);
  }
}

void LocalCompleter::decode_step(const CompletionSink& sink) {
  std::vector<DecodeItem> items;
  for (const Running& running : running_) {
    items.push_back({running.sequence, running.completion.tokens.back()});
  }
  logits_.resize(items.size() * vocab_);
  const double start = now_seconds();
  session_.decode(items, logits_);
  std::vector<bool> ended(running_.size());
  for (std::size_t i = 0; i < running_.size(); ++i) {
    ended[i] = accept(running_[i], std::span(logits_).subspan(i * vocab_, vocab_));
  }
  totals_.decode_seconds += now_seconds() - start;
  totals_.decode_tokens += std::ssize(items);
  ++totals_.decode_steps;
  std::vector<Running> stepped = std::move(running_);
  std::vector<Running> finished;
  running_.clear();
  for (std::size_t i = 0; i < stepped.size(); ++i) {
    (ended[i] ? finished : running_).push_back(std::move(stepped[i]));
  }
  for (Running& running : finished) finish(running, sink);
}

void LocalCompleter::close_all() {
  for (const Running& running : running_) session_.close(running.sequence);
  running_.clear();
  if (prefilling_) session_.close(*prefilling_);
  prefilling_.reset();
  release_shared_prompt();
  next_.reset();
}

RunTotals LocalCompleter::run(const RequestSource& source, const CompletionSink& sink,
                              const std::function<bool()>& cancelled) {
  totals_ = RunTotals{};
  exhausted_ = false;
  committed_pages_ = 0;
  // One page is kept for the shared prompt's last, unfinished page.
  total_pages_ = session_.free_pages() - 1;
  try {
    while (!(cancelled && cancelled())) {
      drop_abandoned(sink);
      while (admit_next(source, sink) && !(cancelled && cancelled())) {
      }
      if (!running_.empty()) {
        decode_step(sink);
      } else if (options_.watcher != nullptr) {
        options_.watcher->idle();
      } else {
        break;
      }
    }
  } catch (...) {
    close_all();
    throw;
  }
  close_all();
  return totals_;
}

}  // namespace

std::unique_ptr<Completer> make_local_completer(Session& session, const Tokenizer& tokenizer,
                                                PromptEncoder encode,
                                                const LocalCompleterOptions& options) {
  return std::make_unique<LocalCompleter>(session, tokenizer, std::move(encode), options);
}

}  // namespace assay
