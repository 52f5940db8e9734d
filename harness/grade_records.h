// The journal's records of a grade and of a chain analysis (core/journal.h has their fields).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/eval.h"
#include "evals/chain/chain.h"
#include "evals/chain/outcome.h"

namespace assay {

/// Of the grading rules as a whole; a change of any verdict is a new version.
inline constexpr int kGraderVersion = 1;

/// What a grade is about, besides the grade itself.
struct GradedSample {
  std::string key;
  std::string grader;  ///< name and version: "math/1"
  std::string protocol;
  std::string gold;
};

nlohmann::json grade_record(const GradedSample& sample, const Grade& grade);

/// What a chain analysis found, without whose it is: thresholds, components, complete,
/// strictly_complete, evidence, why, inferred, steps, contradictions.
nlohmann::json chain_analysis_json(const chain::ChainAnalysis& analysis);

/// `outcome`: outcome_name's, or another class where the completeness is not known.
nlohmann::json chain_record(const std::string& key, const chain::ChainAnalysis& analysis,
                            bool thinking, std::string_view outcome);

/// The answer as a value; nothing for a program or where there is none. Borrows from `grade`.
std::optional<std::string_view> answer_value(const Grade& grade);

/// Where the answer stands in the text: the grade's details.span.
std::optional<chain::ByteSpan> answer_span(const Grade& grade);

}  // namespace assay
