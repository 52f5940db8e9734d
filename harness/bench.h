// `assay bench`: speed and memory of one model on one backend, without a task.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/options.h"
#include "harness/progress.h"

namespace assay {

/// A prompt of `prompt` tokens followed by `output` tokens: "1k+1k".
struct Scenario {
  std::int64_t prompt = 0;
  std::int64_t output = 0;
};
Result<Scenario> parse_scenario(const std::string& text);

struct BenchOptions {
  std::string model;
  BackendSpec backend{"cpu", {}};
  Numerics numerics = Numerics::fast;
  int threads = 0;
  std::vector<std::int64_t> prefill = {512};
  std::vector<std::int64_t> decode = {128};
  std::vector<std::int64_t> depths = {0};
  std::vector<std::int64_t> batches = {1};
  std::vector<Scenario> scenarios;
  int repeat = 5;
  std::string mirror;
  std::string out_dir;  ///< empty: nothing is written
};

/// Runs every row `repeat` times (after one warm-up that is dropped) and returns the journal's
/// records in order: plan, bench rows, totals. Throws Error.
std::vector<nlohmann::json> run_bench(const BenchOptions& options, const Listener& listener);

}  // namespace assay
