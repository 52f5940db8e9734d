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

json chain_record(const std::string& key, const chain::ChainAnalysis& analysis, bool thinking,
                  std::string_view outcome) {
  json components = json::object();
  json evidence = json::array();
  const auto add = [&](const char* name, const chain::Component& component) {
    components[name] = component.ok ? json(*component.ok) : json(nullptr);
    if (component.evidence) {
      evidence.push_back({{"component", name},
                          {"begin", component.evidence->begin},
                          {"end", component.evidence->end},
                          {"why", component.why}});
    }
  };
  add("C1", analysis.c1_think_closed);
  add("C2", analysis.c2_not_truncated);
  add("C3", analysis.c3_no_loop);
  add("C4", analysis.c4_answer_segment);
  add("C5", analysis.c5_answer_extractable);
  // Not analysed yet: unknown, never true.
  for (const char* name : {"C6", "C7", "C8", "C9", "C10"}) components[name] = nullptr;
  return {{"type", "chain"},
          {"key", key},
          {"thresholds", chain::thresholds_version},
          {"profile", thinking ? "thinking" : "plain"},
          {"components", components},
          {"complete", analysis.complete ? json(*analysis.complete) : json(nullptr)},
          {"strictly_complete", nullptr},
          {"outcome", outcome},
          {"evidence", evidence}};
}

std::optional<chain::ByteSpan> answer_span(const Grade& grade) {
  const auto span = grade.details.find("span");
  if (span == grade.details.end() || !span->is_array() || span->size() != 2) return std::nullopt;
  return chain::ByteSpan{span->at(0).get<std::size_t>(), span->at(1).get<std::size_t>()};
}

}  // namespace assay
