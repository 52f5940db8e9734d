// A speed result as checks.
#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "reports/gate/gate.h"
#include "reports/gate/show_time.h"

namespace assay {
namespace {

double median(const std::vector<double>& values) {
  return *quantile(values, 0.5);
}

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

GateCheck time_check(const MetricVerdict& metric, const SpeedResult& result) {
  GateCheck check{metric.name,
                  "time",
                  CheckStatus::passed,
                  show_time(median(metric.baseline)),
                  show_time(median(metric.candidate)),
                  show_ratio(metric)};
  if (contains(result.failed, metric.name)) {
    check.status = CheckStatus::failed;
    const MetricVerdict* again = result.confirmation.find(metric.name);
    check.why += fmt::format(", p {:.2g}", metric.p_adjusted);
    if (again != nullptr) {
      check.why +=
          fmt::format("; measured again: {}, p {:.2g}", show_ratio(*again), again->p_adjusted);
    }
  } else if (contains(result.unconfirmed, metric.name)) {
    check.why += "; slower at first, and not when measured again: passed";
  }
  return check;
}

GateCheck memory_check(const PeakMemory& peaks, double tolerance) {
  const double left = median(peaks.baseline);
  const double right = median(peaks.candidate);
  const double change = right / left - 1;
  const bool more = change > tolerance;
  return {"memory",
          "host peak",
          more ? CheckStatus::failed : CheckStatus::passed,
          format_bytes(static_cast<std::int64_t>(left)),
          format_bytes(static_cast<std::int64_t>(right)),
          fmt::format("{:+.1f} %, {} {:.3g} % are allowed", change * 100, more ? "only" : "up to",
                      tolerance * 100)};
}

}  // namespace

GateOutcome gate_of_speed(const SpeedRule& rule, SpeedResult result, const PeakMemory& peaks,
                          double memory_tolerance) {
  GateOutcome out;
  out.kind = "binaries";
  out.rule = fmt::format(
      "{} to {} interleaved pairs; slower is signed-rank p < {:.3g} (Holm) and a ratio above "
      "{:.3g} % ({:.3g} % where pairs spread by {:.3g} % or more), twice",
      rule.pairs, rule.max_pairs, rule.alpha, rule.threshold * 100, rule.noisy_threshold * 100,
      rule.noisy_spread * 100);
  for (const MetricVerdict& metric : result.first.metrics) {
    out.checks.push_back(time_check(metric, result));
  }
  if (!peaks.baseline.empty() && !peaks.candidate.empty() && median(peaks.baseline) > 0) {
    out.checks.push_back(memory_check(peaks, memory_tolerance));
  }
  out.speed = std::move(result);
  return out;
}

std::string show_time(double seconds) {
  if (seconds < 1e-6) return fmt::format("{:.3g} ns", seconds * 1e9);
  if (seconds < 1e-3) return fmt::format("{:.4g} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.4g} ms", seconds * 1e3);
  return fmt::format("{:.4g} s", seconds);
}

std::string show_ratio(const MetricVerdict& metric) {
  const auto percent = [](double ratio) { return (ratio - 1) * 100; };
  return fmt::format("{:+.1f} % ({:+.1f} to {:+.1f})", percent(metric.ratio),
                     percent(metric.ratio_ci95.low), percent(metric.ratio_ci95.high));
}

}  // namespace assay
