// Two runs paired task by task, problem by problem and sample by sample. Borrows from the journals.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/journal.h"

namespace assay {

/// A sample's problem and its number there.
using SamplePlace = std::pair<std::string, std::int64_t>;
SamplePlace place_of(const nlohmann::json& sample);

/// A sample that both runs finished: the same problem, the same number, neither failed.
struct PairedSample {
  std::string problem;
  const nlohmann::json* run = nullptr;
  const nlohmann::json* reference = nullptr;
};

/// One task of both runs.
struct TaskPair {
  std::string name;
  const Journal* run = nullptr;
  const Journal* reference = nullptr;
  const nlohmann::json* run_task = nullptr;  ///< the plans' entries
  const nlohmann::json* reference_task = nullptr;
  std::vector<PairedSample> samples;  ///< in the reference's order

  /// The reference's chain profile: its chains are the thinking part, or the whole text.
  bool thinking() const;
};

struct RefusedTask {
  std::string name;
  std::string why;
};

struct PairedRuns {
  std::vector<TaskPair> tasks;       ///< at least one, each with samples
  std::vector<RefusedTask> refused;  ///< of both runs, but not of the same problems or prompts
};

/// Throws Error{usage} that says why, when nothing of the two runs can be paired.
PairedRuns pair_runs(const Journal& run, const Journal& reference);

/// Finished samples of one task by (problem, number), in that order.
std::vector<const nlohmann::json*> finished_samples(const Journal& journal,
                                                    const std::string& task);

}  // namespace assay
