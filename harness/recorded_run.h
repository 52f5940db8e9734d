// A finished run read back from its journal: its options, and its completions with their prompts.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/journal.h"
#include "harness/options.h"
#include "harness/plan.h"
#include "harness/replay.h"

namespace assay {

/// The backend and the options of the run whose plan this is. `model` is the run's, by name.
BackendSpec backend_of_plan(const nlohmann::json& plan);
RunOptions options_of_plan(const nlohmann::json& plan);

/// Throws Error{environment} unless `now` has opened the very model file of the run.
void require_same_model(const nlohmann::json& plan, const RunPlan& now);

/// The journal's completions of the tasks that `now` holds, in the journal's order, with the
/// prompts that `now` builds; those without tokens are left out. `hashes` are as the journal has
/// them. Throws Error{environment} with `hint` for a prompt that is not the recorded one.
std::vector<RecordedSample> recorded_samples(const Journal& journal, const RunPlan& now,
                                             const std::string& hint);

/// End of each token's text in the completion's text, in bytes; the text may have been cut at a
/// stop string. As many as tokens.
std::vector<std::size_t> token_ends(const Tokenizer& tokenizer, std::span<const TokenId> tokens,
                                    std::size_t text_size);

}  // namespace assay
