#include "reports/common/paired.h"

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/paired.h"
#include "reports/common/identity.h"

namespace assay {
namespace {

using nlohmann::json;

json table_of(const json& a, const json& b, const char* field) {
  PairedResults results;
  const auto rows_a = rows_by_sample(a);
  for (const auto& [key, row] : rows_by_sample(b)) {
    const auto it = rows_a.find(key);
    if (it == rows_a.end()) continue;
    const std::optional<bool> first = json_flag(*it->second, field);
    const std::optional<bool> second = json_flag(*row, field);
    if (first && second) results.add(key.first, *first, *second);
  }
  if (results.table().pairs() == 0) return nullptr;
  return results.to_json();
}

}  // namespace

json compare_pairs(const json& a, const json& b) {
  json out = {{"correct", nullptr}, {"complete", nullptr}, {"why", nullptr}};
  if (const std::string why = why_scores_differ_in_kind(a, b); !why.empty()) {
    out["why"] = why;
    return out;
  }
  out["correct"] = table_of(a, b, "correct");
  out["complete"] = table_of(a, b, "complete");
  if (out["correct"].is_null()) out["why"] = "they share no sample that both finished";
  return out;
}

}  // namespace assay
