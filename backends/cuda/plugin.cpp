// What the harness sees of this backend: whether it runs here and why not, and how it is made.
#include <fmt/format.h>

#include <charconv>

#include "backends/cuda/cuda_device.h"
#include "backends/cuda/runtime.h"
#include "core/plugins.h"
#include "core/text.h"

namespace assay {
namespace {

constexpr int kMaxDevice = 1023;

struct Options {
  int device = 0;
  cuda::fast::FusedMode fused = cuda::fast::FusedMode::on;
};

Result<int> parse_device(const std::string& value) {
  int device = 0;
  const char* end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, device);
  if (parsed.ec == std::errc() && parsed.ptr == end && device >= 0 && device <= kMaxDevice) {
    return device;
  }
  return failure(ErrorKind::usage, fmt::format("cuda: device={} is not the number of a GPU", value),
                 "GPUs are counted from 0, as nvidia-smi lists them");
}

Result<cuda::fast::FusedMode> parse_fused(const std::string& value) {
  using cuda::fast::FusedMode;
  if (value == "on") return FusedMode::on;
  if (value == "off") return FusedMode::off;
  if (value == "untried") return FusedMode::untried;
  return failure(ErrorKind::usage, fmt::format("cuda: fused={} is unknown", value),
                 "fused is on, off or untried");
}

Result<Options> parse_options(const BackendRequest& request) {
  Options options;
  for (const auto& [name, value] : request.options) {
    if (name == "device") {
      const Result<int> device = parse_device(value);
      if (!device) return tl::unexpected(device.error());
      options.device = *device;
    } else if (name == "fused") {
      const auto fused = parse_fused(value);
      if (!fused) return tl::unexpected(fused.error());
      options.fused = *fused;
    } else {
      return failure(ErrorKind::usage, fmt::format("cuda: option '{}' is unknown", name),
                     "cuda knows device and fused");
    }
  }
  return options;
}

Result<std::unique_ptr<Device>> create(const BackendRequest& request) {
  const Result<Options> options = parse_options(request);
  if (!options) return tl::unexpected(options.error());
  return cuda::make_device(options->device, request.numerics, options->fused);
}

Availability availability() {
  const Result<int> count = cuda::count_gpus();
  if (!count) return {false, count.error().line()};
  std::string all;
  bool any = false;
  for (int device = 0; device < *count; ++device) {
    const Result<cuda::GpuInfo> gpu = cuda::describe_gpu(device);
    if (!gpu) return {false, gpu.error().line()};
    const bool covered =
        cuda::architectures_cover(cuda::built_architectures(), gpu->major, gpu->minor);
    any = any || covered;
    all += fmt::format(
        "{}{}: {}, {}, {}{}", device == 0 ? "" : "; ", device, gpu->name, gpu->isa(),
        format_bytes(gpu->memory_bytes),
        covered ? "" : fmt::format(" (this build is for {} alone)", cuda::built_architectures()));
  }
  return {any, all};
}

}  // namespace

BackendPlugin make_backend_cuda() {
  return {.name = "cuda",
          .summary = "NVIDIA GPUs from compute capability 8.0 on",
          .options = {{"device", "0|1|...", "which GPU, as nvidia-smi counts them (default: 0)"},
                      {"fused", "on|off|untried",
                       "decode passes of few kernels (default: on); untried: also those that have "
                       "only run in emulation"}},
          .availability = availability,
          .supports = [](Numerics, TensorType) -> Result<void> { return {}; },
          .create = create};
}

}  // namespace assay
