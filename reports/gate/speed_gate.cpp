#include "reports/gate/speed_gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/signed_rank.h"
#include "core/text.h"

namespace assay {
namespace {

using Values = std::map<std::string, std::vector<double>>;

const char* side_name(Side side) {
  return side == Side::baseline ? "baseline" : "candidate";
}

std::string first_missing(const Measurement& from, const Values& in) {
  for (const auto& [name, value] : from) {
    if (!in.contains(name)) return name;
  }
  return {};
}

/// Appends one run's values; the first run decides which metrics there are.
Result<void> append(const Measurement& run, Side side, const Values& expected, Values* out) {
  if (run.empty()) {
    return env_failure(fmt::format("the {} gave no metric", side_name(side)),
                       "it must print at least one benchmark");
  }
  if (!expected.empty()) {
    std::string other = first_missing(run, expected);
    const bool is_extra = !other.empty();
    for (const auto& [name, values] : expected) {
      if (other.empty() && !run.contains(name)) other = name;
    }
    if (!other.empty()) {
      return env_failure(fmt::format("the runs do not measure the same: '{}' {} a run of the {}",
                                     name_for_message(other),
                                     is_extra ? "is new in" : "is missing in", side_name(side)),
                         "give both builds the same benchmarks (a filter helps)");
    }
  }
  for (const auto& [name, value] : run) {
    if (!std::isfinite(value) || value <= 0) {
      return env_failure(fmt::format("metric '{}' of the {} is {}, not a positive number",
                                     name_for_message(name), side_name(side), value),
                         "measure something that takes time");
    }
    (*out)[name].push_back(value);
  }
  return {};
}

/// Pairs of measurements that grow.
class Series {
 public:
  /// `expected`: a series before this one, whose metrics must come again; `only` these are judged.
  Series(const SpeedRule& rule, const MeasureOnce& measure, const SpeedSeries& expected,
         std::set<std::string> only)
      : rule_(rule), measure_(measure), only_(std::move(only)) {
    for (const MetricVerdict& metric : expected.metrics) names_[metric.name] = {};
  }

  Result<SpeedSeries> run() {
    Values ignored;
    for (int i = 0; i < rule_.warm_up; ++i) {
      for (const Side side : {Side::baseline, Side::candidate}) {
        if (auto done = once(side, &ignored); !done) return tl::unexpected(done.error());
      }
    }
    if (auto done = measure_until(rule_.pairs); !done) return tl::unexpected(done.error());
    SpeedSeries series = judge();
    if (is_decided(series) || rule_.max_pairs <= rule_.pairs) return series;
    if (auto done = measure_until(rule_.max_pairs); !done) return tl::unexpected(done.error());
    return judge();
  }

 private:
  Result<void> once(Side side, Values* out) {
    Result<Measurement> run = measure_(side);
    if (!run) return tl::unexpected(run.error());
    Result<void> added = append(*run, side, names_, out);
    if (added && names_.empty()) {
      for (const auto& [name, value] : *run) names_[name] = {};
    }
    return added;
  }

  Result<void> measure_until(int pairs) {
    for (; pairs_ < pairs; ++pairs_) {
      // A B, B A, A B, ...: two pairs are one ABBA, in which a steady drift cancels.
      const bool baseline_first = pairs_ % 2 == 0;
      for (const bool first : {true, false}) {
        const Side side = first == baseline_first ? Side::baseline : Side::candidate;
        auto done = once(side, side == Side::baseline ? &baseline_ : &candidate_);
        if (!done) return done;
      }
    }
    return {};
  }

  SpeedSeries judge() const {
    if (only_.empty()) return judge_pairs(rule_, baseline_, candidate_);
    Values baseline;
    Values candidate;
    for (const std::string& name : only_) {
      baseline[name] = baseline_.at(name);
      candidate[name] = candidate_.at(name);
    }
    return judge_pairs(rule_, baseline, candidate);
  }

