#include "reports/common/task_samples.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/task_report.h"

namespace assay {
namespace {

using nlohmann::json;

const json* record_of(const std::map<std::string, json, std::less<>>& records,
                      const std::string& key) {
  const auto it = records.find(key);
  return it == records.end() ? nullptr : &it->second;
}

std::string grade_status(const json* grade) {
  return grade == nullptr ? std::string() : json_text(*grade, "status");
}

std::string first_reason(const TaskSamples& samples) {
  for (const auto& problem : samples.problems) {
    for (const SampleView& view : problem) {
      if (!view.why().empty()) return redact_home_paths(view.why());
    }
  }
  return "no reason was recorded";
}

/// The reason why metrics over the whole task do not exist, or an empty text.
std::string why_no_metrics(const json& task, const TaskSamples& samples, bool skipped_grades) {
  if (const std::string why = json_text(task, "skipped"); !why.empty()) {
    return "skipped: " + redact_home_paths(why);
  }
  if (samples.planned == 0) return "the plan holds no samples for it";
  if (skipped_grades) return "not graded: " + first_reason(samples);
  if (samples.partial) {
    return fmt::format("{} of {} samples are done; finish the run with --resume", samples.done,
                       samples.planned);
  }
  if (samples.failed == samples.done) return samples.failures();
  return {};
}

}  // namespace

bool SampleView::failed() const {
  return json_text(*sample, "stop") == "error" || grade_status(grade) == "infrastructure_failure" ||
         (chain != nullptr && json_text(*chain, "outcome") == "infrastructure_failure");
}

bool SampleView::finished() const {
  return failed() || (grade_status(grade) == "graded" && !outcome().empty());
}

bool SampleView::correct() const {
  return !failed() && grade_status(grade) == "graded" && json_text(*grade, "verdict") == "equal";
}

std::string SampleView::outcome() const {
  if (failed()) return "infrastructure_failure";
  if (chain == nullptr) return {};
  const std::string name = json_text(*chain, "outcome");
  const auto is_in = [&name](const auto& names) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  };
  return is_in(kOutcomes) || is_in(kOpenOutcomes) ? name : std::string();
}

std::string TaskSamples::failures() const {
  if (failed == 0) return {};
  return fmt::format("{} of {} samples failed and are neither right nor wrong ({})", failed,
                     planned, first_reason(*this));
}

std::string SampleView::why() const {
  if (json_text(*sample, "stop") == "error") return json_text(*sample, "error");
  return grade == nullptr ? std::string() : json_text(*grade, "why");
}

TaskSamples collect_task_samples(const json& task, const Journal& journal) {
  TaskSamples out;
  const std::string name = json_text(task, "name");
  const std::int64_t per_problem =
      std::max<std::int64_t>(0, json_integer(task, "samples_per_problem").value_or(0));
  const std::int64_t n_problems =
      std::max<std::int64_t>(0, json_integer(task, "n_problems").value_or(0));
  // A plan beyond any run reads as unknown instead of overflowing.
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  if (per_problem < kMost && n_problems < kMost) out.planned = per_problem * n_problems;

  bool skipped_grades = false;
  bool uneven = false;
  std::optional<std::int64_t> last_index;
  for (const json& sample : journal.samples) {
    if (json_text(sample, "task") != name) continue;
    const std::string key = json_text(sample, "key");
    const SampleView view{&sample, record_of(journal.grades, key), record_of(journal.chains, key)};
    const std::int64_t index = json_integer(sample, "index").value_or(-1);
    if (out.problems.empty() || index != last_index) out.problems.emplace_back();
    last_index = index;
    out.problems.back().push_back(view);
    skipped_grades = skipped_grades || grade_status(view.grade) == "skipped";
    if (!view.finished()) continue;
    ++out.done;
    if (view.failed()) ++out.failed;
    if (view.correct()) ++out.correct;
  }
  for (const auto& problem : out.problems) {
    uneven = uneven || static_cast<std::int64_t>(problem.size()) != per_problem;
  }
  if (json_flag(task, "given").value_or(false)) {
    out.planned = out.done;
    out.why_no_metrics = why_no_metrics(task, out, skipped_grades);
    out.partial = static_cast<std::int64_t>(out.problems.size()) < n_problems;
    return out;
  }
  const bool is_skipped = !json_text(task, "skipped").empty();
  out.partial = !is_skipped && !skipped_grades && (uneven || out.done != out.planned);
  out.why_no_metrics = why_no_metrics(task, out, skipped_grades);
  return out;
}

}  // namespace assay
