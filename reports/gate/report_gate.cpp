// Two reports of one model on the same tasks: is anything of the baseline's quality gone?
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/paired.h"
#include "core/signed_rank.h"
#include "core/text.h"
#include "reports/common/identity.h"
#include "reports/common/paired.h"
#include "reports/common/show.h"
#include "reports/gate/gate.h"
#include "reports/gate/samples.h"

namespace assay {
namespace {

using nlohmann::json;

/// A paired test that waits for Holm's correction.
struct PairedCheck {
  std::size_t check;  ///< its place in the outcome
  double p_value;
  bool worse;
};

std::string policy_of(const json& report) {
  return json_text(json_member(report, "backend"), "numerics");
}

std::string semantics_of(const json& report) {
  return json_text(json_member(report, "identity"), "semantics");
}

bool is_exact(const json& report) {
  const std::string numerics = policy_of(report);
  return numerics == "exact" || numerics.starts_with("exact/");
}

bool is_skipped(const json& task) {
  return json_member(task, "skipped").is_string();
}

/// Everything that forbids a comparison, by name.
std::vector<std::string> refusals(const json& a, const json& b) {
  std::vector<std::string> out;
  if (std::string why = why_tokens_differ_in_kind(a, b); !why.empty()) out.push_back(why);
  for (const json& task : json_list(a, "tasks")) {
    const std::string name = json_text(task, "name");
    const json& other = task_named(b, name);
    if (other.is_null() || is_skipped(task) || is_skipped(other)) continue;
    const std::string why = why_scores_differ_in_kind(task, other);
    if (!why.empty()) out.push_back(name_for_message(name, 60) + ": " + why);
  }
  return out;
}

std::string build_of(const json& report) {
  const json& tool = json_member(report, "tool");
  const std::string type = json_text(tool, "build_type");
  const std::string sanitizers = json_text(tool, "sanitizers");
  const std::string out = type.empty() ? "unknown" : name_for_message(type, 40);
  return sanitizers.empty() ? out : out + " with " + name_for_message(sanitizers, 60);
}

/// "the candidate's Debug build"; empty: both are release builds.
std::string unreleased_builds(const json& a, const json& b) {
  std::string out;
  for (const auto& [report, who] : {std::pair{&a, "baseline"}, std::pair{&b, "candidate"}}) {
    const std::string build = build_of(*report);
    if (build == "Release") continue;
    out += fmt::format("{}the {}'s build ({})", out.empty() ? "" : " and ", who, build);
  }
  return out;
}

class ReportGate {
 public:
  ReportGate(const json& a, const json& b, const ReportGateOptions& options)
      : a_(a), b_(b), options_(options), builds_(unreleased_builds(a, b)) {}

  std::vector<GateCheck> run(bool exact) {
    for (const json& task : json_list(a_, "tasks")) compare_task(task, exact);
    for (const json& task : json_list(b_, "tasks")) {
      const std::string name = json_text(task, "name");
      if (task_named(a_, name).is_null()) {
        add({name, "task", CheckStatus::note, "not run", "run", "only the candidate ran it"});
      }
    }
    if (json_list(a_, "tasks").empty()) {
      add({"tasks", "task", CheckStatus::note, "none", "", "the baseline ran no task"});
    }
    correct_for_many();
    builds();
    memory("host_peak_bytes", "host peak");
    memory("device_peak_bytes", "device peak");
    speed("decode_tokens_per_s", "decode");
    speed("prefill_tokens_per_s", "prefill");
    return std::move(checks_);
  }

 private:
  void add(GateCheck check) { checks_.push_back(std::move(check)); }

  void compare_task(const json& task, bool exact) {
    const std::string name = json_text(task, "name");
    const json& other = task_named(b_, name);
    const bool ran = !is_skipped(task);
    if (!ran) {
      add({name, "task", CheckStatus::skipped, "skipped", "",
           "the baseline skipped it: " + json_text(task, "skipped")});
      return;
    }
    if (other.is_null() || is_skipped(other)) {
      const std::string why = json_text(other, "skipped");
      add({name, "task", CheckStatus::failed, "run", other.is_null() ? "absent" : "skipped",
           why.empty() ? "the candidate did not run it" : "the candidate skipped it: " + why});
      return;
    }
    if (exact) {
      equal_metrics(name, task, other);
    } else {
      paired_metrics(name, task, other);
    }
  }

  void equal(const std::string& task, const std::string& name, const json& left, const json& right,
             const std::string& shown_left, const std::string& shown_right,
             const std::string& why) {
    if (left.is_null() && right.is_null()) {
      add({task, name, CheckStatus::skipped, "", "", "neither report has it"});
      return;
    }
    const bool same = left == right;
    add({task, name, same ? CheckStatus::passed : CheckStatus::failed, shown_left, shown_right,
         same ? "" : why});
  }

