// The samples of one task, grouped by problem, with their grades and chain analyses.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/journal.h"

namespace assay {

/// One sample and what was found out about it; null records where there is none. Borrows.
struct SampleView {
  const nlohmann::json* sample = nullptr;
  const nlohmann::json* grade = nullptr;
  const nlohmann::json* chain = nullptr;

  /// Generation or grading broke; neither right nor wrong.
  bool failed() const;
  /// Nothing is left to do: it failed, or it is graded and its chain was analysed.
  bool finished() const;
  bool correct() const;
  /// One of kOutcomes, or empty when not finished.
  std::string outcome() const;
  /// Why it failed or was not graded; empty otherwise.
  std::string why() const;
};

struct TaskSamples {
  std::vector<std::vector<SampleView>> problems;  ///< by index, then sample
  std::int64_t planned = 0;
  std::int64_t done = 0;    ///< finished
  std::int64_t failed = 0;  ///< of those, the failed ones
  std::int64_t correct = 0;
  /// Why no metric of the whole task can be given; empty when it can. Failed samples are left out
  /// of the metrics, unless all of them failed.
  std::string why_no_metrics;
  bool partial = false;

  /// "1 of 30 samples failed ... (the first reason)"; empty when none did.
  std::string failures() const;
};

/// `task`: the plan's entry. Where it says "given", the samples came from elsewhere (assay score):
/// those that are there are all that were to be done, as many for each problem as there are, and
/// only a lack of problems makes them partial.
TaskSamples collect_task_samples(const nlohmann::json& task, const Journal& journal);

}  // namespace assay
