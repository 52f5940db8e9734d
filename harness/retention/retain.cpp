#include "harness/retention/retain.h"

#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/journal.h"
#include "core/json_access.h"
#include "core/text.h"
#include "harness/engine.h"
#include "harness/host.h"
#include "harness/journal_writer.h"
#include "harness/recorded_run.h"
#include "harness/retention/forced.h"
#include "harness/retention/retention.h"

namespace assay {
namespace {

using nlohmann::json;

std::string journal_of(const std::string& dir) {
  return (std::filesystem::path(dir) / "journal.jsonl").string();
}

Journal open_run(const std::string& dir) {
  std::error_code error;
  if (!std::filesystem::exists(journal_of(dir), error)) {
    throw Error(ErrorKind::environment, "no journal.jsonl in " + dir,
                "give the folder of an assay run");
  }
  return value_or_throw(read_journal(journal_of(dir)));
}

std::string sha256_of(const Journal& journal) {
  return json_text(json_member(journal.plan, "model"), "sha256");
}

/// The file that was given, or the journal's model where its name is one that is listed here.
std::string model_of(const Journal& journal, const std::string& given, const std::string& flag,
                     const RetainOptions& options, const Listener& listener) {
  if (!given.empty()) return given;
  std::string name = options_of_plan(journal.plan).model;
  for (const fetch::ListedModel& it :
       fetch::list_models(fetch_options(options.mirror, listener).cache_root)) {
    if (it.name == name) return name;
  }
  throw Error(ErrorKind::usage,
              fmt::format("no listed model is called '{}', as that of the {}",
                          name_for_message(name), flag == "--model" ? "run" : "reference run"),
              "give its file with " + flag);
}

ForcedModel forced_model(const Journal& journal, const std::string& model,
                         const std::optional<BackendSpec>& backend, const RetainOptions& options) {
  const RunOptions of_run = options_of_plan(journal.plan);
  return {.model = model,
          .backend = backend.value_or(of_run.backend),
          .numerics = backend ? default_numerics(*backend) : of_run.numerics,
          .threads = options.threads,
          .mirror = options.mirror};
}

ForcedOptions forced_options(const Journal& run, const Journal& reference,
                             const RetainOptions& options, const Listener& listener) {
  ForcedOptions out;
  const std::string model = model_of(run, options.model, "--model", options, listener);
  out.x = forced_model(run, model, options.backend, options);
  out.limit = options.limit;
  const bool same_file = !sha256_of(run).empty() && sha256_of(run) == sha256_of(reference);
  std::string reference_model = options.reference_model;
  if (reference_model.empty() && same_file) reference_model = model;
  if (!reference_model.empty()) {
    out.reference = forced_model(reference, reference_model, options.reference_backend, options);
  }
  return out;
}

json reference_json(const Journal& reference) {
  const json& backend = json_member(reference.plan, "backend");
  const json& model = json_member(reference.plan, "model");
  return {{"model", json_member(model, "name")},
          {"sha256", json_member(model, "sha256")},
          {"weight_type", json_member(model, "weight_type")},
          {"backend", json_member(backend, "name")},
          {"numerics", json_member(backend, "numerics")},
          {"utc", json_member(reference.plan, "utc")}};
}

}  // namespace

json retain_runs(const RetainOptions& options, const Listener& listener) {
  const Journal run = open_run(options.run_dir);
  const Journal reference = open_run(options.reference_dir);
  std::optional<Journal> again;
  if (!options.again_dir.empty()) {
    again = open_run(options.again_dir);
    require_other_seed(reference, *again);
  }
  const PairedRuns pairs = pair_runs(run, reference);
  std::optional<ForcedOptions> forced;
  if (options.forced) forced = forced_options(run, reference, options, listener);
  json out = {{"records", json::array()}, {"refused", json::array()}};
  for (const RefusedTask& refused : pairs.refused) {
    out["refused"].push_back({{"task", refused.name}, {"why", refused.why}});
  }
  for (const TaskPair& pair : pairs.tasks) {
    throw_if_cancelled(listener, "repeat the command; nothing was written");
    const Questions questions = questions_at_hand(*pair.reference_task, listener);
    json record = {{"type", "retention"},
                   {"task", pair.name},
                   {"utc", utc_now()},
                   {"reference", reference_json(reference)},
                   {"samples", pair.samples.size()},
                   {"forced", nullptr},
                   {"free", free_retention(pair)},
                   {"content", content_retention(pair, questions, again ? &*again : nullptr)},
                   {"outcome", outcome_retention(pair)}};
    if (forced) record["forced"] = forced_retention(pair, *forced, listener);
    out["records"].push_back(std::move(record));
  }
  return out;
}

Journal record_retention(const std::string& run_dir, const json& records) {
  const std::string path = journal_of(run_dir);
  JournalWriter writer = value_or_throw(JournalWriter::append(path));
  // Locked: now nobody else writes. What a crash tore off at the end goes.
  writer.cut(value_or_throw(read_journal(path)).sound_bytes);
  for (const json& record : records) writer.write(record);
  return value_or_throw(read_journal(path));
}

}  // namespace assay
