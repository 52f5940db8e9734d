#include "harness/recorded_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json_access.h"
#include "core/text.h"

namespace assay {
namespace {

using nlohmann::json;

/// Whole numbers that are no ids read as -1.
std::vector<TokenId> ids_of(const json& record) {
  std::vector<TokenId> out;
  for (const json& item : json_list(record, "tokens")) {
    const std::int64_t id = item.is_number_integer() ? item.get<std::int64_t>() : -1;
    out.push_back(std::in_range<TokenId>(id) ? static_cast<TokenId>(id) : -1);
  }
  return out;
}

std::vector<std::string> hashes_of(const json& record) {
  std::vector<std::string> out;
  for (const json& item : json_list(record, "logits_hash")) {
    out.push_back(item.is_string() ? item.get<std::string>() : std::string());
  }
  return out;
}

}  // namespace

BackendSpec backend_of_plan(const json& plan) {
  const json& backend = json_member(plan, "backend");
  BackendSpec spec{json_text(backend, "name"), {}};
  const json& options = json_member(backend, "options");
  if (options.is_object()) {
    for (const auto& [name, value] : options.items()) {
      if (value.is_string()) spec.options[name] = value.get<std::string>();
    }
  }
  return spec;
}

RunOptions options_of_plan(const json& plan) {
  RunOptions out;
  out.model = json_text(json_member(plan, "model"), "name");
  out.backend = backend_of_plan(plan);
  const json& identity = json_member(plan, "identity");
  out.numerics = json_text(identity, "numerics") == "fast" ? Numerics::fast : Numerics::exact;
  const json& decoding = json_member(plan, "decoding");
  const double temperature = json_number(decoding, "temperature").value_or(0);
  if (temperature > 0) {
    out.sampling = SamplingMode::custom;
    out.temperature = temperature;
    out.top_p = json_number(decoding, "top_p");
    out.min_p = json_number(decoding, "min_p");
    out.top_k = json_integer(decoding, "top_k");
  }
  out.seed = static_cast<std::uint64_t>(json_integer(decoding, "seed").value_or(0));
  out.context = json_integer(decoding, "context");
  out.batch = json_integer(decoding, "batch").value_or(out.batch);
  for (const json& task : json_list(plan, "tasks")) {
    if (!json_text(task, "skipped").empty()) continue;
    TaskSpec spec;
    spec.name = json_text(task, "name");
    spec.first = json_integer(task, "n_problems");
    spec.protocol = json_text(task, "protocol");
    out.tasks.push_back(std::move(spec));
    out.samples = static_cast<std::int32_t>(json_integer(task, "samples_per_problem").value_or(1));
    out.max_new_tokens = json_integer(decoding, "max_new_tokens");
    out.chain_profile = json_text(task, "chain_profile") == "thinking" ? ProfileChoice::thinking
                                                                       : ProfileChoice::plain;
  }
  return out;
}

void require_same_model(const json& plan, const RunPlan& now) {
  const std::string recorded = json_text(json_member(plan, "model"), "sha256");
  if (recorded == now.model.sha256) return;
  throw Error(ErrorKind::environment,
              fmt::format("the run used a model file with sha256 {}, this one has {}",
                          name_for_message(recorded), now.model.sha256),
              "give the run's own file with --model");
}

std::vector<RecordedSample> recorded_samples(const Journal& journal, const RunPlan& now,
                                             const std::string& hint) {
  std::map<std::pair<std::string, std::string>, const PlannedSample*> planned;
  for (const PlannedSample& sample : now.samples) {
    planned[{now.tasks[sample.task].dataset->manifest.name, sample.request.problem_id}] = &sample;
  }
  const auto of_this_plan = [&now](const std::string& task) {
    return std::any_of(now.tasks.begin(), now.tasks.end(), [&task](const PlannedTask& it) {
      return it.dataset->manifest.name == task;
    });
  };
  std::vector<RecordedSample> out;
  for (const json& record : journal.samples) {
    RecordedSample sample{.task = json_text(record, "task"),
                          .problem = json_text(record, "problem"),
                          .sample = json_integer(record, "sample").value_or(0),
                          .prompt = {},
                          .tokens = ids_of(record),
                          .hashes = hashes_of(record),
                          .text = json_text(record, "text")};
    if (sample.tokens.empty() || !of_this_plan(sample.task)) continue;
    const auto found = planned.find({sample.task, sample.problem});
    if (found == planned.end() ||
        found->second->prompt_sha256 != json_text(record, "prompt_sha256")) {
      throw Error(ErrorKind::environment,
                  fmt::format("{} of {}: this assay builds another prompt than the run had",
                              name_for_message(sample.problem), name_for_message(sample.task)),
                  hint);
    }
    const auto vocab = now.model.file->config.vocab;
    if (std::any_of(sample.tokens.begin(), sample.tokens.end(),
                    [vocab](TokenId id) { return id < 0 || id >= vocab; })) {
      throw Error(ErrorKind::environment,
                  fmt::format("{} of {} holds a token that this model does not have",
                              name_for_message(sample.problem), name_for_message(sample.task)),
                  hint);
    }
    sample.prompt = found->second->prompt_tokens;
    out.push_back(std::move(sample));
  }
  return out;
}

std::vector<std::size_t> token_ends(const Tokenizer& tokenizer, std::span<const TokenId> tokens,
                                    std::size_t text_size) {
  std::vector<std::size_t> ends;
  std::size_t end = 0;
  for (const TokenId id : tokens) {
    if (tokenizer.valid(id) && !tokenizer.is_control(id)) end += tokenizer.token_bytes(id).size();
    ends.push_back(std::min(end, text_size));
  }
  return ends;
}

}  // namespace assay
