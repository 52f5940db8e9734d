// `assay verify`: does another backend or machine compute the very bits that a run recorded?
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "harness/options.h"
#include "harness/progress.h"

namespace assay {

struct VerifyOptions {
  std::string run_dir;  ///< holds journal.jsonl
  std::string model;    ///< empty: the run's, by name
  std::string mirror;
  BackendSpec backend{"cpu", {}};
  int threads = 0;
  std::optional<std::int64_t> limit;  ///< samples to replay, the longest first; none: all
};

/// Replays recorded tokens and compares logits position by position. The result, as
/// docs/formats.md has it: bit_equal, positions, first_divergence, kl_mean, top1_agreement,
/// transfers, why, coverage, run, here. Throws Error: {environment} for a journal or model that is
/// not the run's, {usage} for a backend that cannot give the run's policy.
nlohmann::json verify_run(const VerifyOptions& options, const Listener& listener);

}  // namespace assay
