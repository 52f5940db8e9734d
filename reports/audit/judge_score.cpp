// Scores and facts against what others found.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/statistics.h"
#include "core/text.h"
#include "reports/audit/settings.h"
#include "reports/audit/verdict.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr double kZ95 = 1.959963984540054;

std::string percent(double share) {
  return fmt::format("{:.1f}", share * 100);
}

/// Variance of a mean over `problems` problems of `samples` samples each that the draw of the
/// answers alone causes: at most that of independent draws.
double variance(double share, std::int64_t problems, std::int64_t samples) {
  return share * (1 - share) / static_cast<double>(problems * std::max<std::int64_t>(samples, 1));
}

struct Comparison {
  std::optional<bool> consistent;  ///< none: it cannot be told
  std::string why_not;             ///< of one that cannot be told
  json interval;                   ///< of the evidence
  std::string arithmetic;
};

std::string number_or_text(const json& value) {
  return value.is_number() ? show_number(value.get<double>()) : show_value(value);
}

std::string in_brackets(const std::string& text) {
  return text.empty() ? std::string() : " (" + text + ")";
}

/// Without a number of problems there is no interval: equal numbers agree, others say nothing.
Comparison compare_without_interval(const Claim& claim, double found) {
  const double room = claim.resolution.value_or(0.0005);
  Comparison out;
  if (std::fabs(found - claim.number()) <= room) {
    out.consistent = true;
  } else {
    out.why_not = "number of problems unknown";
  }
  out.arithmetic = fmt::format("{} against {}: no number of problems, so no interval",
                               percent(claim.number()), percent(found));
  return out;
}

/// Both on the same problems with known samples: only the answers' draw differs. Otherwise the
/// problems stand for others like them.
Comparison compare_scores(const Claim& claim, const Evidence& it) {
  const double found = it.value.get<double>();
  if (it.problems == 0) return compare_without_interval(claim, found);
  Comparison out;
  if (claim.problems == it.problems && claim.samples > 0 && it.samples > 0) {
    const double error = std::sqrt(variance(claim.number(), claim.problems, claim.samples) +
                                   variance(found, it.problems, it.samples));
    const double difference = claim.number() - found;
    out.consistent = std::fabs(difference) <= kZ95 * error;
    out.interval = {found - kZ95 * error, found + kZ95 * error};
    out.arithmetic = fmt::format(
        "difference {:+.1f} points; standard error of the draw of answers on the same {} problems "
        "{:.2f} ({} and {} samples each): {:.1f} of them",
        difference * 100, it.problems, error * 100, claim.samples, it.samples,
        error > 0 ? std::fabs(difference) / error : 0.0);
    return out;
  }
  const Interval wilson = wilson_interval_of_rate(found, static_cast<double>(it.problems));
  out.interval = {wilson.low, wilson.high};
  out.consistent = claim.number() >= wilson.low && claim.number() <= wilson.high;
  out.arithmetic =
      fmt::format("{} % of {} problems: 95 % interval {} to {} (Wilson); the claim of {} is {}",
                  percent(found), it.problems, percent(wilson.low), percent(wilson.high),
                  percent(claim.number()), *out.consistent ? "inside" : "outside");
  return out;
}

void add_name(const std::string& name, std::string* list) {
  if (name.empty()) return;
  *list += (list->empty() ? "" : "; or ") + name;
}

/// What evidence said to a score, while it is gathered.
struct Gathered {
  std::string agreeing;
  std::string differing;
  std::string undecided;
  std::string found;  ///< those that differ, each with its interval
  int n_agree = 0;
  int n_differ = 0;
};

Comparison compare_under_settings(const Claim& claim, const Evidence& it) {
  Comparison out = compare_scores(claim, it);
  if (const std::string why = why_settings_differ(claim.settings, it.settings); !why.empty()) {
    out.consistent.reset();
    out.why_not = "other conditions: " + why;
  }
  return out;
}

