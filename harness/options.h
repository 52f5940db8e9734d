// What a person asked for, as typed values: names are checked against what is registered, numbers
// against their ranges. Made from the command line by tool/; checked before a weight is read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/types.h"
#include "model/prompt_builder.h"

namespace assay {

/// "cpu:gemm=onednn,isa=avx2".
struct BackendSpec {
  std::string name;
  std::map<std::string, std::string> options;
};
Result<BackendSpec> parse_backend_spec(std::string_view text);
/// The policy of a run that names none: exact, unless an option of the backend rules it out.
Numerics default_numerics(const BackendSpec& spec);

/// "aime24:first=10" or "mini-code:protocol=completion". Both take the first problems of the
/// dataset: first=N exactly N (an error where there are fewer), limit=N at most N.
struct TaskSpec {
  std::string name;
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> limit;
  std::string protocol;  ///< empty: the eval's default
};
/// A comma-separated list of tasks; an option belongs to the task before it.
Result<std::vector<TaskSpec>> parse_task_specs(std::string_view text);

enum class SamplingMode { greedy, model, custom };

struct RunOptions {
  std::string model;
  BackendSpec backend{"cpu", {}};
  std::vector<TaskSpec> tasks;
  Numerics numerics = Numerics::exact;
  std::int32_t samples = 1;
  SamplingMode sampling = SamplingMode::greedy;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<std::int64_t> top_k;
  std::uint64_t seed = 0;
  std::optional<std::int64_t> max_new_tokens;  ///< of every task; none: the task's own
  int threads = 0;                             ///< 0: the physical cores
  std::optional<std::int64_t> context;         ///< none: what the tasks need
  std::int64_t batch = 8;                      ///< sequences decoded at once, at most
  ProfileChoice chain_profile = ProfileChoice::automatic;
  std::string mirror;
  bool dry_run = false;
  bool resume = false;
  std::string out_dir;  ///< empty: runs/<utc>-<model>-<backend>
};

}  // namespace assay
