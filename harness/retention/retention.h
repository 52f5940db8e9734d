// Chain retention: how much of a reference run's reasoning chains a run keeps. Pure functions of
// two journals; forced.h has the part that needs a model. docs/retention.md explains each number.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/progress.h"
#include "harness/retention/pairs.h"

namespace assay {

/// Chains of other problems that a chain's milestones are looked for in, at most.
inline constexpr std::size_t kChanceChains = 8;

/// How long the two runs write the same tokens: {samples, identical, median_tokens, median_ci95,
/// survival [{tokens, share}], divergences {near_tie, material, unknown}, first [{problem, sample,
/// token, margin, kind}], near_tie_logits, why}.
/// A pair that never differs is censored at its end (Kaplan and Meier), and so is one where a
/// budget ended the shorter completion. The margin is the reference's top-two difference at the
/// first token that differs; under sampling the noise decides too, so the kind is unknown. With
/// `why` (another prompt, other sampling settings) the numbers are null.
nlohmann::json free_retention(const TaskPair& pair);

/// The text of each problem of a task, by its id.
using Questions = std::map<std::string, std::string>;
/// From the dataset, if it is on this machine and the one the run used; empty otherwise. Fetches
/// nothing.
Questions questions_at_hand(const nlohmann::json& task, const Listener& listener);

/// Milestones are the distinct values that the reference's chain derives and its problem does not
/// state (evals/chain/milestones.h). {milestones, found, chance, self_ceiling, prompt_values, why}:
/// found, chance and self_ceiling are shares {value, ci95, n, samples} of them that are stated
/// in the run's chain; in its chains of up to kChanceChains other problems; in the reference's own
/// chain of another seed: that of `again`, a run of the same model, or (null) its other samples of
/// the problem. prompt_values: "excluded", or "unknown" when `questions` lacks a problem.
nlohmann::json content_retention(const TaskPair& pair, const Questions& questions,
                                 const Journal* again);

/// Throws Error{usage} unless `again` is a run of the reference's model that draws otherwise.
void require_other_seed(const Journal& reference, const Journal& again);

/// {correct, complete, why}: PairedResults::to_json, the reference is `a`; null with `why` when the
/// budgets or chain profiles differ, or nothing was graded in both.
nlohmann::json outcome_retention(const TaskPair& pair);

}  // namespace assay
