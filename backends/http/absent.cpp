// Stands for the backend in a build without libcurl (ASSAY_NETWORK=OFF): known by name, and refused
// with the reason.
#include "core/plugins.h"

namespace assay {
namespace {

constexpr const char* kAbsent = "this build cannot reach a server: it was made without libcurl";

Availability availability() {
  return {false, kAbsent};
}

Result<void> supports(Numerics, TensorType) {
  return env_failure(kAbsent);
}

Result<std::unique_ptr<Endpoint>> create(const EndpointRequest&) {
  return env_failure(kAbsent, "use an assay that was built on this machine (ci/quickstart)");
}

}  // namespace

BackendPlugin make_backend_http() {
  return {.name = "http",
          .summary = "any server with OpenAI's API: chat or raw completions, streamed",
          .availability = availability,
          .supports = supports,
          .default_numerics = [](const auto&) { return Numerics::fast; },
          .create_endpoint = create};
}

}  // namespace assay
