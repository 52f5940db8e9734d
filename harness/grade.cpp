#include "harness/grade.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "core/journal.h"
#include "evals/chain/chain.h"
#include "evals/chain/outcome.h"
#include "evals/chain/thresholds.h"

namespace assay {
namespace {

using nlohmann::json;

std::string_view status_name(Grade::Status status) {
  switch (status) {
    case Grade::Status::graded:
      return "graded";
    case Grade::Status::skipped:
      return "skipped";
    case Grade::Status::infrastructure_failure:
      return "infrastructure_failure";
  }
  return "infrastructure_failure";
}

json grade_record(const PlannedSample& planned, const PlannedTask& task, const Grade& grade) {
  return {{"type", "grade"},
          {"key", planned.request.key},
          {"grader", fmt::format("{}/{}", task.eval->name(), kGraderVersion)},
          {"protocol", task.prompt_options.protocol},
          {"gold", task.problems[planned.problem].answer},
          {"status", status_name(grade.status)},
          {"why", grade.why.empty() ? json(nullptr) : json(grade.why)},
          {"verdict", verdict_name(grade.verdict)},
          {"answer_found", grade.answer_found},
          {"answer_parses", grade.answer_parses},
          {"extracted", grade.extracted},
          {"rung", grade.rung},
          {"details", grade.details}};
}

/// End of each token's text in the completion's text, which may have been cut at a stop string.
std::vector<std::size_t> token_ends(const Tokenizer& tokenizer, std::span<const TokenId> tokens,
                                    std::size_t text_size) {
  std::vector<std::size_t> ends;
  std::size_t end = 0;
  for (const TokenId id : tokens) {
    if (tokenizer.valid(id) && !tokenizer.is_control(id)) end += tokenizer.token_bytes(id).size();
    ends.push_back(std::min(end, text_size));
  }
  return ends;
}

std::optional<StopReason> stop_reason(const std::string& name) {
  for (const StopReason reason :
       {StopReason::eos, StopReason::stop_string, StopReason::length, StopReason::error}) {
    if (stop_reason_name(reason) == name) return reason;
  }
  return std::nullopt;
}

std::optional<chain::ByteSpan> answer_span(const Grade& grade) {
  const auto span = grade.details.find("span");
  if (span == grade.details.end() || !span->is_array() || span->size() != 2) return std::nullopt;
  return chain::ByteSpan{span->at(0).get<std::size_t>(), span->at(1).get<std::size_t>()};
}

json chain_record(const PlannedSample& planned, const chain::ChainAnalysis& analysis, bool thinking,
                  chain::Outcome outcome) {
  json components = json::object();
  json evidence = json::array();
  const auto add = [&](const char* name, const chain::Component& component) {
    components[name] = component.ok ? json(*component.ok) : json(nullptr);
    if (component.evidence) {
      evidence.push_back({{"component", name},
                          {"begin", component.evidence->begin},
                          {"end", component.evidence->end},
                          {"why", component.why}});
    }
  };
  add("C1", analysis.c1_think_closed);
  add("C2", analysis.c2_not_truncated);
  add("C3", analysis.c3_no_loop);
  add("C4", analysis.c4_answer_segment);
  add("C5", analysis.c5_answer_extractable);
  // Not analysed yet: unknown, never true.
  for (const char* name : {"C6", "C7", "C8", "C9", "C10"}) components[name] = nullptr;
  return {{"type", "chain"},
          {"key", planned.request.key},
          {"thresholds", chain::thresholds_version},
          {"profile", thinking ? "thinking" : "plain"},
          {"components", components},
          {"complete", analysis.complete ? json(*analysis.complete) : json(nullptr)},
          {"strictly_complete", nullptr},
          {"outcome", chain::outcome_name(outcome)},
          {"evidence", evidence}};
}

struct Graded {
  json grade;
  json chain;
};

Graded grade_sample(const RunPlan& plan, const PlannedSample& planned, const json& sample) {
  const PlannedTask& task = plan.tasks[planned.task];
  const Tokenizer& tokenizer = *plan.model.tokenizer;
  const std::string text = sample.at("text");
  const auto tokens = sample.at("tokens").get<std::vector<TokenId>>();
  const std::optional<StopReason> stop = stop_reason(sample.at("stop"));
  const bool generated = stop != StopReason::error;
  Grade grade;
  if (generated) {
    grade = task.eval->grade(task.problems[planned.problem], text, task.prompt_options);
  } else {
    grade.status = Grade::Status::infrastructure_failure;
    grade.why = sample.at("error").is_string() ? sample.at("error").get<std::string>() : "failed";
  }
  std::vector<TokenId> ends = tokenizer.spec().eos_extra;
  ends.push_back(tokenizer.spec().eos);
  const std::vector<std::size_t> offsets = token_ends(tokenizer, tokens, text.size());
  chain::ChainInput input;
  input.thinking = plan.profile.thinking;
  input.text = text;
  input.tokens = tokens;
  input.prompt_tokens = planned.prompt_tokens;
  input.eos_ids = ends;
  if (plan.profile.think_open >= 0) input.think_open = plan.profile.think_open;
  if (plan.profile.think_close >= 0) input.think_close = plan.profile.think_close;
  input.token_ends = offsets;
  input.stop = stop;
  input.answer_parses = grade.answer_parses;
  input.answer = answer_span(grade);
  const chain::ChainAnalysis analysis = chain::analyse(input);
  const chain::Outcome outcome = chain::outcome_of(grade, analysis, generated);
  return {grade_record(planned, task, grade),
          chain_record(planned, analysis, plan.profile.thinking, outcome)};
}

struct Work {
  const PlannedSample* planned = nullptr;
  const json* sample = nullptr;
};

std::vector<Work> ungraded(const RunPlan& plan, const Journal& journal) {
  std::map<std::string, const PlannedSample*> by_key;
  for (const PlannedSample& planned : plan.samples) by_key[planned.request.key] = &planned;
  std::vector<Work> work;
  for (const json& sample : journal.samples) {
    const std::string key = sample.at("key");
    if (journal.grades.contains(key) && journal.chains.contains(key)) continue;
    work.push_back({by_key.at(key), &sample});
  }
  return work;
}

}  // namespace

bool grade_journal(const RunPlan& plan, const std::string& journal_path, JournalWriter& writer,
                   const Listener& listener) {
  const Journal journal = value_or_throw(read_journal(journal_path));
  const std::vector<Work> work = ungraded(plan, journal);
  int parallel = 1;
  for (const PlannedTask& task : plan.tasks) {
    parallel = std::max(parallel, task.eval->grade_parallelism());
  }
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  std::int64_t done = 0;  // guarded by `mutex`, as the writer, the listener and `failure` are
  std::exception_ptr failure;
  std::mutex mutex;
  const auto grade_some = [&] {
    for (std::size_t i = next++; i < work.size() && !stop; i = next++) {
      try {
        const Graded graded = grade_sample(plan, *work[i].planned, *work[i].sample);
        const std::lock_guard lock(mutex);
        writer.write(graded.grade);
        writer.write(graded.chain);
        listener.progress({"grading", ++done, std::ssize(work), false, ""});
        if (listener.cancelled()) stop = true;
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
        stop = true;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int i = 1; i < parallel; ++i) workers.emplace_back(grade_some);
    grade_some();
  }
  if (failure) std::rethrow_exception(failure);
  return !listener.cancelled();
}

}  // namespace assay
