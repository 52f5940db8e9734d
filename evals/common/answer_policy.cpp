#include "evals/common/answer_policy.h"

#include <map>
#include <nlohmann/json.hpp>

#include "core/sha256.h"

namespace assay::embedded {
extern const std::string_view answer_policy_json;
}

namespace assay::evals {
namespace {

using Policies = std::map<std::string, AnswerPolicy, std::less<>>;

Policies read_policies() {
  Policies policies;
  const auto file = nlohmann::json::parse(embedded::answer_policy_json);
  for (const auto& [unit, ids] : file.at("unit").items()) {
    for (const auto& id : ids) policies[id.get<std::string>()].unit = unit;
  }
  return policies;
}

}  // namespace

AnswerPolicy answer_policy(std::string_view problem_id) {
  static const Policies policies = read_policies();
  const auto at = policies.find(problem_id);
  return at == policies.end() ? AnswerPolicy{} : at->second;
}

std::string_view policy_sha256() {
  static const std::string sha256 = sha256_hex(embedded::answer_policy_json);
  return sha256;
}

}  // namespace assay::evals
