#include "reports/common/recipe_verdict.h"

#include <fmt/core.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/json_access.h"
#include "core/statistics.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr double kZ95 = 1.959963984540054;

/// A value with what chance may have done to it, downwards and upwards (95 %).
struct Measured {
  double value = 0;
  double below = 0;
  double above = 0;
  /// Variance of one answer, averaged as the value is: divided by a number of samples a problem it
  /// is the square of a standard error. Absent where samples do not average.
  std::optional<double> per_sample_variance;
};

struct Counts {
  std::int64_t hits = 0;
  std::int64_t samples = 0;
};

std::map<std::string, Counts> counts_by_problem(const json& task, const char* field) {
  std::map<std::string, Counts> out;
  for (const json& row : json_list(task, "problems")) {
    const std::optional<bool> hit = json_flag(row, field);
    if (!hit) continue;
    Counts& counts = out[json_text(row, "id")];
    ++counts.samples;
    counts.hits += *hit ? 1 : 0;
  }
  return out;
}

const json& rate_named(const json& task, const std::string& metric) {
  if (metric == "pass@1" || metric == "cons@k") {
    return json_member(json_member(task, "metrics"), metric);
  }
  return json_member(json_member(task, "chain"), metric);
}

/// Samples that failed might have been right or wrong: chance is not all that may have moved it.
void widen_by_failures(const json& rate, Measured& measured) {
  const json& bounds = json_list(rate, "bounds");
  if (bounds.size() != 2 || !bounds[0].is_number() || !bounds[1].is_number()) return;
  measured.below += std::max(0.0, measured.value - bounds[0].get<double>());
  measured.above += std::max(0.0, bounds[1].get<double>() - measured.value);
}

/// Nothing when the rate has no value or no interval.
std::optional<Measured> measure(const json& task, const std::string& metric) {
  const json& rate = rate_named(task, metric);
  const std::optional<double> value = json_number(rate, "value");
  const json& interval = json_list(rate, "ci95");
  if (!value || interval.size() != 2 || !interval[0].is_number() || !interval[1].is_number()) {
    return std::nullopt;
  }
  Measured out{*value, *value - interval[0].get<double>(), interval[1].get<double>() - *value, {}};
  if (metric == "cons@k") {
    widen_by_failures(rate, out);
    return out;
  }
  const char* field = metric == "pass@1"          ? "correct"
                      : metric == "complete_rate" ? "complete"
                                                  : "strictly_complete";
  const auto counts = counts_by_problem(task, field);
  const auto n = static_cast<double>(counts.size());
  double variance = 0;    // of one answer, summed over problems
  double of_the_run = 0;  // of the problem's mean, summed
  bool one_each = true;
  for (const auto& [problem, it] : counts) {
    const auto m = static_cast<double>(it.samples);
    const double p = (static_cast<double>(it.hits) + 0.5) / (m + 1);
    one_each = one_each && it.samples == 1;
    variance += p * (1 - p);
    of_the_run += p * (1 - p) / m;
  }
  if (one_each) {
    out.per_sample_variance = *value * (1 - *value) / n;
    widen_by_failures(rate, out);
    return out;
  }
  out.per_sample_variance = variance / (n * n);
  const double half = kZ95 * std::sqrt(of_the_run) / n;
  out.below = std::min(half, *value);
  out.above = std::min(half, 1 - *value);
  widen_by_failures(rate, out);
  return out;
}

std::string percent(double value) {
  return fmt::format("{:.1f} %", value * 100);
}

void judge(const Measured& measured, json* row) {
  const double published = json_number(*row, "value").value_or(0);
  double other = 0;  // of the published number, 95 %
  const auto samples = json_integer(*row, "samples_per_problem");
  if (measured.per_sample_variance && samples.value_or(0) > 0) {
    other = kZ95 * std::sqrt(*measured.per_sample_variance / static_cast<double>(*samples));
  }
  const double difference = measured.value - published;
  const double below = std::hypot(measured.below, other);
  const double above = std::hypot(measured.above, other);
  const bool outside = difference - below > 0 || difference + above < 0;
  const double widest = std::max(below, above);
  const double resolution = json_number(*row, "resolution").value_or(0);
  (*row)["measured"] = measured.value;
  (*row)["ci95"] = {measured.value - measured.below, measured.value + measured.above};
  (*row)["difference"] = {{"value", difference},
                          {"ci95", {difference - below, difference + above}}};
  (*row)["verdict"] = outside                ? "inconsistent"
                      : widest <= resolution ? "consistent"
                                             : "too few samples";
  (*row)["why"] = fmt::format(
      "measured {} ({} to {}), published {}: {}", percent(measured.value),
      percent(measured.value - measured.below), percent(measured.value + measured.above),
      percent(published),
      outside ? "chance does not explain the difference"
      : widest <= resolution
          ? "chance explains the difference"
          : fmt::format("chance alone moves it by up to {:.1f} points, more than the {:.1f} that "
                        "would matter; use more samples",
                        widest * 100, resolution * 100));
}

const json& task_named(const json& tasks, const std::string& name) {
  static const json kNone;
  for (const json& task : tasks) {
    if (json_text(task, "name") == name) return task;
  }
  return kNone;
}

json judged_row(const json& recipe, const json& tasks, const json& published) {
  json row = published;
  for (const char* name : {"measured", "ci95", "difference", "verdict", "why"}) row[name] = nullptr;
  const json& task = task_named(tasks, json_text(row, "task"));
  const std::string metric = json_text(row, "metric");
  const std::optional<Measured> measured = measure(task, metric);
  if (const std::string why = json_text(row, "undefined"); !why.empty()) {
    row["verdict"] = "undefined";
    row["why"] = "the published number is undefined: " + why;
    if (measured) {
      row["measured"] = measured->value;
      row["ci95"] = {measured->value - measured->below, measured->value + measured->above};
    }
    return row;
  }
  const json& deviations = json_list(recipe, "deviations");
  const auto wanted = json_integer(row, "samples_per_problem");
  if (!deviations.empty()) {
    row["why"] = "the run deviates from the protocol";
    for (const json& text : deviations) {
      if (text.is_string())
        row["why"] = row["why"].get<std::string>() + "; " + text.get<std::string>();
    }
  } else if (task.is_null()) {
    row["why"] = json_text(row, "task") + " was not run";
  } else if (!measured) {
    const std::string why = json_text(rate_named(task, metric), "why");
    row["why"] = "a verdict without an interval is refused" + (why.empty() ? why : ": " + why);
  } else if (metric == "cons@k" && wanted != json_integer(task, "samples_per_problem")) {
    row["why"] = "a vote over another number of samples is another metric";
  } else {
    judge(*measured, &row);
  }
  return row;
}

}  // namespace

json recipe_verdict(const json& recipe, const json& tasks) {
  if (!recipe.is_object()) return nullptr;
  json out = json::object();
  for (const char* name : {"name", "title", "model", "template", "grader", "samples_per_problem",
                           "max_new_tokens", "deviations"}) {
    out[name] = json_member(recipe, name);
  }
  out["published"] = json::array();
  for (const json& row : json_list(recipe, "published")) {
    if (row.is_object()) out["published"].push_back(judged_row(recipe, tasks, row));
  }
  const json& rows = out["published"];
  out["verdict"] = rows.empty() ? json() : rows.front()["verdict"];
  out["why"] = rows.empty() ? json("it has no published number") : rows.front()["why"];
  return out;
}

}  // namespace assay
