#include "evals/chain/outcome.h"

namespace assay::chain {

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::infrastructure_failure:
      return "infrastructure_failure";
    case Outcome::looped:
      return "looped";
    case Outcome::truncated:
      return "truncated";
    case Outcome::undecided:
      return "undecided";
    case Outcome::no_answer:
      return "no_answer";
    case Outcome::correct_complete:
      return "correct_complete";
    case Outcome::correct_incomplete:
      return "correct_incomplete";
    case Outcome::wrong_complete:
      return "wrong_complete";
    case Outcome::wrong_incomplete:
      return "wrong_incomplete";
  }
  return "infrastructure_failure";
}

Outcome outcome_of(const Grade& grade, const ChainAnalysis& analysis, bool generated) {
  if (!generated || grade.status != Grade::Status::graded) return Outcome::infrastructure_failure;
  if (analysis.c3_no_loop.ok == false) return Outcome::looped;
  if (analysis.c2_not_truncated.ok == false) return Outcome::truncated;
  if (grade.verdict == Verdict::undecided) return Outcome::undecided;
  if (!grade.answer_found) return Outcome::no_answer;
  const bool complete = analysis.complete.value_or(false);
  if (grade.verdict == Verdict::equal) {
    return complete ? Outcome::correct_complete : Outcome::correct_incomplete;
  }
  return complete ? Outcome::wrong_complete : Outcome::wrong_incomplete;
}

}  // namespace assay::chain
