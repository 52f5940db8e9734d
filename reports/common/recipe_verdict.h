// Whether a run reproduces the published number of its recipe.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace assay {

/// report.json's recipe{} from the plan's recipe record and the finished tasks[]; null without a
/// recipe. Each published row gets `measured`, `ci95`, `difference` {value, ci95}, `verdict` and
/// `why`:
///   consistent        0 lies in the difference's interval, which is no wider than the row's
///                     `resolution` to either side
///   too few samples   0 lies in it, but it is wider: the run could not have told
///   inconsistent      0 lies outside
///   undefined         the published number has no meaning that a run could be held against
///   null              no value, no interval, or the run deviates from the protocol: `why`
/// The problems are the same on both sides, so only the draw of the answers is left to chance: with
/// m > 1 samples a problem the variance within the problems (each rate (c + 1/2) / (m + 1)),
/// divided by m for this run and by the published number of samples for the other side; with one
/// sample Wilson's interval, which holds that variance and more. Failed samples widen it by what
/// they could have changed. `verdict` of the whole: the first
/// row's.
nlohmann::json recipe_verdict(const nlohmann::json& recipe, const nlohmann::json& tasks);

}  // namespace assay
