#include "backends/cuda/runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "backends/cuda/kernels/launch.h"
#include "core/text.h"

namespace assay::cuda {
namespace {

std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

/// Why the runtime finds no driver that it can work with.
tl::unexpected<Error> no_driver() {
  int driver = 0;
  int runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (driver == 0) {
    return env_failure("cuda: this machine has no NVIDIA driver",
                       "install one, or use --backend cpu");
  }
  return env_failure(fmt::format("cuda: the NVIDIA driver knows CUDA {} only, this build needs {}",
                                 version_text(driver), version_text(runtime)),
                     "update the driver, or build with an older CUDA toolkit");
}

}  // namespace

Error cuda_error(cudaError_t status, std::string_view doing) {
  cudaGetLastError();  // one that can be cleared does not fail the next call
  if (status == cudaErrorMemoryAllocation) {
    return {ErrorKind::environment, fmt::format("cuda: {}: the GPU's memory is used up", doing),
            "lower --context or --batch, or take a smaller quantisation"};
  }
  if (status == cudaErrorNoKernelImageForDevice) {
    return {ErrorKind::environment,
            fmt::format("cuda: this build holds no code for this GPU, only for {}",
                        built_architectures()),
            "build with -DASSAY_CUDA_ARCHITECTURES=native"};
  }
  return {
      ErrorKind::environment,
      fmt::format("cuda: the GPU failed: {}: {} ({})", doing, cudaGetErrorString(status),
                  cudaGetErrorName(status)),
      "see nvidia-smi and the kernel's log; a run goes on with --resume, under exact on another "
      "backend too"};
}

void check(cudaError_t status, std::string_view doing) {
  if (status != cudaSuccess) throw cuda_error(status, doing);
}

DeviceMemory::DeviceMemory(std::int64_t bytes, std::string_view what, MemoryMeter& meter)
    : bytes_(bytes), meter_(&meter) {
  ASSAY_ASSERT(bytes >= 0);
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1));
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, wanted);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    std::size_t free = 0;
    std::size_t total = 0;
    cudaMemGetInfo(&free, &total);
    throw OutOfMemory(
        fmt::format("cuda: {} needs {}, of the GPU's {} {} is free", what, format_bytes(bytes),
                    format_bytes(static_cast<std::int64_t>(total)),
                    format_bytes(static_cast<std::int64_t>(free))),
        "lower --context or --batch, or take a smaller quantisation");
  }
  check(status, what);
  data_ = static_cast<std::uint8_t*>(memory);
  meter.held += bytes_;
  meter.peak = std::max(meter.peak, meter.held);
}

DeviceMemory::~DeviceMemory() {
  if (data_ == nullptr) return;
  cudaFree(data_);  // a failure was or will be reported by a call that can
  meter_->held -= bytes_;
}

DeviceMemory& DeviceMemory::operator=(DeviceMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(meter_, other.meter_);
  return *this;
}

Stream::Stream() {
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream");
}

Stream::~Stream() {
  cudaStreamDestroy(stream_);
}

void Stream::wait() const {
  check(cudaStreamSynchronize(stream_), "waiting for the kernels");
}

const std::int32_t* IntTable::put(std::span<const std::int32_t> values, const Stream& stream,
                                  MemoryMeter& meter) {
  if (std::ranges::equal(values, host_)) return device_.as<const std::int32_t>();
  const auto bytes = static_cast<std::int64_t>(values.size_bytes());
  if (device_.bytes() < bytes) {
    stream.wait();  // kernels may still read the old one
    device_ = DeviceMemory();
    device_ = DeviceMemory(std::max<std::int64_t>(2 * bytes, 4096), "tables of a step", meter);
  }
  host_.assign(values.begin(), values.end());
  // From pageable memory the runtime takes its own copy before it returns.
  check(cudaMemcpyAsync(device_.data(), host_.data(), values.size_bytes(), cudaMemcpyHostToDevice,
                        stream.get()),
        "copying a table to the GPU");
  return device_.as<const std::int32_t>();
}