  void equal_metrics(const std::string& name, const json& a, const json& b) {
    const std::string samples = differing_samples(a, b);
    const auto hash = [](const json& task) {
      const std::string text = json_text(task, "logits_hash");
      return text.empty() ? std::string("none") : cut_text(text, 12);
    };
    equal(name, "logits", json_member(a, "logits_hash"), json_member(b, "logits_hash"), hash(a),
          hash(b), samples.empty() ? "other bits under exact" : samples);
    const auto rate = [&](const json& left, const json& right, const std::string& words) {
      const json& x = json_member(left, "value");
      const json& y = json_member(right, "value");
      equal(name, words, x, y, show_percent(json_number(left, "value")),
            show_percent(json_number(right, "value")),
            samples.empty() ? "must be equal under exact" : samples);
    };
    const json& metrics = json_member(a, "metrics");
    for (const auto& [metric, value] : metrics.items()) {
      rate(value, json_member(json_member(b, "metrics"), metric), metric);
    }
    const json& chain_a = json_member(a, "chain");
    const json& chain_b = json_member(b, "chain");
    rate(json_member(chain_a, "complete_rate"), json_member(chain_b, "complete_rate"),
         "complete chains");
    rate(json_member(chain_a, "strictly_complete_rate"),
         json_member(chain_b, "strictly_complete_rate"), "strictly complete");
    equal(name, "outcomes", json_member(a, "outcomes"), json_member(b, "outcomes"), "", "",
          samples.empty() ? "the partitions differ" : samples);
    same_samples(name, a, b, samples);
  }

  /// A sample that is gone, or has another name, is no equal one.
  void same_samples(const std::string& name, const json& a, const json& b, std::string why) {
    const std::string unshared = unshared_samples(a, b);
    if (!unshared.empty()) why = unshared + (why.empty() ? "" : "; ") + why;
    const auto count = [](const json& task) {
      return show_count(static_cast<std::int64_t>(json_list(task, "problems").size()));
    };
    add({name, "samples", why.empty() ? CheckStatus::passed : CheckStatus::failed, count(a),
         count(b), why});
  }

  void paired_metrics(const std::string& name, const json& a, const json& b) {
    same_samples(name, a, b, {});
    const json pairs = compare_pairs(a, b);
    for (const auto& [field, words] :
         {std::pair{"correct", "right"}, std::pair{"complete", "complete chains"}}) {
      paired(name, words, json_member(pairs, field), json_text(pairs, "why"), a, b, field);
    }
    const auto failed = [](const json& task) {
      return json_integer(json_member(task, "counts"), "failed").value_or(0);
    };
    const bool more = failed(b) > failed(a);
    add({name, "failures", more ? CheckStatus::failed : CheckStatus::passed,
         std::to_string(failed(a)), std::to_string(failed(b)),
         more ? "samples failed that the baseline finished" : ""});
    const json& hash_a = json_member(a, "logits_hash");
    const json& hash_b = json_member(b, "logits_hash");
    if (hash_a.is_string() && hash_b.is_string()) {
      add({name, "logits", CheckStatus::note, "", "",
           hash_a == hash_b ? "the same bits, though fast promises none"
                            : "other bits, as fast allows"});
    }
  }

  void paired(const std::string& task, const std::string& words, const json& table,
              const std::string& why, const json& a, const json& b, const char* field) {
    GateCheck check{task, words, CheckStatus::skipped, "", "", why};
    if (!table.is_object()) {
      if (why.empty()) check.why = "they share no sample that both finished";
      add(std::move(check));
      return;
    }
    const std::int64_t both = json_integer(table, "both").value_or(0);
    const std::int64_t lost = json_integer(table, "a_only").value_or(0);
    const std::int64_t won = json_integer(table, "b_only").value_or(0);
    const std::int64_t pairs = json_integer(table, "pairs").value_or(0);
    check.status = CheckStatus::passed;
    check.baseline = fmt::format("{} of {}", both + lost, pairs);
    check.candidate = fmt::format("{} of {}", both + won, pairs);
    check.why = fmt::format("{} lost, {} won", lost, won);
    const auto single = json_number(table, "p_value");
    const double p = single ? *single : sign_test_of_problems(a, b, field);
    tests_.push_back({checks_.size(), p, lost > won});
    add(std::move(check));
  }

  /// Samples of one problem depend on each other: problems are counted by who did better there.
  static double sign_test_of_problems(const json& a, const json& b, const char* field) {
    std::map<std::string, std::int64_t> balance;
    const auto rows_a = rows_by_sample(a);
    for (const auto& [key, row] : rows_by_sample(b)) {
      const auto it = rows_a.find(key);
      if (it == rows_a.end()) continue;
      const auto first = json_flag(*it->second, field);
      const auto second = json_flag(*row, field);
      if (first && second) balance[key.first] += (*second ? 1 : 0) - (*first ? 1 : 0);
    }
    std::int64_t worse = 0;
    std::int64_t better = 0;
    for (const auto& [problem, sum] : balance) {
      worse += sum < 0 ? 1 : 0;
      better += sum > 0 ? 1 : 0;
    }
    return mcnemar_exact(worse, better);
  }

