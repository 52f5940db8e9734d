#include "tests/reports/fixture.h"

#include <fmt/core.h>

#include "core/error.h"
#include "core/sha256.h"

namespace assay::testing {
namespace {

using nlohmann::json;

json components(const SampleSpec& spec, const std::string& profile) {
  json out = json::object();
  for (int i = 1; i <= 10; ++i) out["C" + std::to_string(i)] = true;
  if (profile == "plain") out["C1"] = nullptr;
  if (spec.outcome == "truncated") out["C2"] = false;
  if (spec.outcome == "looped") out["C3"] = false;
  if (spec.outcome == "no_answer") out["C5"] = false;
  if (spec.outcome.find("incomplete") != std::string::npos) out["C4"] = false;
  return out;
}

}  // namespace

JournalBuilder::JournalBuilder() {
  const json absent;
  plan_ = {{"type", "plan"},
           {"schema_version", kJournalVersion},
           {"utc", "2026-11-23T20:00:00Z"},
           {"tool",
            {{"version", "0.1.0"},
             {"commit", "0123abcd"},
             {"dirty", false},
             {"compiler", "g++ 12.2"},
             {"build_type", "Release"},
             {"sanitizers", ""}}},
           {"device",
            {{"name", "board"},
             {"cpu", "Example CPU"},
             {"gpu", absent},
             {"memory_bytes", 8'000'000'000},
             {"isa", "avx2"},
             {"threads", 2},
             {"bandwidth_gb_per_s", 20.0}}},
           {"model",
            {{"name", "tiny"},
             {"arch", "llama"},
             {"sha256", sha256_hex("tiny")},
             {"file_bytes", 100'000'000},
             {"parameters", 135'000'000},
             {"weight_type", "Q4_1"}}},
           {"backend", {{"name", "cpu"}, {"numerics", "fast"}, {"options", json::object()}}},
           {"decoding",
            {{"temperature", 0.0},
             {"top_p", 1.0},
             {"top_k", 0},
             {"seed", 0},
             {"max_new_tokens", 64},
             {"template_sha256", sha256_hex("template")}}},
           {"identity", {{"semantics", "f32"}, {"kv_type", "f16"}, {"batch_invariant", true}}},
           {"memory",
            {{"planned_bytes", 120'000'000},
             {"weights_bytes", 90'000'000},
             {"kv_bytes", 20'000'000},
             {"scratch_bytes", 10'000'000}}},
           {"tasks", json::array()}};
}

json& JournalBuilder::add_task(const std::string& name, int n_problems, int samples_per_problem,
                               const std::string& profile) {
  plan_["tasks"].push_back({{"name", name},
                            {"protocol", "boxed"},
                            {"eval", "math"},
                            {"dataset_sha256", sha256_hex(name)},
                            {"n_problems", n_problems},
                            {"samples_per_problem", samples_per_problem},
                            {"max_new_tokens", 64},
                            {"chain_profile", profile},
                            {"skipped", nullptr}});
  return plan_["tasks"].back();
}

void JournalBuilder::add_sample(const SampleSpec& spec) {
  const std::string key = fmt::format("{}/{}#{}", spec.task, spec.problem, spec.sample);
  const bool failed = spec.outcome == "infrastructure_failure";
  const bool correct = spec.outcome.rfind("correct", 0) == 0;
  std::string profile = "plain";
  for (const json& task : plan_["tasks"]) {
    if (task["name"] == spec.task) profile = task["chain_profile"];
  }
  json hashes = json::array();
  json margins = json::array();
  for (const int token : spec.tokens) {
    hashes.push_back(fmt::format("{:032x}", token));
    margins.push_back(0.5);
  }
  add({{"type", "sample"},
       {"key", key},
       {"task", spec.task},
       {"problem", fmt::format("{}/{}", spec.task, spec.problem)},
       {"index", spec.problem},
       {"sample", spec.sample},
       {"prompt_sha256", sha256_hex(key)},
       {"prompt_tokens", 20},
       {"tokens", spec.tokens},
       {"text", spec.text},
       {"stop", failed                        ? "error"
                : spec.outcome == "truncated" ? "length"
                                              : "eos"},
       {"error", failed ? json("logits are not finite at position 21") : json()},
       {"logits_hash", hashes},
       {"top2_margin", margins},
       {"queue_ms", 0.0},
       {"ttft_ms", 50.0 + spec.problem},
       {"decode_ms", 30.0}});
  if (spec.with_grade && !failed) {
    const bool found = !spec.extracted.empty();
    add({{"type", "grade"},
         {"key", key},
         {"grader", "math/1"},
         {"protocol", "boxed"},
         {"gold", spec.gold},
         {"status", "graded"},
         {"why", nullptr},
         {"verdict", correct                       ? "equal"
                     : spec.outcome == "undecided" ? "undecided"
                                                   : "not_equal"},
         {"answer_found", found},
         {"answer_parses", found},
         {"extracted", found ? json(spec.extracted) : json()},
         {"rung", found ? json("identical") : json()},
         {"details", json::object()}});
  }
  if (spec.with_chain && !failed) {
    const bool complete = spec.outcome == "correct_complete" || spec.outcome == "wrong_complete";
    add({{"type", "chain"},
         {"key", key},
         {"thresholds", "chain/1"},
         {"profile", profile},
         {"components", components(spec, profile)},
         {"complete", complete},
         {"strictly_complete", complete},
         {"outcome", spec.outcome},
         {"contradictions", {{"found", 4}, {"checked", 3}, {"contradicted", correct ? 0 : 1}}},
         {"evidence",
          json::array({{{"component", "C5"}, {"begin", 0}, {"end", spec.text.size()}}})}});
  }
}

void JournalBuilder::add_bench(const std::string& phase, int tokens, int depth, int batch,
                               double tokens_per_s) {
  add({{"type", "bench"},
       {"phase", phase},
       {"tokens", tokens},
       {"depth", depth},
       {"batch", batch},
       {"tokens_per_s", tokens_per_s},
       {"tokens_per_s_runs", {tokens_per_s - 1, tokens_per_s, tokens_per_s + 1}}});
}

void JournalBuilder::add_totals(int decode_tokens) {
  add({{"type", "totals"},
       {"prefill_tokens", 1000},
       {"decode_tokens", decode_tokens},
       {"decode_steps", decode_tokens / 2},
       {"prefill_seconds", 0.5},
       {"decode_seconds", 2.0},
       {"wall_seconds", 4.0},
       {"cpu_seconds", 6.0},
       {"memory", {{"host_peak_bytes", 130'000'000}, {"device_peak_bytes", nullptr}}},
       {"energy", nullptr}});
}

std::string JournalBuilder::text() const {
  std::string out = journal_line(plan_);
  for (const json& record : records_) out += journal_line(record);
  return out;
}

Journal JournalBuilder::journal() const {
  return value_or_throw(parse_journal(text(), "journal.jsonl"));
}

json retention_record() {
  const json absent;
  const auto rate = [](double value, double low, double high) {
    return json{{"value", value}, {"ci95", {low, high}}, {"n", 4}, {"samples", 4}};
  };
  const json table = {{"both", 2},
                      {"a_only", 1},
                      {"b_only", 0},
                      {"neither", 1},
                      {"pairs", 4},
                      {"problems", 4},
                      {"difference", {{"value", -0.25}, {"ci95", {-0.75, 0.0}}}},
                      {"p_value", 1.0}};
  const json model = {{"model", "tiny"},
                      {"backend", "cpu"},
                      {"options", json::object()},
                      {"numerics", "exact/1"},
                      {"isa", "avx2"}};
  const json forced = {{"samples", 4},
                       {"tokens", 200},
                       {"steps", 16},
                       {"step_share", rate(0.375, 0.25, 0.5)},
                       {"token_share", 0.9},
                       {"first", {{{"problem", "mini-math/0"}, {"sample", 0}, {"token", 3}}}},
                       {"top1_agreement", 0.91},
                       {"kl", {{"mean", 0.125}, {"p99", 1.5}, {"positions", 200}}},
                       {"self",
                        {{"step_share", rate(1, 0.51, 1)},
                         {"token_share", 1.0},
                         {"top1_agreement", 1.0},
                         {"kl", {{"mean", 0.0}, {"p99", 0.0}, {"positions", 200}}}}},
                       {"distillation_loss",
                        {{"value", 0.45},
                         {"kl", 0.05},
                         {"mse", 1.0},
                         {"alpha", 0.7},
                         {"beta", 0.3},
                         {"temperature", 2.0},
                         {"tokens", 200},
                         {"why", absent}}},
                       {"x", model},
                       {"reference", model},
                       {"tokens_beyond_context", 0},
                       {"why", absent}};
  return {{"type", "retention"},
          {"task", "mini-math"},
          {"utc", "2026-11-24T08:00:00Z"},
          {"reference",
           {{"model", "teacher"},
            {"sha256", sha256_hex("teacher")},
            {"weight_type", "BF16"},
            {"backend", "cpu"},
            {"numerics", "exact/1"},
            {"utc", "2026-11-24T07:00:00Z"}}},
          {"samples", 4},
          {"forced", forced},
          {"free",
           {{"samples", 4},
            {"identical", 1},
            {"median_tokens", 12},
            {"median_ci95", {3, absent}},
            {"survival", {{{"tokens", 3}, {"share", 0.75}}, {{"tokens", 12}, {"share", 0.25}}}},
            {"divergences", {{"near_tie", 1}, {"material", 2}, {"unknown", 0}}},
            {"first", json::array()},
            {"near_tie_logits", 0.1},
            {"why", absent}}},
          {"content",
           {{"milestones", 12},
            {"found", rate(0.625, 0.5, 0.75)},
            {"chance", rate(0.0625, 0, 0.25)},
            {"self_ceiling", rate(0.875, 0.75, 1)},
            {"prompt_values", "excluded"},
            {"why", absent}}},
          {"outcome", {{"correct", table}, {"complete", table}, {"why", absent}}}};
}

JournalBuilder finished_run() {
  JournalBuilder run;
  run.add_task("mini-math", 4, 1);
  run.add_task("mini-code", 2, 1);
  for (int i = 0; i < 4; ++i) {
    SampleSpec spec;
    spec.problem = i;
    if (i == 3) spec.outcome = "wrong_complete";
    if (i == 3) spec.extracted = "5";
    run.add_sample(spec);
  }
  for (int i = 0; i < 2; ++i) {
    SampleSpec spec;
    spec.task = "mini-code";
    spec.problem = i;
    spec.gold.clear();
    spec.text = "```python\ndef f():\n    return 1\n```";
    spec.extracted = "def f():\n    return 1";
    if (i == 1) spec.outcome = "truncated";
    run.add_sample(spec);
  }
  run.add_totals();
  return run;
}

}  // namespace assay::testing
