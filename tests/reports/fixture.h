// Journals made by code: what harness/ would write, in small.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/journal.h"

namespace assay::testing {

/// One sample with its grade and chain analysis, described by what differs between samples.
struct SampleSpec {
  std::string task = "mini-math";
  int problem = 0;
  int sample = 0;
  std::string outcome = "correct_complete";
  std::string text = "The answer is \\boxed{4}.";
  std::string extracted = "4";
  std::string gold = "4";
  std::vector<int> tokens = {11, 12, 13, 2};
  bool with_grade = true;
  bool with_chain = true;
};

/// A journal in the making; every step adds records as harness/ does.
class JournalBuilder {
 public:
  JournalBuilder();
  nlohmann::json& plan() { return plan_; }
  /// Adds a task to the plan and returns it.
  nlohmann::json& add_task(const std::string& name, int n_problems, int samples_per_problem,
                           const std::string& profile = "plain");
  void add_sample(const SampleSpec& spec);
  void add_bench(const std::string& phase, int tokens, int depth, int batch, double tokens_per_s);
  /// The totals of one process that decoded `decode_tokens` in two seconds.
  void add_totals(int decode_tokens = 400);
  void add(nlohmann::json record) { records_.push_back(std::move(record)); }
  nlohmann::json& last() { return records_.back(); }

  const std::vector<nlohmann::json>& records() const { return records_; }
  std::vector<nlohmann::json>& records_for_edit() { return records_; }
  std::string text() const;
  /// Reads the text back, as reports do.
  Journal journal() const;

 private:
  nlohmann::json plan_;
  std::vector<nlohmann::json> records_;
};

/// What `assay retain --model --reference-model` writes about mini-math.
nlohmann::json retention_record();

/// A finished run: mini-math with 4 problems (3 right) and mini-code with 2 (1 right), totals.
JournalBuilder finished_run();

}  // namespace assay::testing
