// `assay project`: would a model fit on a device, and how fast could it be at most?
#include "reports/audit/project.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/text.h"
#include "harness/model_sizes.h"
#include "harness/names.h"
#include "tool/command.h"
#include "tool/model_shapes.h"

namespace assay::tool {
namespace {

constexpr std::int64_t kUsualContext = 4096;

struct ProjectFlags {
  std::string model;
  std::string device;
  std::optional<std::int64_t> context;
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
  const std::int64_t most = model.shape.max_context;
  const std::int64_t context =
      flags.context.value_or(most > 0 ? std::min(kUsualContext, most) : kUsualContext);
  if (most > 0 && context > most) {
    throw Error(ErrorKind::usage,
                fmt::format("--context {} is beyond the model's {}", context, most),
                "give fewer tokens");
  }
  ProjectRequest request;
  request.shape = &model.shape;
  request.device = &device;
  request.sizes_of = sizes_of_shape;
  request.own = model.own;
  request.context = context;
  request.batch = flags.batch;
  request.scratch_bytes = projected_scratch_bytes(config_of(model.shape), context, flags.batch);
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
  command
      ->add_option("--context", flags->context,
                   "Tokens of context of each sequence; without it 4096, or the model's longest")
      ->check(CLI::Range(1, 1 << 24));
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