  void correct_for_many() {
    std::vector<double> p_values;
    p_values.reserve(tests_.size());
    for (const PairedCheck& test : tests_) p_values.push_back(test.p_value);
    const std::vector<double> adjusted = holm_adjusted(p_values);
    for (std::size_t i = 0; i < tests_.size(); ++i) {
      GateCheck& check = checks_[tests_[i].check];
      check.why += fmt::format("; McNemar p {:.3g}, {:.3g} after Holm", p_values[i], adjusted[i]);
      if (tests_[i].worse && adjusted[i] < options_.alpha) check.status = CheckStatus::failed;
    }
  }

  void memory(const char* field, const char* words) {
    const auto left = json_integer(json_member(a_, "memory"), field);
    const auto right = json_integer(json_member(b_, "memory"), field);
    if (!left && !right) return;
    GateCheck check{"memory",
                    words,
                    CheckStatus::skipped,
                    show_bytes(left),
                    show_bytes(right),
                    "the baseline lacks it"};
    if (left && !right) {
      check.status = CheckStatus::failed;
      check.why = "the baseline reports it, the candidate does not";
    } else if (left && !builds_.empty()) {
      check.why = "memory of " + builds_ + " says nothing about a release";
    } else if (left && *left > 0) {
      const double change = static_cast<double>(*right) / static_cast<double>(*left) - 1;
      const bool more = change > options_.memory_tolerance;
      check.status = more ? CheckStatus::failed : CheckStatus::passed;
      check.why = fmt::format("{:+.1f} %, {} {:.3g} % are allowed", change * 100,
                              more ? "only" : "up to", options_.memory_tolerance * 100);
    }
    add(std::move(check));
  }

  /// Debug and sanitizer builds compute the same and neither take the memory nor the time of a
  /// release.
  void builds() {
    if (builds_.empty()) return;
    add({"build", "kind", CheckStatus::note, build_of(a_), build_of(b_),
         builds_ + ": memory and speed decide nothing"});
  }

  void speed(const char* field, const char* words) {
    const auto left = json_number(json_member(a_, "throughput"), field);
    const auto right = json_number(json_member(b_, "throughput"), field);
    if (!left && !right) return;
    const auto shown = [](std::optional<double> value) {
      return value ? show_number(value) + " tokens/s" : std::string("not reported");
    };
    GateCheck check{"speed", words, CheckStatus::note, shown(left), shown(right), ""};
    if (!left || !right || *left <= 0) {
      check.why = builds_.empty() ? "one of the reports has no speed" : builds_ + " has no speed";
      if (options_.speed_tolerance && left) check.status = CheckStatus::failed;
    } else {
      const double change = *right / *left - 1;
      check.why = fmt::format("{:+.1f} %", change * 100);
      if (options_.speed_tolerance) {
        const bool slower = change < -*options_.speed_tolerance;
        check.status = slower ? CheckStatus::failed : CheckStatus::passed;
        check.why += fmt::format(", {} {:.3g} % slower is allowed", slower ? "only" : "up to",
                                 *options_.speed_tolerance * 100);
      } else {
        check.why +=
            "; not gated: two runs at different times cannot tell a slower build from a busier "
            "machine; use --baseline-bin and --candidate-bin";
      }
    }
    add(std::move(check));
  }

  const json& a_;
  const json& b_;
  const ReportGateOptions& options_;
  std::string builds_;  ///< which of both are no release builds; empty: none
  std::vector<GateCheck> checks_;
  std::vector<PairedCheck> tests_;
};

std::string rule_of(const json& a, const json& b, const ReportGateOptions& options, bool exact) {
  if (exact) {
    return fmt::format(
        "both ran under {}: logits, scores and chains must be equal; memory may grow by {:.3g} %",
        semantics_of(a), options.memory_tolerance * 100);
  }
  const std::string why = is_exact(a) && is_exact(b)
                              ? fmt::format("{} and {}", semantics_of(a), semantics_of(b))
                              : fmt::format("{} and {}", policy_of(a), policy_of(b));
  return fmt::format(
      "numerics {}: scores and chains by McNemar's exact test, Holm over all, {:.3g}; memory may "
      "grow by {:.3g} %",
      name_for_message(why, 60), options.alpha, options.memory_tolerance * 100);
}

}  // namespace

Result<GateOutcome> gate_reports(const NamedReport& baseline, const NamedReport& candidate,
                                 const ReportGateOptions& options) {
  const json& a = baseline.report;
  const json& b = candidate.report;
  if (const auto why = refusals(a, b); !why.empty()) {
    return env_failure(fmt::format("{} and {} must not be gated against each other: {}",
                                   name_for_message(baseline.name),
                                   name_for_message(candidate.name), fmt::join(why, "; ")),
                       "run the same model, tasks and budgets with both builds");
  }
  const bool exact = is_exact(a) && is_exact(b) && semantics_of(a) == semantics_of(b);
  GateOutcome out;
  out.kind = "reports";
  out.baseline = baseline.name;
  out.candidate = candidate.name;
  out.rule = rule_of(a, b, options, exact);
  out.checks = ReportGate(a, b, options).run(exact);
  return out;
}

}  // namespace assay
