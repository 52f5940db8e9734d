#include "serve/engine.h"

#include <fmt/core.h>

#include <utility>

#include "core/clock.h"

namespace assay::serve {

Engine::Engine(Session& session, const Tokenizer& tokenizer, const EngineOptions& options)
    : options_(options) {
  LocalCompleterOptions completer;
  completer.profile = options.profile;
  completer.max_batch = options.max_batch;
  completer.hash_logits = false;
  completer.watcher = this;
  const auto encode = [](const Prompt&) -> Result<std::vector<TokenId>> {
    return env_failure("the prompt has no tokens");
  };
  completer_ = make_local_completer(session, tokenizer, encode, completer);
  thread_ = std::thread([this] { run(); });
}

Engine::~Engine() {
  stop();
}

void Engine::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Engine::submit(const std::shared_ptr<Job>& job) {
  {
    const std::lock_guard lock(mutex_);
    const std::size_t n = job->parts.size();
    if (stopping_ || failure_ || waiting_.size() + n > options_.max_waiting) return false;
    for (std::size_t choice = 0; choice < n; ++choice) waiting_.push_back({job, choice});
  }
  changed_.notify_all();
  return true;
}

std::size_t Engine::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

std::size_t Engine::running() const {
  const std::lock_guard lock(mutex_);
  return n_running_;
}

std::optional<Error> Engine::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

bool Engine::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Engine::run() {
  try {
    completer_->run([this] { return next_request(); },
                    [this](const Request& request, Completion completion) {
                      deliver(request, std::move(completion));
                    },
                    [this] { return stopping(); });
  } catch (const Error& error) {
    const std::lock_guard lock(mutex_);
    failure_ = error;
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    failure_ = Error(ErrorKind::bug, error.what(), "this is a bug in assay; please report it");
  }
}

/// What nobody waits for any more makes room for others.
void Engine::sweep_waiting() {
  std::deque<Ticket> dropped;
  {
    const std::lock_guard lock(mutex_);
    std::deque<Ticket> kept;
    for (Ticket& ticket : waiting_) {
      (ticket.job->abandoned() ? dropped : kept).push_back(std::move(ticket));
    }
    waiting_ = std::move(kept);
  }
  for (const Ticket& ticket : dropped) {
    Completion completion;
    completion.error = "abandoned before it was begun";
    ticket.job->done(ticket.choice, std::move(completion));
  }
}

std::optional<Request> Engine::next_request() {
  sweep_waiting();
  Ticket next;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    next = std::move(waiting_.front());
    waiting_.pop_front();
    ++n_running_;
  }
  Request request = next.job->parts[next.choice].request;
  request.key = fmt::format("{}", next_key_++);
  running_.emplace(request.key, std::move(next));
  return request;
}

void Engine::deliver(const Request& request, Completion completion) {
  const auto found = running_.find(request.key);
  const Ticket done = std::move(found->second);
  running_.erase(found);
  {
    const std::lock_guard lock(mutex_);
    --n_running_;
  }
  done.job->done(done.choice, std::move(completion));
}

void Engine::idle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
}

const PreparedRequest& Engine::prepared(const Request& request) {
  const Ticket& t = ticket(request);
  return t.job->parts[t.choice].prepared;
}

bool Engine::abandoned(const Request& request) {
  constexpr double kSweepSeconds = 0.1;
  const double now = now_seconds();
  if (now > next_sweep_) {
    next_sweep_ = now + kSweepSeconds;
    sweep_waiting();
  }
  return ticket(request).job->abandoned();
}

bool Engine::wants_prompt_logits(const Request& request) {
  const Ticket& t = ticket(request);
  return t.job->wants_prompt_logits(t.choice);
}

void Engine::prompt_logits(const Request& request, std::int64_t first,
                           std::span<const float> logits) {
  const Ticket& t = ticket(request);
  t.job->prompt_logits(t.choice, first, logits);
}

bool Engine::constrain(const Request& request, std::span<const float> logits,
                       std::vector<float>& allowed) {
  const Ticket& t = ticket(request);
  return t.job->constrain(t.choice, logits, allowed);
}

bool Engine::wants_logits(const Request& request) {
  const Ticket& t = ticket(request);
  return t.job->wants_logits(t.choice);
}

void Engine::drawn(const Request& request, const DrawnToken& token) {
  const Ticket& t = ticket(request);
  t.job->drawn(t.choice, token);
}

}  // namespace assay::serve
