#include "reports/gate/samples.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/identity.h"

namespace assay {
namespace {

using nlohmann::json;
using Key = RowsBySample::key_type;

std::string name_of(const Key& key) {
  return fmt::format("{}, sample {}", name_for_message(key.first, 60), key.second);
}

/// Those of `of` that `other` lacks.
std::string only_in(const char* who, const RowsBySample& of, const RowsBySample& other) {
  std::int64_t n = 0;
  std::string first;
  for (const auto& [key, row] : of) {
    if (other.contains(key)) continue;
    if (n++ == 0) first = name_of(key);
  }
  if (n == 0) return {};
  return n == 1 ? fmt::format("a sample is only in the {}: {}", who, first)
                : fmt::format("{} samples are only in the {}, the first is {}", n, who, first);
}

std::string listed_twice(const char* who, const json& task, const RowsBySample& rows) {
  const std::size_t n = json_list(task, "problems").size();
  if (n == rows.size()) return {};
  return fmt::format("the {} lists {} of its {} samples again", who, n - rows.size(), n);
}

}  // namespace

std::string differing_samples(const json& task_a, const json& task_b) {
  const auto rows_a = rows_by_sample(task_a);
  std::int64_t shared = 0;
  std::int64_t different = 0;
  std::string first;
  for (const auto& [key, row] : rows_by_sample(task_b)) {
    const auto it = rows_a.find(key);
    if (it == rows_a.end()) continue;
    ++shared;
    std::string what;
    for (const auto& [field, words] :
         {std::pair{"prompt_hash", "prompt"}, std::pair{"tokens_hash", "tokens"},
          std::pair{"logits_hash", "logits"}, std::pair{"outcome", "outcome"}}) {
      if (what.empty() && json_member(*it->second, field) != json_member(*row, field)) what = words;
    }
    if (what.empty()) continue;
    if (different++ == 0) {
      first =
          fmt::format("{}, sample {}: other {}", name_for_message(key.first, 60), key.second, what);
    }
  }
  if (different == 0) return {};
  return fmt::format("{} of {} samples differ, the first is {}", different, shared, first);
}

std::string unshared_samples(const json& task_a, const json& task_b) {
  const auto rows_a = rows_by_sample(task_a);
  const auto rows_b = rows_by_sample(task_b);
  std::string out;
  for (const std::string& why :
       {only_in("baseline", rows_a, rows_b), only_in("candidate", rows_b, rows_a),
        listed_twice("baseline", task_a, rows_a), listed_twice("candidate", task_b, rows_b)}) {
    if (!why.empty()) out += (out.empty() ? "" : "; ") + why;
  }
  return out;
}

}  // namespace assay
