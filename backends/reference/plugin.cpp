// Registers `reference` and picks the best build of its kernels for this CPU.
#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

#include "backends/reference/reference_device.h"
#include "core/plugins.h"
#include "core/x86_level.h"

namespace assay {
namespace {

struct Level {
  const reference::Kernels* kernels;
  bool runs;  ///< on this CPU
};

/// All levels that were built, the best last.
std::vector<Level> levels() {
  std::vector<Level> all = {{&reference::baseline::kKernels, true}};
#ifdef ASSAY_REFERENCE_X86_LEVELS
  all.push_back({&reference::x86_64_v3::kKernels, cpu_runs_x86_64_v3()});
  all.push_back({&reference::x86_64_v4::kKernels, cpu_runs_x86_64_v4()});
#endif
  return all;
}

const reference::Kernels* best_level() {
  const reference::Kernels* best = nullptr;
  for (const Level& level : levels()) {
    if (level.runs) best = level.kernels;
  }
  return best;
}

Result<const reference::Kernels*> find_level(std::string_view name) {
  if (name == "auto") return best_level();
  std::string known = "auto";
  for (const Level& level : levels()) {
    if (name == level.kernels->level) {
      if (level.runs) return level.kernels;
      return env_failure(fmt::format("this CPU cannot run reference:level={}", name),
                         "leave the option out: the bits are the same at every level");
    }
    known += fmt::format(", {}", level.kernels->level);
  }
  return failure(ErrorKind::usage, fmt::format("backend reference has no level '{}'", name),
                 fmt::format("known: {}", known));
}

Availability availability() {
  return {true, fmt::format("scalar source, built for {}, 1 thread", best_level()->level)};
}

Result<std::unique_ptr<Device>> create(const BackendRequest& request) {
  std::string_view level = "auto";
  for (const auto& [name, value] : request.options) {
    if (name != "level") {
      return failure(ErrorKind::usage, fmt::format("backend reference has no option '{}'", name),
                     "known: level");
    }
    level = value;
  }
  const auto kernels = find_level(level);
  if (!kernels) return tl::unexpected<Error>(kernels.error());
  return reference::make_device(request.numerics, **kernels);
}

}  // namespace

BackendPlugin make_backend_reference() {
  return {.name = "reference",
          .summary = "the oracle: scalar source that follows docs/numerics.md to the letter",
          .options = {{"level", "auto|baseline|x86-64-v3|x86-64-v4",
                       "which build of the same source runs; the bits are the same"}},
          .availability = availability,
          .supports = [](Numerics, TensorType) -> Result<void> { return {}; },
          .create = create};
}

}  // namespace assay
