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

Result<cuda::FusedMode> parse_fused(const BackendRequest& request) {
  const auto found = request.options.find("fused");
  if (found == request.options.end() || found->second == "step") return cuda::FusedMode::step;
  if (found->second == "layer") return cuda::FusedMode::layer;
  if (found->second == "off") return cuda::FusedMode::off;
  return failure(ErrorKind::usage, fmt::format("cuda: option fused={} is unknown", found->second),
                 "use fused=off|layer|step");
}

Result<cuda::GemmChoice> parse_gemm(const BackendRequest& request) {
  const auto found = request.options.find("gemm");
  if (found == request.options.end() || found->second == "auto") return cuda::GemmChoice::automatic;
  if (found->second == "own") return cuda::GemmChoice::own;
  if (found->second != "cublaslt") {
    return failure(ErrorKind::usage, fmt::format("cuda: option gemm={} is unknown", found->second),
                   "use gemm=auto|own|cublaslt");
  }
  if (request.numerics == Numerics::exact) {
    return failure(ErrorKind::usage, "cuda: gemm=cublaslt has an order of sums of its own",
                   "use --numerics fast, or gemm=own");
  }
  return cuda::GemmChoice::cublaslt;
}

Result<int> parse_device(const BackendRequest& request) {
  int device = 0;
  for (const auto& [name, value] : request.options) {
    if (name == "fused" || name == "gemm") continue;
    if (name != "device") {
      return failure(ErrorKind::usage, fmt::format("cuda: option '{}' is unknown", name),
                     "cuda knows device, fused, gemm");
    }
    const char* end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, device);
    if (parsed.ec != std::errc() || parsed.ptr != end || device < 0 || device > kMaxDevice) {
      return failure(ErrorKind::usage,
                     fmt::format("cuda: device={} is not the number of a GPU", value),
                     "GPUs are counted from 0, as nvidia-smi lists them");
    }
  }
  return device;
}

Result<std::unique_ptr<Device>> create(const BackendRequest& request) {
  const Result<int> device = parse_device(request);
  if (!device) return tl::unexpected(device.error());
  const Result<cuda::FusedMode> fused = parse_fused(request);
  if (!fused) return tl::unexpected(fused.error());
  const Result<cuda::GemmChoice> gemm = parse_gemm(request);
  if (!gemm) return tl::unexpected(gemm.error());
  return cuda::make_device({*device, request.numerics, *fused, *gemm});
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
  return {
      .name = "cuda",
      .summary = "NVIDIA GPUs from compute capability 8.0 on",
      .options = {{"device", "0|1|...", "which GPU, as nvidia-smi counts them (default: 0)"},
                  {"fused", "off|layer|step",
                   "decode from sm_90 on: kernel by kernel, five kernels a layer, or one kernel a "
                   "step (default); the bits are the same under exact"},
                  {"gemm", "auto|own|cublaslt",
                   "prefill of BF16 weights under fast: by cuBLASLt where it is found (default), "
                   "by own kernels, or by cuBLASLt alone"}},
      .availability = availability,
      .supports = [](Numerics, TensorType) -> Result<void> { return {}; },
      .create = create};
}

}  // namespace assay