void gather(const Evidence& it, const Comparison& compared, Gathered* out) {
  if (!it.verified) return;
  if (!compared.consistent) {
    add_name(
        fmt::format("{} of {} ({})", percent(it.value.get<double>()), it.source, compared.why_not),
        &out->undecided);
    return;
  }
  ++(*compared.consistent ? out->n_agree : out->n_differ);
  add_name(it.conditions, *compared.consistent ? &out->agreeing : &out->differing);
  if (*compared.consistent) return;
  const json& interval = compared.interval;
  out->found += fmt::format("{}{} has {} ({} to {})", out->found.empty() ? "" : "; ", it.source,
                            percent(it.value.get<double>()), percent(interval[0].get<double>()),
                            percent(interval[1].get<double>()));
}

}  // namespace

Verdict judge_score(const Claim& claim) {
  Verdict out;
  Gathered all;
  for (const Evidence& it : claim.evidence) {
    if (!it.value.is_number() || it.value.get<double>() > 1) continue;
    const Comparison compared = compare_under_settings(claim, it);
    const bool decides = it.verified && compared.consistent.has_value();
    json row =
        bound_row(it.source, it.value, "share", decides ? json(*compared.consistent) : json(),
                  compared.arithmetic + (compared.why_not.empty() ? "" : "; " + compared.why_not),
                  it.conditions);
    row["ci95"] = compared.interval;
    out.bounds.push_back(std::move(row));
    gather(it, compared, &all);
  }
  if (all.n_agree + all.n_differ == 0) {
    out.asks_for_report = true;
    out.why = !all.undecided.empty()   ? "what is known decides nothing: " + all.undecided
              : claim.evidence.empty() ? "nobody else's number is known"
                                       : "what is known was not verified";
    return out;
  }
  if (all.n_agree == 0) {
    out.verdict = kContradicted;
    out.scope = all.found;
    out.why = "outside of what is known: " + all.differing;
    return out;
  }
  const bool plain = claim.conditions_stated() && all.n_differ == 0;
  out.verdict = plain ? kSupported : kConditional;
  out.agreeing = all.agreeing;
  out.scope = plain ? "" : all.agreeing;
  out.why = plain ? "consistent with " + all.agreeing
                  : fmt::format("consistent with some of what is known{}{}",
                                claim.conditions_stated() ? "" : "; the claim names no conditions",
                                all.n_differ == 0 ? "" : "; not with " + all.differing);
  return out;
}

Verdict judge_evidence(const Claim& claim) {
  Verdict out;
  bool agrees = false;
  bool differs = false;
  std::string conditions;
  std::string found;
  for (const Evidence& it : claim.evidence) {
    bool near = it.value == claim.value;
    if (it.value.is_number() && claim.value.is_number()) {
      near = std::fabs(it.value.get<double>() - claim.number()) <=
             claim.resolution.value_or(0.025 * claim.number());
    }
    out.bounds.push_back(
        bound_row(it.source, it.value, "", it.verified ? json(near) : json(),
                  fmt::format("{}{}; the claim is {}", number_or_text(it.value),
                              in_brackets(it.conditions), number_or_text(claim.value)),
                  it.source));
    if (!it.verified) continue;
    (near ? agrees : differs) = true;
    if (near) add_name(it.conditions, &conditions);
    if (!near) {
      add_name(fmt::format("{} ({}{}{})", number_or_text(it.value), it.source,
                           it.conditions.empty() ? "" : ": ", it.conditions),
               &found);
    }
  }
  if (agrees) {
    out.verdict = conditions.empty() && !differs ? kSupported : kConditional;
    out.scope = conditions;
    out.why = "so it stands there";
  } else if (differs) {
    out.verdict = kContradicted;
    out.scope = "it is " + found;
    out.why = "another value stands there";
  } else {
    out.asks_for_report = true;
    out.why = "nobody else's number is known";
  }
  return out;
}

}  // namespace assay
