#include "harness/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "core/json_access.h"
#include "core/jsonl.h"
#include "core/text.h"
#include "evals/recipes/recipes.h"
#include "harness/fetch/fetch.h"
#include "harness/names.h"
#include "harness/task_source.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxRecipeBytes = std::size_t{1} << 20;

/// Reads members of one object of a recipe; the first thing wrong is kept.
class Reader {
 public:
  Reader(const json& object, std::string where, std::string* error)
      : object_(object), where_(std::move(where)), error_(error) {
    if (!object_.is_object()) fail("", "is not an object");
  }

  /// Whether there is nothing but these members.
  void only(std::initializer_list<std::string_view> known) {
    if (!object_.is_object()) return;
    for (const auto& [name, value] : object_.items()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        fail(name_for_message(name, 40), "is not a member of a recipe");
      }
    }
  }
  std::string text(const char* name, bool required = true) {
    const json& value = json_member(object_, name);
    if (value.is_null() && !required) return {};
    const std::string text = json_text(object_, name);
    if (text.empty() || text.size() > 2000) fail(name, "must be a text of 1 to 2000 bytes");
    return sanitize_for_terminal(text);
  }
  double number(const char* name, double low, double high, std::optional<double> otherwise = {}) {
    const json& value = json_member(object_, name);
    if (value.is_null() && otherwise) return *otherwise;
    const std::optional<double> number = json_number(object_, name);
    if (!number || *number < low || *number > high) {
      fail(name, fmt::format("must be a number from {} to {}", low, high));
      return low;
    }
    return *number;
  }
  std::int64_t integer(const char* name, std::int64_t low, std::int64_t high,
                       std::optional<std::int64_t> otherwise = {}) {
    const json& value = json_member(object_, name);
    if (value.is_null() && otherwise) return *otherwise;
    const std::optional<std::int64_t> number = json_integer(object_, name);
    if (!number || *number < low || *number > high) {
      fail(name, fmt::format("must be a whole number from {} to {}", low, high));
      return low;
    }
    return *number;
  }
  std::string one_of(const char* name, std::initializer_list<std::string_view> values) {
    std::string value = text(name);
    if (std::find(values.begin(), values.end(), value) == values.end()) {
      fail(name, fmt::format("must be one of {}", fmt::join(values, ", ")));
    }
    return value;
  }
  const json& list(const char* name) {
    const json& value = json_list(object_, name);
    if (value.empty() || value.size() > 16) fail(name, "must be a list of 1 to 16 objects");
    return value;
  }
  void fail(std::string_view name, const std::string& what) {
    if (!error_->empty()) return;
    *error_ =
        fmt::format("{}{}{} {}", where_, where_.empty() || name.empty() ? "" : ".", name, what);
  }

 private:
  const json& object_;
  std::string where_;
  std::string* error_;
};

