// What the harness sees of this backend: its options, what it can give, and how it is made.
#include <fmt/format.h>

#include "backends/common/host_backend.h"
#include "backends/neon/levels.h"
#include "core/plugins.h"

namespace assay {
namespace {

/// Said wherever the backend is shown, until a board has run it.
constexpr const char* kNeverOnSilicon = "run under qemu only so far, never on a board";

Result<std::unique_ptr<Device>> create(const BackendRequest& request) {
  if (auto checked = host::check_request("neon", request, {"isa", "pin"}); !checked) {
    return tl::unexpected(checked.error());
  }
  return host::create_device("neon", host::neon_levels(), request, nullptr);
}

Availability availability() {
  if (host::neon_levels().best() == nullptr) {
    return {false,
            "this build is for another kind of CPU than arm64: use cpu here, or build with"
            " --preset release-arm64"};
  }
  return {true, fmt::format("{}; {}", host::describe(host::neon_levels()), kNeverOnSilicon)};
}

}  // namespace

BackendPlugin make_backend_neon() {
  return {.name = "neon",
          .summary = "own kernels for arm64 (NEON, SDOT, SMMLA)",
          .options = {{"isa", host::neon_levels().option_values(),
                       "instruction set (default: the best)"},
                      {"pin", "off|on", "bind each worker thread to a core"}},
          .availability = availability,
          .supports = [](Numerics, TensorType) -> Result<void> { return {}; },
          .create = create};
}

}  // namespace assay
