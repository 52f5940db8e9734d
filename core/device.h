// The lowest rung of the ladder: memory and about ten kernels. A backend that implements Device
// gets the whole model (model/transformer), decoding and evaluation for nothing.
//
// Threads: a Device and everything it made are used from one thread at a time. A Device may run
// its own threads inside a call. Kernels of a GPU may be asynchronous; `read` waits for them.
// Bits: every kernel's result for a row is a function of that row's inputs alone (never of the
// other rows of the batch), except `linear` with Phase::prefill under Numerics::fast.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"

namespace assay {

namespace numerics {
class RopeTable;
struct DrawRequest;
struct Drawn;
}  // namespace numerics

class FusedForward;
struct FusedParts;

/// Rows of a prompt's chunk, where the device has no reason for more.
inline constexpr std::int64_t kPrefillChunk = 512;

/// Row-major fp32 activations in device memory. A view: the DeviceBuffer owns.
struct Tensor {
  float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t size() const { return rows * cols; }
};
struct ConstTensor {
  const float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  ConstTensor() = default;
  ConstTensor(const float* d, std::int64_t r, std::int64_t c) : data(d), rows(r), cols(c) {}
  ConstTensor(const Tensor& t) : data(t.data), rows(t.rows), cols(t.cols) {}  // NOLINT: a view
  std::int64_t size() const { return rows * cols; }
};

/// Owns device memory for activations; freed on destruction.
class DeviceBuffer {
 public:
  virtual ~DeviceBuffer() = default;
  virtual float* data() = 0;
  virtual std::int64_t floats() const = 0;
};

/// A weight as the device keeps it (it may borrow the file's pages or repack). Same bits per
/// weight.
class DeviceWeight {
 public:
  virtual ~DeviceWeight() = default;
  virtual std::int64_t rows() const = 0;
  virtual std::int64_t cols() const = 0;
  virtual TensorType type() const = 0;
  /// Whether it still reads the bytes of the view it was made from; their pages may be given back
  /// when not.
  virtual bool borrows() const { return true; }
};

/// Positions of one page of KV cache, and of one split of attention (numerics/attention.h): a split
/// never crosses a page, so pages of a sequence may lie anywhere.
inline constexpr std::int32_t kKvPageTokens = 64;

struct KvLayout {
  std::int64_t n_layers = 0;
  std::int64_t n_kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int32_t n_pages = 0;
  KvType type = KvType::f16;
  /// Bytes of K and V of all layers for one page.
  std::int64_t page_bytes() const {
    return 2 * n_layers * n_kv_heads * head_dim * kKvPageTokens * (type == KvType::f16 ? 2 : 4);
  }
};

/// Paged keys and values of all layers. Which page belongs to whom is the Session's business.
class KvCache {
 public:
  virtual ~KvCache() = default;
  virtual const KvLayout& layout() const = 0;
  /// Copies one page's keys and values of all layers (a fork whose last page is not full).
  virtual void copy_page(std::int32_t from, std::int32_t to) = 0;
  /// One page of all layers to and from host memory, layout().page_bytes() bytes: how a sequence
  /// makes room for others without losing a bit. Both wait.
  virtual void save_page(std::int32_t page, std::span<std::byte> to) = 0;
  virtual void load_page(std::int32_t page, std::span<const std::byte> from) = 0;
};

enum class Phase {
  prefill,  ///< one sequence, one chunk fixed by position: libraries may serve it under `fast`
  decode    ///< one row a sequence, any number of sequences
};

/// Consecutive rows of a batch that belong to one sequence.
struct BatchSpan {
  std::int32_t first_row = 0;
  std::int32_t n_rows = 0;
  std::int32_t first_position = 0;      ///< absolute position of first_row
  std::span<const std::int32_t> pages;  ///< page of positions [64*i, 64*i + 64), in order
};

/// What one forward step works on. Rows of all spans are disjoint and cover [0, n_rows).
struct Batch {
  Phase phase = Phase::decode;
  std::int32_t n_rows = 0;
  std::span<const BatchSpan> spans;
  std::span<const std::int32_t> positions;  ///< [n_rows] absolute positions
};

/// What a device is, for the report's context row.
struct DeviceInfo {
  std::string backend;  ///< "cpu"
  std::string isa;      ///< that really runs: "scalar", "avx2", "avx512", "neon", "sm_90"
  int threads = 1;
  std::string semantics;  ///< "exact/1" or "f32" (docs/numerics.md), of what `linear` computes
  bool batch_invariant = true;
  /// Library that serves prefill and its version ("openblas 0.3.21 SkylakeX"); empty: own kernels.
  std::string gemm_library;
};

/// What a device's own sensors say at one moment; what cannot be read is absent.
struct DeviceSensors {
  std::string name;                     ///< "NVIDIA H200"
  std::string driver;                   ///< its version
  std::optional<double> energy_joules;  ///< a counter: differences mean something
  std::optional<double> temperature_c;
  std::optional<double> power_w;
  std::optional<double> power_limit_w;
  std::optional<double> core_mhz;
  std::optional<double> memory_mhz;
  /// What holds the clocks down now: "none", "power cap, thermal"; empty: not known.
  std::string throttle;
};

/// The largest step that a device is to take.
struct StepSizes {
  std::int64_t rows = 0;         ///< tokens of a prompt's chunk or a batch
  std::int64_t head_rows = 0;    ///< those with logits
  std::int64_t input_width = 0;  ///< the longest row of any weight
  std::int64_t heads_width = 0;  ///< n_heads * head_dim
  std::int64_t vocab = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  virtual DeviceInfo info() const = 0;
  /// Bytes this device could still take for weights, KV and scratch.
  virtual std::int64_t free_bytes() const = 0;
  /// Peak bytes held in device memory apart from the host's; nothing when it is host memory.
  virtual std::optional<std::int64_t> device_peak_bytes() const { return std::nullopt; }
  /// Nothing when the device is the host.
  virtual std::optional<DeviceSensors> sensors() const { return std::nullopt; }
  /// Read bandwidth of the device's own memory, measured now; nothing when it is host memory.
  virtual std::optional<double> bandwidth_gb_per_s() { return std::nullopt; }
  /// Scratch the device will hold for steps of up to these sizes, beside weights, KV and buffers:
  /// part of the memory plan.
  virtual std::int64_t scratch_bytes(const StepSizes& most) const = 0;

