#include "harness/verify.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/journal.h"
#include "core/json_access.h"
#include "core/text.h"
#include "harness/plan.h"
#include "harness/recorded_run.h"
#include "harness/replay.h"
#include "model/transformer/session.h"

namespace assay {
namespace {

using nlohmann::json;

/// Positions over which a divergence is measured: some 100 MB of logits.
constexpr std::int64_t kKlPositions = 128;

/// The options that made the run, for another backend.
RunOptions options_of(const json& plan, const VerifyOptions& options) {
  RunOptions out = options_of_plan(plan);
  if (!options.model.empty()) out.model = options.model;
  out.mirror = options.mirror;
  out.backend = options.backend;
  out.threads = options.threads;
  return out;
}

/// The journal's completions whose logits were hashed, the longest first.
std::vector<RecordedSample> hashed_samples(const Journal& journal, const RunPlan& plan) {
  std::vector<RecordedSample> out = recorded_samples(
      journal, plan, "verify with the version that made the run, and with its datasets");
  std::erase_if(out, [](const RecordedSample& sample) {
    return sample.hashes.size() != sample.tokens.size();
  });
  std::ranges::stable_sort(out, std::greater<>(), &RecordedSample::length);
  return out;
}

/// The backend that made the run, here, or why there is none.
Result<std::unique_ptr<Session>> original_session(const json& plan, const RunPlan& now) {
  try {
    return make_session(
        now.model.file,
        open_device(backend_of_plan(plan), now.options.numerics, 0, *now.model.file), now.session);
  } catch (const Error& error) {
    return tl::unexpected(error);
  }
}

json divergence_record(const Divergence& divergence) {
  return {{"task", divergence.sample->task},
          {"problem", divergence.sample->problem},
          {"sample", divergence.sample->sample},
          {"position", divergence.position},
          {"mode", replay_mode_name(divergence.mode)},
          {"recorded_token", divergence.recorded},
          {"likeliest_token", divergence.likeliest},
          {"top2_margin", divergence.top2_margin},
          {"activation", nullptr}};
}

/// Where and how much: needs the backend that made the run.
void explain(const Divergence& divergence, Session& here, const json& plan, const RunPlan& now,
             json* result) {
  auto original = original_session(plan, now);
  if (!original) return;
  const std::string name =
      first_differing_activation(**original, here, *divergence.sample, divergence.position);
  (*result)["first_divergence"]["activation"] = name.empty() ? "logits" : name;
  const auto kl = mean_kl(**original, here, *divergence.sample, kKlPositions);
  const auto noise = mean_kl(**original, **original, *divergence.sample, kKlPositions);
  if (kl) (*result)["kl_mean"] = *kl;
  if (noise) (*result)["kl_noise_floor"] = *noise;
}

json coverage_record(std::span<const RecordedSample> samples, std::size_t recorded,
                     const RunPlan& plan, const json& modes) {
  std::set<std::string> types;
  for (const auto& [name, view] : plan.model.file->tensors) {
    types.emplace(tensor_type_name(view.type));
  }
  return {{"samples", samples.size()},
          {"samples_recorded", recorded},
          {"longest_context", samples.empty() ? 0 : samples.front().length()},
          {"batch", plan.session.max_batch},
          {"weight_types", types},
          {"modes", modes}};
}

std::string why_not(const json& result, bool exact) {
  if (!exact) return "the run was made under fast: its bits are no function of the model alone";
  if (!result.at("bit_equal").get<bool>()) return "the logits differ";
  return "";
}

}  // namespace

json verify_run(const VerifyOptions& options, const Listener& listener) {
  const Journal journal = value_or_throw(read_journal(options.run_dir + "/journal.jsonl"));
  const RunOptions run_options = options_of(journal.plan, options);
  if (run_options.tasks.empty()) {
    throw Error(ErrorKind::environment, options.run_dir + " holds no completions to replay",
                "give the folder of an assay run");
  }
  // A journal is shared: it names its model and holds no path.
  if (options.model.empty() && !is_known_model(run_options.model)) {
    throw Error(ErrorKind::usage,
                fmt::format("the run's model is '{}', which is no name of `assay list models`",
                            name_for_message(run_options.model)),
                "give the run's file with --model");
  }
  RunPlan plan = make_plan(run_options, listener);
  require_same_model(journal.plan, plan);
  const std::vector<RecordedSample> all = hashed_samples(journal, plan);
  const auto n = static_cast<std::size_t>(
      std::clamp<std::int64_t>(options.limit.value_or(std::ssize(all)), 0, std::ssize(all)));
  const std::span<const RecordedSample> chosen = std::span(all).first(n);
  const bool exact = run_options.numerics == Numerics::exact;
  const DeviceInfo info = plan.device->info();
  const auto session =
      value_or_throw(make_session(plan.model.file, std::move(plan.device), plan.session));

  ReplayResult total;
  json modes = json::object();
  // Every sample as the run had it; the longest alone, step by step and at once.
  const std::pair<ReplayMode, std::size_t> parts[] = {
      {ReplayMode::batch, n},
      {ReplayMode::decode, std::min<std::size_t>(n, 1)},
      {ReplayMode::prefill, std::min<std::size_t>(n, 1)}};
  for (const auto& [mode, count] : parts) {
    const ReplayResult part = replay(*session, chosen.first(count), mode, listener);
    total.positions += part.positions;
    total.bit_equal += part.bit_equal;
    total.top1_agreements += part.top1_agreements;
    if (!total.first_divergence) total.first_divergence = part.first_divergence;
    total.cancelled = total.cancelled || part.cancelled;
    modes[replay_mode_name(mode)] = part.positions;
  }
  if (total.cancelled) {
    throw Error(ErrorKind::interrupted, "the replay was interrupted", "start it again");
  }
  const bool bit_equal = total.positions > 0 && total.bit_equal == total.positions;
  json result = {{"bit_equal", bit_equal},
                 {"positions", total.positions},
                 {"positions_bit_equal", total.bit_equal},
                 {"first_divergence", nullptr},
                 {"kl_mean", bit_equal ? json(0.0) : json(nullptr)},
                 {"kl_noise_floor", nullptr},
                 {"top1_agreement", nullptr},
                 {"transfers", bit_equal && exact},
                 {"why", nullptr},
                 {"coverage", coverage_record(chosen, all.size(), plan, modes)},
                 {"run",
                  {{"utc", json_member(journal.plan, "utc")},
                   {"model", journal.plan.at("model")},
                   {"tool", journal.plan.at("tool")},
                   {"backend", journal.plan.at("backend")},
                   {"device", journal.plan.at("device")},
                   {"identity", journal.plan.at("identity")}}},
                 {"here",
                  {{"tool", plan.record.at("tool")},
                   {"backend", plan.record.at("backend")},
                   {"device", plan.record.at("device")},
                   {"isa", info.isa},
                   {"threads", info.threads}}}};
  if (total.positions > 0) {
    result["top1_agreement"] =
        static_cast<double>(total.top1_agreements) / static_cast<double>(total.positions);
  }
  if (total.first_divergence) {
    result["first_divergence"] = divergence_record(*total.first_divergence);
    explain(*total.first_divergence, *session, journal.plan, plan, &result);
  }
  if (const std::string why = why_not(result, exact); !why.empty()) result["why"] = why;
  return result;
}

}  // namespace assay
