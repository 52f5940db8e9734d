// What the rest of this backend needs of the CUDA runtime: checked calls, memory that is counted,
// and pieces of host data brought over.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/plugins.h"

namespace assay::cuda {

/// Error{environment} for a call that failed: one line, for out-of-memory and a lost device too.
Error cuda_error(cudaError_t status, std::string_view doing);
/// Throws it.
void check(cudaError_t status, std::string_view doing);
/// After a launch.
inline void check_launch(std::string_view kernel) {
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) throw cuda_error(status, kernel);
}

/// Bytes held now and at most; shared by everything that a device allocates.
struct MemoryMeter {
  std::int64_t held = 0;
  std::int64_t peak = 0;
};

/// Device memory, freed on destruction.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  /// Error{environment} with the numbers when it does not fit.
  DeviceMemory(std::int64_t bytes, std::string_view what, MemoryMeter& meter);
  ~DeviceMemory();
  DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }
  DeviceMemory& operator=(DeviceMemory&& other) noexcept;
  std::uint8_t* data() const { return data_; }
  std::int64_t bytes() const { return bytes_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }

 private:
  std::uint8_t* data_ = nullptr;
  std::int64_t bytes_ = 0;
  MemoryMeter* meter_ = nullptr;
};

/// A stream of its own, so that nothing waits for the default stream.
class Stream {
 public:
  Stream();
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  cudaStream_t get() const { return stream_; }
  void wait() const;

 private:
  cudaStream_t stream_ = nullptr;
};

/// Small integers that kernels read (ids, positions, page tables), kept while they stay the same:
/// the calls of one step ask for the same ones layer after layer.
class IntTable {
 public:
  /// Where `values` lie on the device once the stream gets there.
  const std::int32_t* put(std::span<const std::int32_t> values, const Stream& stream,
                          MemoryMeter& meter);

 private:
  std::vector<std::int32_t> host_;
  DeviceMemory device_;
};

struct GpuInfo {
  std::string name;
  std::string pci_bus_id;
  int major = 0;
  int minor = 0;
  int multiprocessors = 0;
  std::int64_t memory_bytes = 0;
  std::string isa() const { return "sm_" + std::to_string(major) + std::to_string(minor); }
};

/// Number of GPUs, or why there is none that can be used.
Result<int> count_gpus();
Result<GpuInfo> describe_gpu(int device);
/// Read bandwidth of the current GPU's memory: the best of a few passes over up to 2 GB that are
/// taken for it; nothing where so little is free that a cache would be measured.
std::optional<double> measure_read_bandwidth(const GpuInfo& gpu, const Stream& stream);
/// Whether machine code or PTX of `architectures` ("80;90;120-virtual", as
/// ASSAY_CUDA_ARCHITECTURES) runs on a GPU of this compute capability.
bool architectures_cover(std::string_view architectures, int major, int minor);
/// Of this build.
std::string_view built_architectures();

}  // namespace assay::cuda