std::vector<RecipeTask> read_tasks(Reader& reader, std::string* error) {
  std::vector<RecipeTask> tasks;
  for (const json& entry : reader.list("tasks")) {
    Reader of(entry, fmt::format("tasks[{}]", tasks.size()), error);
    of.only({"name", "protocol", "first", "optional"});
    RecipeTask task;
    task.spec.name = of.text("name");
    task.spec.protocol = of.text("protocol", false);
    if (const std::int64_t first = of.integer("first", 1, 1 << 24, 0); first > 0) {
      task.spec.first = first;
    }
    task.optional = json_flag(entry, "optional").value_or(false);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

json read_published(Reader& reader, const std::vector<RecipeTask>& tasks, std::string* error) {
  json out = json::array();
  for (const json& entry : reader.list("published")) {
    Reader of(entry, fmt::format("published[{}]", out.size()), error);
    of.only(
        {"task", "metric", "value", "samples_per_problem", "resolution", "source", "undefined"});
    const std::string task = of.text("task");
    const bool known = std::any_of(tasks.begin(), tasks.end(),
                                   [&task](const RecipeTask& it) { return it.spec.name == task; });
    if (!known) of.fail("task", "is none of the recipe's tasks");
    json row = {{"task", task},
                {"metric", of.one_of("metric", {"pass@1", "cons@k", "complete_rate",
                                                "strictly_complete_rate"})},
                {"value", of.number("value", 0, 1)},
                {"resolution", of.number("resolution", 0.001, 1)},
                {"source", of.text("source")},
                {"samples_per_problem", nullptr},
                {"undefined", nullptr}};
    if (const auto n = of.integer("samples_per_problem", 1, 1 << 20, 0); n > 0) {
      row["samples_per_problem"] = n;
    }
    if (const std::string why = of.text("undefined", false); !why.empty()) row["undefined"] = why;
    out.push_back(std::move(row));
  }
  return out;
}

/// Problems that a task of the recipe will have, from its manifest.
std::int64_t problems_of(const TaskSpec& spec) {
  const DatasetPlugin& plugin = *value_or_throw(find_task(spec.name));
  return std::min(spec.first.value_or(plugin.manifest.n_problems), plugin.manifest.n_problems);
}

/// 2870 rather than 2.87e+03.
std::string plain_hours(double hours) {
  return hours >= 100 ? fmt::format("{:.0f}", hours) : fmt::format("{:.3g}", hours);
}

std::string listed(const json& texts) {
  std::string out;
  for (const json& text : texts) out += (out.empty() ? "" : "; ") + text.get<std::string>();
  return out;
}

}  // namespace

Result<Recipe> parse_recipe(std::string_view text, const std::string& name) {
  const std::string where = "recipe " + name_for_message(name);
  const Result<json> parsed = parse_json(text);
  if (!parsed) return env_failure(where + " is " + parsed.error().message());
  std::string error;
  Recipe recipe;
  Reader top(*parsed, "", &error);
  top.only({"schema_version", "name", "title", "model", "tasks", "template", "chain_profile",
            "sampling", "samples", "max_new_tokens", "grader", "published"});
  top.integer("schema_version", 1, 1);
  recipe.name = top.text("name");
  recipe.title = top.text("title");
  Reader model(json_member(*parsed, "model"), "model", &error);
  model.only({"name", "weights_read_bytes"});
  recipe.model = model.text("name");
  recipe.weights_read_bytes = model.integer("weights_read_bytes", 1, std::int64_t{1} << 45, 0);
  recipe.tasks = read_tasks(top, &error);
  recipe.template_note = top.text("template");
  recipe.chain_profile = top.one_of("chain_profile", {"thinking", "plain"});
  Reader sampling(json_member(*parsed, "sampling"), "sampling", &error);
  sampling.only({"temperature", "top_p"});
  recipe.temperature = sampling.number("temperature", 0, 100);
  recipe.top_p = sampling.number("top_p", 1e-9, 1, 1);
  recipe.samples = static_cast<std::int32_t>(top.integer("samples", 1, 100000));
  if (recipe.temperature == 0 && recipe.samples > 1) top.fail("samples", "must be 1 under greedy");
  recipe.max_new_tokens = top.integer("max_new_tokens", 1, 1 << 24);
  recipe.grader = top.text("grader");
  recipe.published = read_published(top, recipe.tasks, &error);
  for (const RecipeTask& task : recipe.tasks) {
    if (task.optional || !error.empty()) continue;
    if (const auto found = find_task(task.spec.name); !found) error = found.error().line();
  }
  if (!error.empty()) {
    return env_failure(fmt::format("{}: {}", where, error),
                       "docs/formats.md has the members of a recipe");
  }
  return recipe;
}

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  for (const EmbeddedRecipe& recipe : embedded_recipes()) names.emplace_back(recipe.name);
  return names;
}

Result<Recipe> load_recipe(const std::string& name_or_file) {
  for (const EmbeddedRecipe& recipe : embedded_recipes()) {
    if (recipe.name == name_or_file) return parse_recipe(recipe.text, name_or_file);
  }
  std::error_code error;
  if (!std::filesystem::exists(name_or_file, error)) {
    return tl::unexpected(unknown_name("recipe", name_for_message(name_or_file), recipe_names()));
  }
  JsonlLimits limits;
  limits.max_file_bytes = kMaxRecipeBytes;
  limits.max_text_bytes = kMaxRecipeBytes;
  const Result<TextFile> file = read_text_file(name_or_file, limits);
  if (!file) return tl::unexpected(file.error());
  return parse_recipe(file->text, name_or_file);
}

Availability recipe_availability(const Recipe& recipe) {
  std::vector<std::string> missing;
  if (const auto options = fetch::options_from_environment()) {
    for (const fetch::ListedModel& model : fetch::list_models(options->cache_root)) {
      if (model.name == recipe.model && !model.available) {
        missing.push_back("assay fetch model " + recipe.model);
      }
    }
  }
  for (const RecipeTask& task : recipe.tasks) {
    const auto plugin = find_task(task.spec.name);
    if (task.optional || !plugin) continue;
    const Availability data = dataset_availability((*plugin)->manifest);
    if (!data.available) missing.push_back(data.why);
  }
  return {missing.empty(), fmt::format("{}", fmt::join(missing, "; "))};
}

