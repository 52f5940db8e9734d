// The sentence that a run ends with.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <vector>

#include "core/json_access.h"
#include "core/paired.h"
#include "core/text.h"
#include "reports/common/identity.h"
#include "reports/common/look.h"
#include "reports/common/paired.h"
#include "reports/common/show.h"
#include "reports/compare/beside.h"
#include "reports/compare/compare.h"

namespace assay {
namespace {

using nlohmann::json;

/// A foreign name on one line that starts no command of a CI system ("::error::", "##[error]").
std::string plain_name(const json& value) {
  std::string out = name_for_message(show_value(value), 80);
  for (std::size_t at = 0; (at = out.find("::", at)) != std::string::npos; ++at) {
    out.insert(at + 1, " ");
  }
  for (std::size_t at = 0; (at = out.find("##[", at)) != std::string::npos; ++at) {
    out.insert(at + 2, " ");
  }
  return out;
}

std::string speed_and_memory(const json& report) {
  const json& device = json_member(report, "device");
  const json& speed = json_member(report, "throughput");
  std::string out = fmt::format(
      "{} on {} ({}, {} thread{}): ", plain_name(json_member(json_member(report, "model"), "name")),
      plain_name(json_member(json_member(report, "backend"), "name")),
      plain_name(json_member(device, "isa")), show_count(json_integer(device, "threads")),
      json_integer(device, "threads") == 1 ? "" : "s");
  const auto decode = json_number(speed, "decode_tokens_per_s");
  if (decode) {
    out += fmt::format("{} tokens/s decode, {} prefill", show_number(decode),
                       show_number(json_number(speed, "prefill_tokens_per_s")));
  } else {
    out += "no speed was reported";
  }
  const json& memory = json_member(report, "memory");
  if (const auto peak = json_integer(memory, "host_peak_bytes")) {
    out += ", peak memory " + show_bytes(peak);
  }
  if (const auto peak = json_integer(memory, "device_peak_bytes")) {
    out += ", device memory " + show_bytes(peak);
  }
  return out;
}

std::string scores(const json& report) {
  std::int64_t planned = 0;
  std::int64_t correct = 0;
  std::int64_t complete = 0;
  std::int64_t failed = 0;
  bool one_each = true;
  for (const json& task : json_list(report, "tasks")) {
    if (json_member(task, "skipped").is_string()) continue;
    planned += json_integer(json_member(task, "counts"), "planned").value_or(0);
    failed += json_integer(json_member(task, "counts"), "failed").value_or(0);
    one_each = one_each && json_integer(task, "samples_per_problem") == 1;
    for (const json& row : json_list(task, "problems")) {
      correct += json_flag(row, "correct") == true ? 1 : 0;
      complete += json_flag(row, "complete") == true ? 1 : 0;
    }
  }
  if (planned == 0) return {};
  std::string out = fmt::format("; {} of {} {} right, {} of {} chains complete", correct, planned,
                                one_each ? "problems" : "samples", complete, planned);
  if (failed > 0) out += fmt::format(", {} failed", failed);
  return out;
}

/// Who was right in both runs, over all tasks that may stand side by side.
struct RightInBoth {
  std::int64_t pairs = 0;
  std::int64_t both = 0;
  std::int64_t lost = 0;
  std::int64_t won = 0;
  bool one_each = true;
};

RightInBoth right_in(const json& a, const json& b) {
  RightInBoth out;
  for (const json& task : json_list(a, "tasks")) {
    const json& other = task_named(b, json_text(task, "name"));
    if (other.is_null()) continue;
    const json pairs = compare_pairs(task, other);
    const json& table = json_member(pairs, "correct");
    const auto count = [&table](const char* name) { return json_integer(table, name).value_or(0); };
    out.pairs += count("pairs");
    out.both += count("both");
    out.lost += count("a_only");
    out.won += count("b_only");
    out.one_each = out.one_each && (!table.is_object() || json_number(table, "p_value"));
  }
  return out;
}

/// "B: 6 of 8 right (-25 points, p 0.50), decode -10 %"; empty: nothing can be said beside A.
std::string clause_of(const json& first, const json& report, const std::string& letter) {
  std::string out;
  if (const RightInBoth it = right_in(first, report); it.pairs > 0) {
    const double points =
        100 * static_cast<double>(it.won - it.lost) / static_cast<double>(it.pairs);
    out = fmt::format("{} of {} right ({:+.0f} points{})", it.both + it.won, it.pairs, points,
                      it.one_each ? fmt::format(", p {:.2f}", mcnemar_exact(it.lost, it.won)) : "");
  }
  const auto decode = [](const json& of) {
    return json_number(json_member(of, "throughput"), "decode_tokens_per_s").value_or(0);
  };
  if (decode(first) > 0 && decode(report) > 0) {
    out += fmt::format("{}decode {:+.0f} %", out.empty() ? "" : ", ",
                       100 * (decode(report) / decode(first) - 1));
  }
  return out.empty() ? out : "; " + letter + ": " + out;
}

std::string clauses_of(std::span<const NamedReport> reports) {
  constexpr std::size_t kMost = 3;
  std::string out;
  std::size_t said = 0;
  for (std::size_t i = 1; i < reports.size() && said < kMost; ++i) {
    const std::string clause = clause_of(reports.front().report, reports[i].report, run_letter(i));
    said += clause.empty() ? 0 : 1;
    out += clause;
  }
  return out;
}

/// Runs that gave the same as one earlier run, in equally many problems.
struct SameTokens {
  std::size_t as = 0;
  std::int64_t same = 0;
  std::int64_t shared = 0;
  std::vector<std::size_t> runs;
};

/// Each run beside the first earlier one of its kind, task by task; equal statements are one.
std::vector<SameTokens> same_tokens(std::span<const NamedReport> reports) {
  std::vector<SameTokens> out;
  for (std::size_t i = 1; i < reports.size(); ++i) {
    std::map<std::size_t, SameTokens> found;
    for (const json& task : json_list(reports[i].report, "tasks")) {
      const std::string name = json_text(task, "name");
      const auto as = first_alike(reports, i, name);
      if (!as) continue;
      const json samples = compare_samples(task_named(reports[*as].report, name), task);
      SameTokens& it = found[*as];
      it.as = *as;
      it.same += json_integer(samples, "same_tokens").value_or(0);
      it.shared += json_integer(samples, "problems").value_or(0);
    }
    for (const auto& [as, it] : found) {
      if (it.shared == 0) continue;
      const auto equal = std::find_if(out.begin(), out.end(), [&it](const SameTokens& other) {
        return other.as == it.as && other.same == it.same && other.shared == it.shared;
      });
      SameTokens& into = equal == out.end() ? out.emplace_back(it) : *equal;
      into.runs.push_back(i);
    }
  }
  return out;
}

/// "cpu and reference" of two runs, "runs A, B and C" of more.
std::string names_of(std::span<const NamedReport> reports, const SameTokens& it) {
  if (reports.size() == 2) {
    const auto backend = [](const NamedReport& of) {
      return plain_name(json_member(json_member(of.report, "backend"), "name"));
    };
    const std::string left = backend(reports[0]);
    const std::string right = backend(reports[1]);
    return left == right ? "the two runs on " + left : left + " and " + right;
  }
  std::string out = "runs " + run_letter(it.as);
  for (const std::size_t run : it.runs) {
    out += (run == it.runs.back() ? " and " : ", ") + run_letter(run);
  }
  return out;
}

}  // namespace

std::string summary_sentence(std::span<const NamedReport> reports) {
  if (reports.empty()) return {};
  const json& first = reports.front().report;
  std::string out = speed_and_memory(first) + scores(first) + clauses_of(reports);
  for (const SameTokens& it : same_tokens(reports)) {
    out += fmt::format("; {} gave the same tokens in {} of {} problems", names_of(reports, it),
                       it.same, it.shared);
  }
  return out + ".";
}

}  // namespace assay
