#include "harness/grade.h"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>

#include "core/journal.h"
#include "evals/chain/chain.h"
#include "evals/chain/outcome.h"
#include "harness/grade_records.h"
#include "harness/parallel.h"
#include "harness/recorded_run.h"

namespace assay {
namespace {

using nlohmann::json;

std::optional<StopReason> stop_reason(const std::string& name) {
  for (const StopReason reason :
       {StopReason::eos, StopReason::stop_string, StopReason::length, StopReason::error}) {
    if (stop_reason_name(reason) == name) return reason;
  }
  return std::nullopt;
}

struct Graded {
  json grade;
  json chain;
};

Graded grade_sample(const RunPlan& plan, const PlannedSample& planned, const json& sample) {
  const PlannedTask& task = plan.tasks[planned.task];
  const Tokenizer* tokenizer = plan.model.tokenizer.get();  // null: an endpoint's text alone
  const std::string text = sample.at("text");
  std::vector<TokenId> tokens;
  if (sample.at("tokens").is_array()) tokens = sample.at("tokens").get<std::vector<TokenId>>();
  const std::optional<StopReason> stop = stop_reason(sample.at("stop"));
  const bool generated = stop != StopReason::error;
  Grade grade;
  if (generated) {
    grade = task.eval->grade(task.problems[planned.problem], text, task.prompt_options);
  } else {
    grade.status = Grade::Status::infrastructure_failure;
    grade.why = sample.at("error").is_string() ? sample.at("error").get<std::string>() : "failed";
  }
  std::vector<TokenId> ends;
  std::vector<std::size_t> offsets;
  if (tokenizer != nullptr) {
    ends = tokenizer->spec().eos_extra;
    ends.push_back(tokenizer->spec().eos);
    offsets = token_ends(*tokenizer, tokens, text.size());
  }
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
  input.answer_value = answer_value(grade);
  input.prompt = task.problems[planned.problem].question;
  const chain::ChainAnalysis analysis = chain::analyse(input);
  const chain::Outcome outcome = chain::outcome_of(grade, analysis, generated);
  const std::string& key = planned.request.key;
  json record = grade_record({key, fmt::format("{}/{}", task.eval->name(), kGraderVersion),
                              task.prompt_options.protocol, task.problems[planned.problem].answer},
                             grade);
  if (grade.status != Grade::Status::graded) record["verdict"] = nullptr;  // nobody judged it
  return {std::move(record),
          chain_record(key, analysis, plan.profile.thinking, chain::outcome_name(outcome))};
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
  std::int64_t done = 0;  // guarded by `mutex`, as the writer and the listener are
  std::mutex mutex;
  parallel_for(work.size(), parallel, listener.cancelled, [&](std::size_t i) {
    const Graded graded = grade_sample(plan, *work[i].planned, *work[i].sample);
    const std::lock_guard lock(mutex);
    writer.write(graded.grade);
    writer.write(graded.chain);
    listener.progress({"grading", ++done, std::ssize(work), false, ""});
  });
  return !listener.cancelled();
}

}  // namespace assay
