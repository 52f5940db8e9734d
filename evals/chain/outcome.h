// The outcome of a sample: a partition, so that the shares sum to 100 %.
#pragma once

#include <array>
#include <string_view>

#include "core/eval.h"
#include "evals/chain/chain.h"

namespace assay::chain {

/// In the order in which the first that holds is taken; the correct and wrong ones last.
enum class Outcome {
  infrastructure_failure,  ///< the sandbox or the engine failed; retried, never counted as wrong
  looped,
  truncated,
  undecided,  ///< the grader could not decide within its budget and rules
  no_answer,
  correct_complete,
  correct_incomplete,
  wrong_complete,
  wrong_incomplete
};

inline constexpr std::array<Outcome, 9> all_outcomes = {Outcome::infrastructure_failure,
                                                        Outcome::looped,
                                                        Outcome::truncated,
                                                        Outcome::undecided,
                                                        Outcome::no_answer,
                                                        Outcome::correct_complete,
                                                        Outcome::correct_incomplete,
                                                        Outcome::wrong_complete,
                                                        Outcome::wrong_incomplete};

/// As in report.json: "correct_complete".
std::string_view outcome_name(Outcome outcome);

/// The first class that holds. `generated` is false when the engine gave no completion
/// (StopReason::error). A grade that was skipped is a failure of the infrastructure, too.
/// Correctness is stored apart: a truncated sample may be correct and counts in pass@1.
Outcome outcome_of(const Grade& grade, const ChainAnalysis& analysis, bool generated);

}  // namespace assay::chain
