// A recipe: the protocol of a published score, and the score. It fills the options of a run; what
// is tested with it (the model's file, the backend, the device) stays free.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/plugins.h"
#include "harness/options.h"
#include "harness/progress.h"

namespace assay {

struct RecipeTask {
  TaskSpec spec;
  bool optional = false;  ///< left out, with a note, where its data are not here
};

struct Recipe {
  std::string name;
  std::string title;
  std::string model;  ///< a name of `assay list models`
  /// Bytes of weights that one token of one sequence reads; 0: not known, the file's size is taken.
  std::int64_t weights_read_bytes = 0;
  std::vector<RecipeTask> tasks;
  std::string template_note;  ///< for a person: how the prompt is made
  std::string grader;
  double temperature = 0;  ///< 0: greedy
  double top_p = 1;
  std::int32_t samples = 1;
  std::int64_t max_new_tokens = 0;
  std::string chain_profile;  ///< "thinking" or "plain"
  nlohmann::json published;   ///< [{task, metric, value, resolution, source, ...}], checked
};

/// Foreign text. Error{environment}, one line that names `name` and the member that is wrong:
/// not JSON, a member that is missing, unknown, of the wrong type or out of range.
Result<Recipe> parse_recipe(std::string_view text, const std::string& name);

/// Those compiled in.
std::vector<std::string> recipe_names();

/// A name of recipe_names(), or a file. Error{usage} with the known names for neither.
Result<Recipe> load_recipe(const std::string& name_or_file);

/// Whether the model and all data are here; otherwise what to do. Never throws.
Availability recipe_availability(const Recipe& recipe);

/// Fills every option that the user did not give; `given` holds the names of those given
/// ("--samples"). A given option that contradicts the protocol is a deviation: the run is made, and
/// gets no verdict. Not deviations: --model (what is tested), and another number of samples (the
/// interval takes care of it). Returns the plan's recipe record
/// {name, title, model, template, grader, deviations [texts], published [..]}.
nlohmann::json apply_recipe(const Recipe& recipe, const std::set<std::string>& given,
                            RunOptions* options, const Listener& listener);

/// What a run will cost at most. `hours` is at the speed in `tokens_per_s`.
struct RunEstimate {
  std::int64_t completions = 0;
  std::int64_t max_tokens = 0;  ///< if every completion used its whole budget
  double tokens_per_s = 0;
  double hours = 0;
  bool speed_is_a_bound = false;  ///< from the memory's bandwidth: `hours` is the least
  std::string source;             ///< where the speed comes from, for a person
};

/// From the recipe and the options alone; no model or dataset is needed. The speed: `given` if
/// positive; else, where the model's file is here, decoding measured now (the run's backend,
/// threads and batch, 32 tokens each); else the bound that this machine's memory bandwidth,
/// measured now, sets. Throws Error.
RunEstimate estimate_run(const Recipe& recipe, const RunOptions& options, double given,
                         const Listener& listener);

/// The recipe's protocol and the estimate, for a terminal.
std::string describe_recipe(const Recipe& recipe, const RunOptions& options,
                            const nlohmann::json& record, const RunEstimate& estimate);

/// The same for --json.
nlohmann::json estimate_record(const RunEstimate& estimate);

}  // namespace assay
