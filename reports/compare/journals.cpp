#include "reports/compare/journals.h"

#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/parting.h"
#include "core/text.h"
#include "reports/common/identity.h"
#include "reports/common/task_report.h"

namespace assay {
namespace {

using nlohmann::json;

/// Why the journal is not the one that the report was made from; empty when it is.
std::string why_not_of(const Journal& journal, const json& report) {
  constexpr const char* kOther = "the journal.jsonl beside it is of another run";
  if (json_member(journal.plan, "utc") != json_member(report, "utc")) return kOther;
  for (const json& task : json_list(report, "tasks")) {
    const std::string name = json_text(task, "name");
    const SamplesByKey samples = samples_by_key(journal, name);
    for (const auto& [key, row] : rows_by_sample(task)) {
      const auto it = samples.find(key);
      if (it == samples.end()) return kOther;
      const json& tokens = json_list(*it->second, "tokens");
      const std::string hash = tokens.empty() ? "" : short_hash(tokens.dump());
      if (hash != json_text(*row, "tokens_hash")) {
        return fmt::format("the journal.jsonl beside it has other tokens for {}",
                           name_for_message(key.first));
      }
    }
  }
  return {};
}

}  // namespace

void attach_journal(NamedReport* report) {
  const std::filesystem::path path =
      std::filesystem::path(report->name).parent_path() / "journal.jsonl";
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    report->why_no_journal = "no journal.jsonl lies beside its report";
    return;
  }
  Result<Journal> journal = read_journal(path.string());
  if (!journal) {
    report->why_no_journal = journal.error().message();
    return;
  }
  report->why_no_journal = why_not_of(*journal, report->report);
  if (report->why_no_journal.empty()) {
    report->journal = std::make_shared<const Journal>(std::move(*journal));
  }
}

SamplesByKey samples_by_key(const Journal& journal, const std::string& task) {
  SamplesByKey out;
  for (const json& sample : journal.samples) {
    if (json_text(sample, "task") != task) continue;
    out.emplace(std::pair(json_text(sample, "problem"), json_integer(sample, "sample").value_or(0)),
                &sample);
  }
  return out;
}

json compare_partings(const NamedReport& a, const NamedReport& b, const std::string& task) {
  for (const NamedReport* it : {&a, &b}) {
    if (it->journal == nullptr) return no_partings(it->why_no_journal);
  }
  const json& decoding = json_member(a.report, "decoding");
  const std::string why = why_draws_differ(json_member(b.report, "decoding"), decoding);
  if (!why.empty()) return no_partings(why);
  Partings partings(json_number(decoding, "temperature") == 0.0);
  const SamplesByKey first = samples_by_key(*a.journal, task);
  for (const auto& [key, sample] : samples_by_key(*b.journal, task)) {
    const auto it = first.find(key);
    if (it == first.end()) continue;
    const json& prompt = json_member(*sample, "prompt_sha256");
    if (!prompt.is_string() || prompt != json_member(*it->second, "prompt_sha256")) continue;
    if (json_text(*sample, "stop") == "error" || json_text(*it->second, "stop") == "error")
      continue;
    partings.add(key.first, *sample, *it->second);
  }
  if (partings.empty()) {
    return no_partings("no prompt has the same tokens in both: another tokenizer or chat template");
  }
  return partings.to_json();
}

}  // namespace assay