Result<int> count_gpus() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return count;
  cudaGetLastError();
  if (status == cudaErrorInsufficientDriver) return no_driver();
  if (status == cudaSuccess || status == cudaErrorNoDevice) {
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    return env_failure(
        visible == nullptr
            ? std::string("cuda: the NVIDIA driver finds no GPU")
            : fmt::format("cuda: no GPU is visible under CUDA_VISIBLE_DEVICES={}", visible),
        "see nvidia-smi");
  }
  return env_failure(fmt::format("cuda: the NVIDIA driver does not start: {} ({})",
                                 cudaGetErrorString(status), cudaGetErrorName(status)),
                     "see nvidia-smi");
}

Result<GpuInfo> describe_gpu(int device) {
  cudaDeviceProp properties;
  const cudaError_t status = cudaGetDeviceProperties(&properties, device);
  if (status != cudaSuccess) return tl::unexpected(cuda_error(status, "asking for the GPU's kind"));
  char pci[32] = {};
  cudaDeviceGetPCIBusId(pci, sizeof pci, device);
  return GpuInfo{properties.name,
                 pci,
                 properties.major,
                 properties.minor,
                 properties.multiProcessorCount,
                 static_cast<std::int64_t>(properties.totalGlobalMem)};
}

std::optional<double> measure_read_bandwidth(const GpuInfo& gpu, const Stream& stream) {
  constexpr std::int64_t kMost = std::int64_t{2} << 30;
  constexpr std::int64_t kLeast = std::int64_t{256} << 20;
  std::size_t free = 0;
  std::size_t total = 0;
  check(cudaMemGetInfo(&free, &total), "asking for the free memory");
  const std::int64_t bytes = std::min(kMost, static_cast<std::int64_t>(free) / 4) / 4096 * 4096;
  if (bytes < kLeast) return std::nullopt;
  MemoryMeter apart;  // is given back before the peak matters to anyone
  const DeviceMemory memory(bytes, "measuring the bandwidth", apart);
  const DeviceMemory sink(sizeof(std::uint32_t), "measuring the bandwidth", apart);
  check(cudaMemsetAsync(memory.data(), 1, static_cast<std::size_t>(bytes), stream.get()),
        "measuring the bandwidth");
  cudaEvent_t start = nullptr;
  cudaEvent_t end = nullptr;
  check(cudaEventCreate(&start), "making an event");
  check(cudaEventCreate(&end), "making an event");
  float best_ms = 0;
  for (int pass = 0; pass < 6; ++pass) {
    check(cudaEventRecord(start, stream.get()), "measuring the bandwidth");
    read_flat(memory.data(), bytes, gpu.multiprocessors, sink.as<std::uint32_t>(), stream.get());
    check_launch("read_flat");
    check(cudaEventRecord(end, stream.get()), "measuring the bandwidth");
    check(cudaEventSynchronize(end), "measuring the bandwidth");
    float ms = 0;
    check(cudaEventElapsedTime(&ms, start, end), "measuring the bandwidth");
    if (best_ms == 0 || ms < best_ms) best_ms = ms;
  }
  cudaEventDestroy(start);
  cudaEventDestroy(end);
  return static_cast<double>(bytes) / (static_cast<double>(best_ms) * 1e6);
}

bool architectures_cover(std::string_view architectures, int major, int minor) {
  const int here = major * 10 + minor;
  while (!architectures.empty()) {
    const std::size_t end = std::min(architectures.find(';'), architectures.size());
    const std::string_view one = architectures.substr(0, end);
    architectures.remove_prefix(std::min(end + 1, architectures.size()));
    int number = 0;
    const auto parsed = std::from_chars(one.data(), one.data() + one.size(), number);
    if (parsed.ec != std::errc()) continue;
    const std::string_view suffix(parsed.ptr, one.data() + one.size());
    // Machine code runs on the same major version from its minor on; PTX on all that come later.
    const bool machine_code = number / 10 == major && number <= here && suffix != "-virtual";
    const bool ptx = number <= here && suffix != "-real";
    if (machine_code || ptx) return true;
  }
  return false;
}

std::string_view built_architectures() {
  return ASSAY_CUDA_ARCHITECTURE_LIST;
}

}  // namespace assay::cuda
