// `assay score --pairs`: gold answers against predictions, without tasks or completions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/progress.h"

namespace assay::score {

struct PairsOptions {
  std::string path;
  std::string grader = "assay";
};

/// {"pairs":[{verdict, rung, proof, label?}], "agreement", "labelled", "agree", "undecided",
/// "grader", "file", "disagreements":[{place, gold, pred, label, verdict, rung}]}. agreement: the
/// share of labelled pairs whose verdict is the label, undecided ones counting as none; null
/// without labels. The label is the field `label` or `expected`, else all fields that begin with
/// "label_" where they agree.
/// An optional `policy` {"unit": text, "rename": bool} is that of evals::AnswerPolicy.
/// Throws Error: {usage} for an unknown grader, {environment} for a file that cannot be read or a
/// record without gold and pred.
nlohmann::json score_pairs(const PairsOptions& options, const Listener& listener);

}  // namespace assay::score
