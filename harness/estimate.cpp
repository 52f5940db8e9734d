// What a recipe's run will cost on this machine.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "core/json_access.h"
#include "harness/bandwidth.h"
#include "harness/bench.h"
#include "harness/fetch/fetch.h"
#include "harness/names.h"
#include "harness/recipe.h"

namespace assay {
namespace {

using nlohmann::json;

const fetch::ListedModel* find_listed(const std::vector<fetch::ListedModel>& all,
                                      const std::string& name) {
  const auto it = std::find_if(all.begin(), all.end(),
                               [&name](const auto& model) { return model.name == name; });
  return it == all.end() ? nullptr : &*it;
}

/// Decoding speed of the whole batch, measured now.
double measured_speed(const RunOptions& options, std::int64_t batch, const Listener& listener) {
  BenchOptions bench;
  bench.model = options.model;
  bench.backend = options.backend;
  bench.numerics = options.numerics;
  bench.threads = options.threads;
  bench.prefill = {};
  bench.decode = {32};
  bench.batches = {batch};
  bench.repeat = 1;
  double speed = 0;
  for (const json& record : run_bench(bench, listener)) {
    if (json_text(record, "type") == "bench") {
      speed = std::max(speed, json_number(record, "tokens_per_s").value_or(0));
    }
  }
  return speed;
}

double memory_bandwidth_gb_per_s(int threads) {
  const std::vector<std::byte> buffer(std::size_t{256} << 20, std::byte{1});
  const std::vector<std::span<const std::byte>> pieces = {buffer};
  return read_bandwidth_gb_per_s(
      pieces,
      threads > 0 ? threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

}  // namespace

RunEstimate estimate_run(const Recipe& recipe, const RunOptions& options, double given,
                         const Listener& listener) {
  RunEstimate out;
  for (const TaskSpec& task : options.tasks) {
    const std::int64_t all = value_or_throw(find_task(task.name))->manifest.n_problems;
    out.completions += std::min(task.first.value_or(all), all) * options.samples;
  }
  out.max_tokens = out.completions * options.max_new_tokens.value_or(recipe.max_new_tokens);
  const std::int64_t batch = std::clamp<std::int64_t>(out.completions, 1, options.batch);
  const auto models =
      fetch::list_models(value_or_throw(fetch::options_from_environment()).cache_root);
  const fetch::ListedModel* listed = find_listed(models, options.model);
  std::error_code error;
  const bool here =
      std::filesystem::exists(options.model, error) || (listed != nullptr && listed->available);
  if (given > 0) {
    out.tokens_per_s = given;
    out.source = "given by --assume-tokens-per-s";
  } else if (here) {
    out.tokens_per_s = measured_speed(options, batch, listener);
    out.source = fmt::format(
        "measured now: {} on {}, {} sequences at once, 32 tokens each; longer "
        "contexts are slower",
        options.model, options.backend.name, batch);
  } else {
    const std::int64_t bytes = recipe.weights_read_bytes > 0 ? recipe.weights_read_bytes
                               : listed != nullptr && !listed->bytes_are_a_bound ? listed->bytes
                                                                                 : 0;
    if (bytes <= 0) {
      throw Error(ErrorKind::environment,
                  "the hours cannot be told: " + options.model + " is not here",
                  "give --assume-tokens-per-s, or fetch the model first");
    }
    const double bandwidth = memory_bandwidth_gb_per_s(options.threads);
    out.tokens_per_s = static_cast<double>(batch) * bandwidth * 1e9 / static_cast<double>(bytes);
    out.speed_is_a_bound = true;
    out.source = fmt::format(
        "a bound: {} is not here; this memory gives {:.3g} GB/s, measured now, and every step of "
        "{} sequences reads {:.3g} GB of weights",
        options.model, bandwidth, batch, static_cast<double>(bytes) / 1e9);
  }
  if (out.tokens_per_s > 0)
    out.hours = static_cast<double>(out.max_tokens) / out.tokens_per_s / 3600;
  return out;
}

}  // namespace assay
