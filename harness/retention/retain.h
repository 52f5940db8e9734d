// `assay retain`: two runs in, one retention record a task out.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/journal.h"
#include "harness/options.h"
#include "harness/progress.h"

namespace assay {

struct RetainOptions {
  std::string run_dir;  ///< each holds journal.jsonl
  std::string reference_dir;
  std::string again_dir;  ///< the reference's model with another seed; empty: none
  /// Feed the reference's chains through the models, too.
  bool forced = false;
  std::string model;            ///< empty: the run's, where its name is one that is listed
  std::string reference_model;  ///< empty: `model` where both runs used one file, else none
  /// None: each run's own, with its numerics. One that is named runs as it does by default.
  std::optional<BackendSpec> backend;
  std::optional<BackendSpec> reference_backend;
  int threads = 0;
  std::string mirror;
  std::optional<std::int64_t> limit;  ///< samples to feed of each task; none: all
};

/// {records [the journal's retention records, core/journal.h], refused [{task, why}]}. Reads both
/// journals and writes nothing. Throws Error.
nlohmann::json retain_runs(const RetainOptions& options, const Listener& listener);

/// Appends the records to the run's journal and reads it back. Throws Error{environment}.
Journal record_retention(const std::string& run_dir, const nlohmann::json& records);

}  // namespace assay
