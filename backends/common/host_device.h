// core/device.h over a table of kernels and an own thread pool: what every host backend is.
#pragma once

#include <memory>

#include "backends/common/aligned_array.h"
#include "backends/common/gemm_library.h"
#include "backends/common/kernel_table.h"
#include "backends/common/thread_pool.h"
#include "core/device.h"

namespace assay::host {

inline constexpr std::string_view kExactSemantics = "exact/1";

struct HostOptions {
  std::string backend;                   ///< of info()
  const KernelTable* kernels = nullptr;  ///< a level that this machine runs
  int threads = 1;
  bool pin = false;
  /// Of info(): what `linear` computes with quantised weights, "exact/1" or "f32".
  std::string semantics = "f32";
  std::unique_ptr<GemmLibrary> library;  ///< serves Phase::prefill; null: own kernels everywhere
};

class HostDevice final : public Device {
 public:
  explicit HostDevice(HostOptions options);

  DeviceInfo info() const override;
  std::int64_t free_bytes() const override { return available_host_memory(); }
  std::int64_t scratch_bytes(const StepSizes& most) const override;

  std::unique_ptr<DeviceBuffer> allocate(std::int64_t floats) override;
  std::unique_ptr<DeviceWeight> upload(const WeightView& view) override;
  std::unique_ptr<KvCache> create_kv(const KvLayout& layout) override;

  void embed(const DeviceWeight& table, std::span<const TokenId> ids, Tensor out) override;
  void rms_norm(ConstTensor x, const DeviceWeight& gain, float eps, Tensor out) override;
  void linear(const DeviceWeight& w, const DeviceWeight* bias, ConstTensor x, Tensor y,
              Phase phase) override;
  void rope(Tensor x, std::int64_t head_dim, std::span<const std::int32_t> positions,
            const numerics::RopeTable& table) override;
  void kv_store(KvCache& cache, std::int64_t layer, const Batch& batch, ConstTensor k,
                ConstTensor v) override;
  void attention(const KvCache& cache, std::int64_t layer, const Batch& batch, ConstTensor q,
                 std::int64_t n_heads, Tensor out) override;
  void swiglu(ConstTensor gate, ConstTensor up, Tensor out) override;
  void add(ConstTensor x, Tensor inout) override;
  void gather_rows(ConstTensor x, std::span<const std::int32_t> rows, Tensor out) override;
  void read(ConstTensor x, std::span<float> out) override;

 private:
  void linear_by_library(const LinearTask& task);
  void linear_by_integers(const LinearTask& task, void (*kernel)(const ExactLinearTask& task));
  /// `floats` for every worker, kept between calls; worker i's part at i * floats.
  float* worker_scratch(std::int64_t floats);

  HostOptions options_;
  const KernelTable& kernels_;  ///< options_.kernels
  ThreadPool pool_;
  AlignedArray<float> scratch_;
  AlignedArray<std::byte> activations_;  ///< quantised rows of the call that runs
};

}  // namespace assay::host
