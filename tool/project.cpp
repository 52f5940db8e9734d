// `assay project`: would a model fit on a device, and how fast could it be at most?
#include "reports/audit/project.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "harness/model_sizes.h"
#include "harness/names.h"
#include "tool/command.h"
#include "tool/model_shapes.h"

namespace assay::tool {
namespace {

struct ProjectFlags {
  std::string model;
  std::string device;
  std::int64_t context = 4096;
  std::int64_t batch = 1;
  bool json = false;
};

const DeviceProfile& device_named(const std::string& name) {
  if (const DeviceProfile* device = find_device(known_devices(), name)) return *device;
  std::vector<std::string> known;
  for (const DeviceProfile& device : known_devices()) known.push_back(device.name);
  throw unknown_name("device", name, known);
}

int project(const ProjectFlags& flags) {
  const DeviceProfile& device = device_named(flags.device);
  const KnownModel model = find_model(flags.model);
  if (model.shape.max_context > 0 && flags.context > model.shape.max_context) {
    throw Error(ErrorKind::usage,
                fmt::format("--context {} is beyond the model's {}", flags.context,
                            model.shape.max_context),
                "give fewer tokens");
  }
  ProjectRequest request;
  request.shape = &model.shape;
  request.device = &device;
  request.sizes_of = sizes_of_shape;
  request.own = model.own;
  request.context = flags.context;
  request.batch = flags.batch;
  request.scratch_bytes =
      projected_scratch_bytes(config_of(model.shape), flags.context, flags.batch);
  const nlohmann::json out = project_model(request);
  print(flags.json ? out.dump(2) + "\n" : sanitize_for_terminal(project_text(out)));
  return 0;
}

}  // namespace

void add_project_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<ProjectFlags>();
  CLI::App* command =
      app.add_subcommand("project", "Would a model fit on a device, and how fast at most?");
  command
      ->add_option("--model", flags->model,
                   "A model's file or folder, or a name (nothing is downloaded)")
      ->required();
  command->add_option("--device", flags->device, "A datasheet of `assay list devices`")->required();
  command->add_option("--context", flags->context, "Tokens of context of each sequence")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  command->add_option("--batch", flags->batch, "Sequences at once")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_flag("--json", flags->json, "As JSON on stdout");
  command->footer(
      "Examples:\n"
      "  assay project --model deepseek-r1-distill-qwen-1.5b --device rtx-3060\n"
      "  assay project --model model.gguf --device raspberry-pi-5 --context 2048 --json\n"
      "A projection, never a measurement: bytes from the model's shape, bandwidth from a "
      "datasheet.");
  command->callback([flags, &action] { action = [flags] { return project(*flags); }; });
}

}  // namespace assay::tool
