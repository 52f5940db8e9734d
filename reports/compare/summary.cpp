// The sentence that a run ends with.
#include <fmt/core.h>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/identity.h"
#include "reports/common/look.h"
#include "reports/common/show.h"
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
      "{} on {} ({}, {} threads): ", plain_name(json_member(json_member(report, "model"), "name")),
      plain_name(json_member(json_member(report, "backend"), "name")),
      plain_name(json_member(device, "isa")), show_count(json_integer(device, "threads")));
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

/// "cpu and reference gave the same tokens in 6 of 6 problems"; empty when they share none.
/// `names`: of the two, where their backends do not tell them from further runs.
std::string same_tokens(const json& a, const json& b, std::string names) {
  if (!why_tokens_differ_in_kind(a, b).empty()) return {};
  std::int64_t same = 0;
  std::int64_t shared = 0;
  for (const json& task : json_list(a, "tasks")) {
    const json& other = task_named(b, json_text(task, "name"));
    if (other.is_null()) continue;
    const json samples = compare_samples(task, other);
    same += json_integer(samples, "same_tokens").value_or(0);
    shared += json_integer(samples, "problems").value_or(0);
  }
  if (shared == 0) return {};
  const auto backend = [](const json& report) {
    return plain_name(json_member(json_member(report, "backend"), "name"));
  };
  if (names.empty()) {
    const std::string left = backend(a);
    const std::string right = backend(b);
    names = left == right ? "the two runs on " + left : left + " and " + right;
  }
  return fmt::format("; {} gave the same tokens in {} of {} problems", names, same, shared);
}

}  // namespace

std::string summary_sentence(std::span<const NamedReport> reports) {
  if (reports.empty()) return {};
  const json& first = reports.front().report;
  std::string out = speed_and_memory(first) + scores(first);
  for (std::size_t i = 1; i < reports.size(); ++i) {
    const std::string names = reports.size() > 2 ? "runs A and " + run_letter(i) : std::string();
    out += same_tokens(first, reports[i].report, names);
  }
  return out + ".";
}

}  // namespace assay
