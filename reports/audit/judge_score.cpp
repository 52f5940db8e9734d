// Scores and facts against what others found.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/statistics.h"
#include "core/text.h"
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
  bool consistent = false;
  json interval;  ///< of the evidence
  std::string arithmetic;
};

/// Both on the same problems with known samples: only the answers' draw differs. Otherwise the
/// problems stand for others like them.
Comparison compare_scores(const Claim& claim, const Evidence& it) {
  const double found = it.value.get<double>();
  Comparison out;
  if (it.problems == 0) {
    const double room = claim.resolution.value_or(0.0005);
    out.consistent = std::fabs(found - claim.number()) <= room;
    out.arithmetic = fmt::format("{} against {}: no number of problems, so no interval",
                                 percent(claim.number()), percent(found));
    return out;
  }
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
                  percent(claim.number()), out.consistent ? "inside" : "outside");
  return out;
}

void add_name(const std::string& name, std::string* list) {
  if (name.empty()) return;
  *list += (list->empty() ? "" : "; or ") + name;
}

}  // namespace

Verdict judge_score(const Claim& claim) {
  Verdict out;
  std::string agreeing;
  std::string differing;
  int n_agree = 0;
  int n_differ = 0;
  for (const Evidence& it : claim.evidence) {
    if (!it.value.is_number() || it.value.get<double>() > 1) continue;
    const Comparison found = compare_scores(claim, it);
    json row =
        bound_row(it.source, it.value, "share", it.verified ? json(found.consistent) : json(),
                  found.arithmetic, it.conditions);
    row["ci95"] = found.interval;
    out.bounds.push_back(std::move(row));
    if (!it.verified) continue;
    ++(found.consistent ? n_agree : n_differ);
    add_name(it.conditions, found.consistent ? &agreeing : &differing);
    if (!found.consistent && out.scope.empty()) {
      out.scope =
          found.interval.is_null()
              ? fmt::format("{} has {}", it.source, percent(it.value.get<double>()))
              : fmt::format("{} has {} ({} to {})", it.source, percent(it.value.get<double>()),
                            percent(found.interval[0].get<double>()),
                            percent(found.interval[1].get<double>()));
    }
  }
  if (n_agree + n_differ == 0) {
    out.why = claim.evidence.empty() ? "nobody else's number is known, and no report was given"
                                     : "what is known was not verified, and no report was given";
    return out;
  }
  if (n_agree == 0) {
    out.verdict = kContradicted;
    out.why = "outside of what is known: " + differing;
    return out;
  }
  const bool plain = claim.conditions_stated() && n_differ == 0;
  out.verdict = plain ? kSupported : kConditional;
  out.scope = plain ? "" : agreeing;
  out.why = plain ? "consistent with " + agreeing
                  : fmt::format("consistent with some of what is known{}{}",
                                claim.conditions_stated() ? "" : "; the claim names no conditions",
                                n_differ == 0 ? "" : "; not with " + differing);
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
    out.bounds.push_back(bound_row(it.source, it.value, "", it.verified ? json(near) : json(),
                                   it.conditions.empty() ? "as written there" : it.conditions,
                                   it.source));
    if (!it.verified) continue;
    (near ? agrees : differs) = true;
    if (near) add_name(it.conditions, &conditions);
    if (!near) {
      const std::string value =
          it.value.is_number() ? show_number(it.value.get<double>()) : show_value(it.value);
      add_name(fmt::format("{} ({}{}{})", value, it.source, it.conditions.empty() ? "" : ": ",
                           it.conditions),
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
    out.why = "nobody else's number is known, and no report was given";
  }
  return out;
}

}  // namespace assay