  /// Something is slower, or everything is surely not.
  bool is_decided(const SpeedSeries& series) const {
    const auto is_slower = [](const MetricVerdict& it) { return it.slower; };
    const auto is_clear = [](const MetricVerdict& it) {
      return it.ratio_ci95.high < 1 + it.threshold;
    };
    return std::all_of(series.metrics.begin(), series.metrics.end(),
                       [&](const MetricVerdict& it) { return is_slower(it) || is_clear(it); });
  }

  const SpeedRule& rule_;
  const MeasureOnce& measure_;
  std::set<std::string> only_;  // empty: all
  Values names_;
  Values baseline_;
  Values candidate_;
  int pairs_ = 0;
};

MetricVerdict judge_metric(const SpeedRule& rule, const std::string& name,
                           const std::vector<double>& baseline,
                           const std::vector<double>& candidate) {
  ASSAY_ASSERT(!baseline.empty() && baseline.size() == candidate.size());
  std::vector<double> logs;
  logs.reserve(baseline.size());
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    logs.push_back(std::log(candidate[i] / baseline[i]));
  }
  MetricVerdict out;
  out.name = name;
  out.baseline = baseline;
  out.candidate = candidate;
  out.ratio = std::exp(hodges_lehmann(logs));
  const Interval interval = hodges_lehmann_interval(logs, 0.05);
  out.ratio_ci95 = {std::exp(interval.low), std::exp(interval.high)};
  out.p_value = signed_rank_p(logs);
  out.spread = robust_spread(logs);
  out.threshold = out.spread >= rule.noisy_spread ? rule.noisy_threshold : rule.threshold;
  return out;
}

}  // namespace

std::string noise_class(const SpeedRule& rule, double spread) {
  if (spread < rule.quiet_spread) return "quiet";
  return spread < rule.noisy_spread ? "ordinary" : "noisy";
}

const MetricVerdict* SpeedSeries::find(const std::string& name) const {
  const auto it = std::find_if(metrics.begin(), metrics.end(),
                               [&name](const MetricVerdict& each) { return each.name == name; });
  return it == metrics.end() ? nullptr : &*it;
}

SpeedSeries judge_pairs(const SpeedRule& rule, const Values& baseline, const Values& candidate) {
  SpeedSeries out;
  std::vector<double> p_values;
  for (const auto& [name, values] : baseline) {
    out.metrics.push_back(judge_metric(rule, name, values, candidate.at(name)));
    out.pairs = static_cast<int>(values.size());
    p_values.push_back(out.metrics.back().p_value);
  }
  const std::vector<double> adjusted = holm_adjusted(p_values);
  for (std::size_t i = 0; i < adjusted.size(); ++i) {
    MetricVerdict& metric = out.metrics[i];
    metric.p_adjusted = adjusted[i];
    metric.slower = metric.p_adjusted < rule.alpha && metric.ratio > 1 + metric.threshold;
  }
  return out;
}

Result<SpeedResult> run_speed_gate(const SpeedRule& rule, const MeasureOnce& measure) {
  ASSAY_ASSERT(rule.pairs >= 1 && rule.max_pairs <= static_cast<int>(kMaxSignedRanks));
  Result<SpeedSeries> first = Series(rule, measure, {}, {}).run();
  if (!first) return tl::unexpected(first.error());
  SpeedResult out;
  out.first = std::move(*first);
  std::set<std::string> suspects;
  for (const MetricVerdict& metric : out.first.metrics) {
    out.spread = std::max(out.spread, metric.spread);
    if (metric.slower) suspects.insert(metric.name);
  }
  out.noise = noise_class(rule, out.spread);
  if (!suspects.empty() && rule.confirm) {
    SpeedRule fresh = rule;
    fresh.alpha = rule.confirm_alpha;
    Result<SpeedSeries> again = Series(fresh, measure, out.first, suspects).run();
    if (!again) return tl::unexpected(again.error());
    out.confirmation = std::move(*again);
  }
  for (const std::string& name : suspects) {
    const MetricVerdict* again = out.confirmation.find(name);
    const bool holds = !rule.confirm || (again != nullptr && again->slower);
    (holds ? out.failed : out.unconfirmed).push_back(name);
  }
  return out;
}

}  // namespace assay
