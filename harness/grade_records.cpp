#include "harness/grade_records.h"

#include <nlohmann/json.hpp>

#include "evals/chain/thresholds.h"

namespace assay {
namespace {

using nlohmann::json;

std::string_view status_name(Grade::Status status) {
  switch (status) {
    case Grade::Status::graded:
      return "graded";
    case Grade::Status::skipped:
      return "skipped";
    case Grade::Status::infrastructure_failure:
      return "infrastructure_failure";
  }
  return "infrastructure_failure";
}

}  // namespace

json grade_record(const GradedSample& sample, const Grade& grade) {
  return {{"type", "grade"},
          {"key", sample.key},
          {"grader", sample.grader},
          {"protocol", sample.protocol},
          {"gold", sample.gold},
          {"status", status_name(grade.status)},
          {"why", grade.why.empty() ? json(nullptr) : json(grade.why)},
          {"verdict", verdict_name(grade.verdict)},
          {"answer_found", grade.answer_found},
          {"answer_parses", grade.answer_parses},
          {"extracted", grade.extracted},
          {"rung", grade.rung},
          {"details", grade.details}};
}

json chain_analysis_json(const chain::ChainAnalysis& analysis) {
  json components = json::object();
  json evidence = json::array();
  json why = json::object();
  json inferred = json::array();
  const auto add = [&evidence](const char* name, chain::ByteSpan span, const std::string& reason) {
    evidence.push_back(
        {{"component", name}, {"begin", span.begin}, {"end", span.end}, {"why", reason}});
  };
  for (const auto& [name, component] : chain::components_of(analysis)) {
    components[name] = component->ok ? json(*component->ok) : json(nullptr);
    if (component->inferred) inferred.push_back(name);
    if (!component->why.empty()) why[name] = component->why;
    // Each contradicted equation is evidence of its own.
    if (component->evidence && component != &analysis.c7_arithmetic) {
      add(name, *component->evidence, component->why);
    }
  }
  for (const chain::Claim& claim : analysis.arithmetic.claims) {
    if (claim.verdict == chain::ClaimVerdict::contradicted) add("C7", claim.span, claim.why);
  }
  const auto flag = [](std::optional<bool> value) { return value ? json(*value) : json(nullptr); };
  return {{"thresholds", chain::thresholds_version},
          {"components", components},
          {"complete", flag(analysis.complete)},
          {"strictly_complete", flag(analysis.strictly_complete)},
          {"evidence", evidence},
          {"why", why},
          {"inferred", inferred},
          {"steps", analysis.steps.size()},
          {"contradictions",
           {{"found", analysis.arithmetic.found},
            {"checked", analysis.arithmetic.checked},
            {"contradicted", analysis.arithmetic.contradicted}}}};
}

json chain_record(const std::string& key, const chain::ChainAnalysis& analysis, bool thinking,
                  std::string_view outcome) {
  json record = chain_analysis_json(analysis);
  record["type"] = "chain";
  record["key"] = key;
  record["profile"] = thinking ? "thinking" : "plain";
  record["outcome"] = outcome;
  return record;
}

std::optional<std::string_view> answer_value(const Grade& grade) {
  // A value that votes and compares has a normalised form; a program has none.
  if (!grade.answer_found || !grade.details.contains("normalised")) return std::nullopt;
  return grade.extracted;
}

std::optional<chain::ByteSpan> answer_span(const Grade& grade) {
  const auto span = grade.details.find("span");
  if (span == grade.details.end() || !span->is_array() || span->size() != 2) return std::nullopt;
  return chain::ByteSpan{span->at(0).get<std::size_t>(), span->at(1).get<std::size_t>()};
}

}  // namespace assay
