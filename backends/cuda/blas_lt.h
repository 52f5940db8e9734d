// NVIDIA's cuBLASLt for prefill of BF16 weights under `fast`: opened at run time, so that a binary
// needs only the driver.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "backends/cuda/kernels/launch.h"
#include "backends/cuda/runtime.h"
#include "core/error.h"

namespace assay::cuda {

/// Device memory that its products may take.
inline constexpr std::int64_t kBlasScratch = std::int64_t{8} << 20;

/// Of the GPU that is the thread's when it is opened. One thread at a time.
class BlasLt {
 public:
  /// Error{environment} says which library is missing, or what it lacks.
  static Result<std::unique_ptr<BlasLt>> open();
  ~BlasLt();
  BlasLt(const BlasLt&) = delete;
  BlasLt& operator=(const BlasLt&) = delete;

  /// "cublaslt 13.1.0"
  const std::string& description() const { return description_; }
  /// Takes kBlasScratch of the GPU's memory, before the first product.
  void reserve(MemoryMeter& meter);
  /// Whether it takes these rows and columns: multiples of 8, at multiples of 16 bytes.
  static bool serves(const LinearArgs& args);
  /// y = x w^T + bias of permuted bf16 (args.quantised and args.w): the order within 64 elements is
  /// the same on both sides, so the products are. All numbers of rows of a matrix take one
  /// algorithm without splits of k: a row's result does not depend on the others.
  void multiply(const LinearArgs& args, cudaStream_t stream);

 private:
  struct Library;
  struct Algorithm {
    std::uint64_t data[8];  ///< cublasLtMatmulAlgo_t
  };
  BlasLt();
  const Algorithm& algorithm_for(const LinearArgs& args);

  std::unique_ptr<Library> library_;
  void* handle_ = nullptr;
  std::string description_;
  DeviceMemory workspace_;
  std::map<std::tuple<std::int64_t, std::int64_t, bool>, Algorithm> algorithms_;
};

}  // namespace assay::cuda