json apply_recipe(const Recipe& recipe, const std::set<std::string>& given, RunOptions* options,
                  const Listener& listener) {
  json deviations = json::array();
  /// Sets the option, or notes how the given value differs from the recipe's.
  const auto set = [&](const char* option, auto& value, const auto& wanted) {
    if (!given.contains(option)) {
      value = wanted;
    } else if (value != wanted) {
      deviations.push_back(fmt::format("{} differs from the recipe's {}", option + 2, wanted));
    }
  };
  if (!given.contains("--model")) options->model = recipe.model;
  if (!given.contains("--samples")) options->samples = recipe.samples;
  std::vector<TaskSpec> tasks;
  for (const RecipeTask& task : recipe.tasks) {
    const auto plugin = find_task(task.spec.name);
    if (task.optional && (!plugin || !dataset_availability((*plugin)->manifest).available)) {
      listener.note(
          fmt::format("{}: {} is left out, its data are not here", recipe.name, task.spec.name));
    } else {
      tasks.push_back(task.spec);
    }
  }
  if (!given.contains("--task")) {
    options->tasks = tasks;
  } else {
    const bool same = std::equal(tasks.begin(), tasks.end(), options->tasks.begin(),
                                 options->tasks.end(), [](const TaskSpec& a, const TaskSpec& b) {
                                   return a.name == b.name && a.first == b.first &&
                                          (b.protocol.empty() || a.protocol == b.protocol);
                                 });
    if (!same) deviations.push_back("task differs from the recipe's");
  }
  const bool sampled = recipe.temperature > 0;
  const SamplingMode mode = sampled ? SamplingMode::custom : SamplingMode::greedy;
  if (!given.contains("--sampling")) {
    options->sampling = mode;
  } else if (options->sampling != mode) {
    deviations.push_back("sampling differs from the recipe's");
  }
  if (options->sampling == SamplingMode::custom) {
    std::optional<double>& temperature = options->temperature;
    if (!temperature) temperature = recipe.temperature;
    set("--temperature", *temperature, recipe.temperature);
    if (!options->top_p) options->top_p = recipe.top_p;
    set("--top-p", *options->top_p, recipe.top_p);
  }
  for (const char* filter : {"--top-k", "--min-p"}) {
    if (given.contains(filter)) deviations.push_back(fmt::format("{} is set", filter + 2));
  }
  if (!options->max_new_tokens) options->max_new_tokens = recipe.max_new_tokens;
  set("--max-new-tokens", *options->max_new_tokens, recipe.max_new_tokens);
  const auto profile =
      recipe.chain_profile == "thinking" ? ProfileChoice::thinking : ProfileChoice::plain;
  if (!given.contains("--chain-profile")) {
    options->chain_profile = profile;
  } else if (options->chain_profile != profile) {
    deviations.push_back("chain-profile differs from the recipe's " + recipe.chain_profile);
  }
  return {{"name", recipe.name},          {"title", recipe.title},
          {"model", recipe.model},        {"template", recipe.template_note},
          {"grader", recipe.grader},      {"samples_per_problem", recipe.samples},
          {"deviations", deviations},     {"max_new_tokens", recipe.max_new_tokens},
          {"published", recipe.published}};
}

std::string describe_recipe(const Recipe& recipe, const RunOptions& options, const json& record,
                            const RunEstimate& estimate) {
  std::string text = fmt::format("recipe   {}: {}\n", recipe.name, recipe.title);
  text += fmt::format("template {}\n", recipe.template_note);
  for (const TaskSpec& task : options.tasks) {
    text +=
        fmt::format("task     {}: {} problems x {} samples, at most {} new tokens, {}\n", task.name,
                    problems_of(task), options.samples, *options.max_new_tokens,
                    options.sampling == SamplingMode::custom
                        ? fmt::format("temperature {}, top-p {}", options.temperature.value_or(0),
                                      options.top_p.value_or(1))
                        : "greedy");
  }
  for (const json& row : recipe.published) {
    text += fmt::format("published {} {} of {}: {}\n", json_text(row, "metric"),
                        fmt::format("{:.1f} %", *json_number(row, "value") * 100),
                        json_text(row, "task"), json_text(row, "source"));
  }
  if (!record["deviations"].empty()) {
    text += fmt::format("no verdict: {}\n", listed(record["deviations"]));
  }
  text += fmt::format("tokens   {} completions, at most {} tokens\n", estimate.completions,
                      estimate.max_tokens);
  text += fmt::format(
      "hours    {} {} if every completion used its whole budget, at {:.4g} "
      "tokens/s ({})\n",
      estimate.speed_is_a_bound ? "at least" : "at most", plain_hours(estimate.hours),
      estimate.tokens_per_s, estimate.source);
  return text;
}

json estimate_record(const RunEstimate& estimate) {
  return {{"completions", estimate.completions},           {"max_tokens", estimate.max_tokens},
          {"tokens_per_s", estimate.tokens_per_s},         {"hours_at_full_budget", estimate.hours},
          {"speed_is_a_bound", estimate.speed_is_a_bound}, {"source", estimate.source}};
}

}  // namespace assay
