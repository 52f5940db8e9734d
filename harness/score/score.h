// `assay score`: from a file of completions to verdicts and a score, with no model present.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/journal.h"
#include "harness/progress.h"
#include "harness/score/samples_file.h"
#include "model/prompt_builder.h"

namespace assay::score {

struct ScoreOptions {
  std::string path;
  std::string task;
  std::string grader = "assay";
  std::string protocol;      ///< empty: the eval's; for code in files "samples" or "standalone"
  SampleFields fields;       ///< what the command line names
  std::string dataset_path;  ///< a file of the task's problems; empty: the cache's
  ProfileChoice profile = ProfileChoice::automatic;
  std::vector<std::int64_t> pass_at;  ///< pass@k that must be in the result, or refused by name
};

/// What was scored, as if a run had made it: the records of a journal with one task, which
/// build_task_report reads. `task` is the plan's entry, with "given": true (its samples were given,
/// not planned).
struct Scored {
  nlohmann::json task;
  Journal journal;
  /// {name, sha256, packing, container, records, unreadable{...}} of the file.
  nlohmann::json file;
  /// {name, grounds, fields{...}}: which tool's shape it was taken for, and why.
  nlohmann::json shape;
  /// {samples, scored, without_completion, unknown_ids{count, examples}, duplicates{...},
  /// missing_problems{...}, unclosed, ...}: nothing is left out silently.
  nlohmann::json counts;
  /// {field, n, agree, differences[{id, label, verdict}]} where the file has verdicts, else null.
  nlohmann::json labels;
  std::vector<std::string> notes;  ///< what a reader of the score must know, one line each
};

/// Throws Error: {usage} for names and combinations; {environment} for files, a dataset that is
/// needed and absent, a sandbox that cannot be had; {interrupted}.
Scored score_file(const ScoreOptions& options, const Listener& listener);

}  // namespace assay::score