  /// Rows of a prompt that one step takes, a multiple of kPrefillChunk. Chunks begin at multiples
  /// of it, whatever the prompt's length: what a library sums depends on the prompt alone.
  virtual std::int64_t prefill_chunk() const { return kPrefillChunk; }

  // Memory. Each throws Error{environment} when it does not fit.
  virtual std::unique_ptr<DeviceBuffer> allocate(std::int64_t floats) = 0;
  /// The view's bytes must outlive the weight (the device may borrow them).
  virtual std::unique_ptr<DeviceWeight> upload(const WeightView& view) = 0;
  virtual std::unique_ptr<KvCache> create_kv(const KvLayout& layout) = 0;

  /// A forward pass of the device's own for this model (core/fused.h), or null.
  virtual std::shared_ptr<FusedForward> fuse(const FusedParts& parts);

  // Kernels. Shapes are asserted once per call. `in` and `out` may not overlap unless said.

  /// out[r] = table[ids[r]]; table [vocab, hidden], out [n, hidden]. Ids were checked by the
  /// caller.
  virtual void embed(const DeviceWeight& table, std::span<const TokenId> ids, Tensor out) = 0;
  /// out[r][i] = x[r][i] * (1/sqrt(mean(x[r]^2) + eps)) * gain[i]; numerics/norm.h. out may be x.
  virtual void rms_norm(ConstTensor x, const DeviceWeight& gain, float eps, Tensor out) = 0;
  /// y[r][n] = sum_k w[n][k] * x[r][k] (+ bias[n], added last); numerics/dot.h. bias may be null.
  virtual void linear(const DeviceWeight& w, const DeviceWeight* bias, ConstTensor x, Tensor y,
                      Phase phase) = 0;
  /// Rotates in place; x [n, n_heads * head_dim], positions [n]; numerics/rope.h.
  virtual void rope(Tensor x, std::int64_t head_dim, std::span<const std::int32_t> positions,
                    const numerics::RopeTable& table) = 0;
  /// Writes k and v [n_rows, n_kv_heads * head_dim] of one layer at each row's position, rounded to
  /// the cache's type (nearest even).
  virtual void kv_store(KvCache& cache, std::int64_t layer, const Batch& batch, ConstTensor k,
                        ConstTensor v) = 0;
  /// Causal grouped-query attention over the cache (which already holds the batch's own k and v);
  /// q and out [n_rows, n_heads * head_dim]; scale 1/sqrt(head_dim); numerics/attention.h.
  virtual void attention(const KvCache& cache, std::int64_t layer, const Batch& batch,
                         ConstTensor q, std::int64_t n_heads, Tensor out) = 0;
  /// out = silu(gate) * up, elementwise; numerics/functions.h. out may be gate.
  virtual void swiglu(ConstTensor gate, ConstTensor up, Tensor out) = 0;
  /// inout += x, elementwise.
  virtual void add(ConstTensor x, Tensor inout) = 0;
  /// out[i] = x[rows[i]].
  virtual void gather_rows(ConstTensor x, std::span<const std::int32_t> rows, Tensor out) = 0;
  /// Copies to host memory and waits; out.size() == x.rows * x.cols.
  virtual void read(ConstTensor x, std::span<float> out) = 0;
  /// Copies from host memory; in.size() == out.rows * out.cols. The default is for devices whose
  /// memory is the host's.
  virtual void write(std::span<const float> in, Tensor out) {
    std::memcpy(out.data, in.data(), in.size_bytes());
  }
  /// Draws a token from each row of logits (numerics/sampler.h); drawn.size() == requests.size() ==
  /// logits.rows. The default reads the logits; a GPU draws where they are, with the same result.
  virtual void draw(ConstTensor logits, std::span<const numerics::DrawRequest> requests,
                    std::span<numerics::Drawn> drawn);
};

}  // namespace assay
