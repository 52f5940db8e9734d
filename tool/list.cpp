// `assay list`: what this build and this machine offer.
#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/plugins.h"
#include "core/text.h"
#include "harness/fetch/fetch.h"
#include "harness/host.h"
#include "harness/names.h"
#include "harness/recipe.h"
#include "harness/task_source.h"
#include "reports/audit/device.h"
#include "tool/command.h"

namespace assay::tool {
namespace {

using nlohmann::json;

json list_backends() {
  json rows = json::array();
  for (const BackendPlugin& plugin : backend_plugins()) {
    const Availability here = plugin.availability();
    json options = json::array();
    for (const BackendOptionDoc& option : plugin.options) {
      options.push_back(
          {{"name", option.name}, {"values", option.values}, {"summary", option.summary}});
    }
    json exact = json::array();
    for (const TensorType type : all_tensor_types()) {
      if (plugin.supports(Numerics::exact, type)) exact.push_back(tensor_type_name(type));
    }
    rows.push_back({{"name", plugin.name},
                    {"available", here.available},
                    {"why", here.why},
                    {"summary", plugin.summary},
                    {"options", options},
                    {"exact_weight_types", exact}});
  }
  return rows;
}

json list_datasets() {
  json rows = json::array();
  for (const DatasetPlugin& plugin : dataset_plugins()) {
    const DatasetManifest& manifest = plugin.manifest;
    const Availability here = dataset_availability(manifest);
    rows.push_back({{"name", manifest.name},
                    {"available", here.available},
                    {"why", here.why},
                    {"title", manifest.title},
                    {"problems", manifest.n_problems},
                    {"licence", manifest.licence},
                    {"source", manifest.source}});
  }
  return rows;
}

json list_tasks() {
  json rows = json::array();
  for (const DatasetPlugin& plugin : dataset_plugins()) {
    const DatasetManifest& manifest = plugin.manifest;
    const std::unique_ptr<Eval> eval = value_or_throw(find_eval(manifest.eval))->create();
    Availability here = dataset_availability(manifest);
    if (const auto why = eval->unavailable()) here = {false, *why};
    rows.push_back({{"name", manifest.name},
                    {"available", here.available},
                    {"why", here.why},
                    {"title", manifest.title},
                    {"problems", manifest.n_problems},
                    {"eval", manifest.eval},
                    {"protocols", eval->protocols()}});
  }
  return rows;
}

json list_models() {
  json rows = json::array();
  const fetch::Options options = value_or_throw(fetch::options_from_environment());
  for (const fetch::ListedModel& model : fetch::list_models(options.cache_root)) {
    rows.push_back({{"name", model.name},
                    {"available", model.available},
                    {"why", model.why},
                    {"title", model.title},
                    {"bytes", model.bytes_are_a_bound ? json(nullptr) : json(model.bytes)},
                    {"licence", model.licence},
                    {"source", model.source}});
  }
  return rows;
}

json list_devices() {
  const json host = host_context();
  json rows = json::array({{{"name", host.at("name")},
                            {"available", true},
                            {"why", "this machine"},
                            {"kind", "this machine"},
                            {"memory_bytes", host.at("memory_bytes")}}});
  for (const DeviceProfile& device : known_devices()) {
    json row = device_json(device);
    row["available"] = false;
    row["why"] =
        fmt::format("datasheet: {:.4g} GB/s, {}", device.bandwidth_gb_per_s,
                    device.memory.empty() ? format_bytes(device.memory_bytes) : device.memory);
    rows.push_back(std::move(row));
  }
  return rows;
}

json list_recipes() {
  json rows = json::array();
  for (const std::string& name : recipe_names()) {
    const Recipe recipe = value_or_throw(load_recipe(name));
    const Availability here = recipe_availability(recipe);
    json tasks = json::array();
    for (const RecipeTask& task : recipe.tasks) tasks.push_back(task.spec.name);
    rows.push_back({{"name", recipe.name},
                    {"available", here.available},
                    {"why", here.why},
                    {"title", recipe.title},
                    {"model", recipe.model},
                    {"tasks", tasks},
                    {"samples_per_problem", recipe.samples},
                    {"max_new_tokens", recipe.max_new_tokens},
                    {"published", recipe.published}});
  }
  return rows;
}

json list(const std::string& what) {
  if (what == "backends") return list_backends();
  if (what == "tasks") return list_tasks();
  if (what == "datasets") return list_datasets();
  if (what == "models") return list_models();
  if (what == "devices") return list_devices();
  return list_recipes();
}

std::string as_text(const json& rows, const std::string& what) {
  if (rows.empty()) return fmt::format("no {} in this build\n", what);
  std::size_t width = 0;
  for (const json& row : rows) width = std::max(width, row.at("name").get<std::string>().size());
  std::string text;
  for (const json& row : rows) {
    const std::string detail =
        row.contains("title") ? row.at("title").get<std::string>() : row.value("summary", "");
    text += fmt::format("{:<{}}  {}  {}\n", row.at("name").get<std::string>(), width,
                        row.at("available").get<bool>() ? "yes" : "no ", detail);
    if (const std::string why = row.at("why"); !why.empty()) {
      text += fmt::format("{:<{}}       {}\n", "", width, why);
    }
    for (const json& option : row.value("options", json::array())) {
      text += fmt::format(
          "{:<{}}       option {}={}  {}\n", "", width, option.at("name").get<std::string>(),
          option.at("values").get<std::string>(), option.at("summary").get<std::string>());
    }
  }
  return sanitize_for_terminal(text);
}

}  // namespace

void add_list_command(CLI::App& app, Action& action) {
  struct ListFlags {
    std::string what;
    bool json = false;
  };
  auto flags = std::make_shared<ListFlags>();
  CLI::App* command = app.add_subcommand("list", "What this build and this machine offer");
  command->add_option("what", flags->what, "backends, tasks, datasets, models, devices or recipes")
      ->required()
      ->check(CLI::IsMember({"backends", "tasks", "datasets", "models", "devices", "recipes"}));
  command->add_flag("--json", flags->json, "As a JSON array of {name, available, why, ...}");
  command->footer("Examples:\n  assay list backends\n  assay list models --json");
  command->callback([flags, &action] {
    action = [flags] {
      const json rows = list(flags->what);
      print(flags->json ? rows.dump(2) + "\n" : as_text(rows, flags->what));
      return 0;
    };
  });
}

}  // namespace assay::tool
