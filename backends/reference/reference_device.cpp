#include "backends/reference/reference_device.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/host_memory.h"
#include "core/numerics/attention.h"
#include "core/numerics/fp_env.h"
#include "core/numerics/rope.h"
#include "core/quant/exact_dot.h"

namespace assay::reference {
namespace {

static_assert(kKvPageTokens == numerics::kSplitPositions);

/// Bounds of the attention's scratch; far above any model's.
constexpr std::int64_t kMaxHeadDim = 1024;
constexpr std::int64_t kMaxHeadsPerGroup = 256;

class Buffer final : public DeviceBuffer {
 public:
  explicit Buffer(std::int64_t floats)
      : floats_(floats),
        memory_(allocate_host_memory(floats * std::int64_t{sizeof(float)}, "activations")) {}
  float* data() override { return reinterpret_cast<float*>(memory_.get()); }
  std::int64_t floats() const override { return floats_; }

 private:
  std::int64_t floats_;
  HostMemory memory_;
};

/// Borrows the file's bytes.
class Weight final : public DeviceWeight {
 public:
  explicit Weight(const WeightView& view) : view_(view) {
    ASSAY_ASSERT(static_cast<std::int64_t>(view.bytes.size()) ==
                 view.rows * row_bytes(view.type, view.cols));
  }
  std::int64_t rows() const override { return view_.rows; }
  std::int64_t cols() const override { return view_.cols; }
  TensorType type() const override { return view_.type; }
  const std::byte* row(std::int64_t index) const { return view_.bytes.data() + index * stride(); }
  std::int64_t stride() const { return row_bytes(view_.type, view_.cols); }

 private:
  WeightView view_;
};

const Weight& own(const DeviceWeight& weight) {
  return static_cast<const Weight&>(weight);
}

class Cache final : public KvCache {
 public:
  explicit Cache(const KvLayout& layout)
      : layout_(layout),
        page_bytes_(layout.page_bytes() / layout.n_layers),
        memory_(allocate_host_memory(layout.page_bytes() * layout.n_pages, "KV cache")) {}
  const KvLayout& layout() const override { return layout_; }
  void copy_page(std::int32_t from, std::int32_t to) override {
    check_page(from);
    check_page(to);
    for (std::int64_t layer = 0; layer < layout_.n_layers; ++layer) {
      std::byte* pages = this->layer(layer).data;
      std::memmove(pages + to * page_bytes_, pages + from * page_bytes_,
                   static_cast<std::size_t>(page_bytes_));
    }
  }
  void save_page(std::int32_t page, std::span<std::byte> to) override {
    check_page(page);
    ASSAY_ASSERT(std::ssize(to) == layout_.page_bytes());
    for (std::int64_t layer = 0; layer < layout_.n_layers; ++layer) {
      std::memcpy(to.data() + layer * page_bytes_, this->layer(layer).data + page * page_bytes_,
                  static_cast<std::size_t>(page_bytes_));
    }
  }
  void load_page(std::int32_t page, std::span<const std::byte> from) override {
    check_page(page);
    ASSAY_ASSERT(std::ssize(from) == layout_.page_bytes());
    for (std::int64_t layer = 0; layer < layout_.n_layers; ++layer) {
      std::memcpy(this->layer(layer).data + page * page_bytes_, from.data() + layer * page_bytes_,
                  static_cast<std::size_t>(page_bytes_));
    }
  }
  LayerCache layer(std::int64_t index) const {
    ASSAY_ASSERT(index >= 0 && index < layout_.n_layers);
    return {memory_.get() + index * layout_.n_pages * page_bytes_, layout_.type, layout_.n_kv_heads,
            layout_.head_dim};
  }
  void check_page(std::int32_t page) const { ASSAY_ASSERT(page >= 0 && page < layout_.n_pages); }

 private:
  KvLayout layout_;
  std::int64_t page_bytes_;  ///< of one page in one layer
  HostMemory memory_;
};

/// Grows and is never freed between calls; contents do not survive a call.
template <class T>
T* scratch(std::vector<T>* buffer, std::int64_t size) {
  if (static_cast<std::int64_t>(buffer->size()) < size) {
    buffer->resize(static_cast<std::size_t>(size));
  }
  return buffer->data();
}

class ReferenceDevice final : public Device {
 public:
  ReferenceDevice(Numerics numerics, const Kernels& kernels)
      : numerics_(numerics), kernels_(kernels) {}

  DeviceInfo info() const override {
    return {.backend = "reference",
            .isa = "scalar",
            .threads = 1,
            .semantics = numerics_ == Numerics::exact ? "exact/1" : "f32",
            .batch_invariant = true,
            .gemm_library = {}};
  }
  std::int64_t free_bytes() const override { return available_host_memory(); }
  std::int64_t scratch_bytes(const StepSizes& most) const override {
    const std::int64_t floats = most.input_width + (2 * kKvPageTokens + 1) * kMaxHeadDim;
    constexpr int kSmallestBlock = 32;  // has the most factors
    return floats * std::int64_t{sizeof(float)} +
           most.rows * quant::ActivationLayout(most.input_width, kSmallestBlock).bytes() +
           most.input_width + kAttentionTile * kMaxHeadsPerGroup * std::int64_t{sizeof(RowState)};
  }

  std::unique_ptr<DeviceBuffer> allocate(std::int64_t floats) override {
    return std::make_unique<Buffer>(floats);
  }
  std::unique_ptr<DeviceWeight> upload(const WeightView& view) override {
    return std::make_unique<Weight>(view);
  }
  std::unique_ptr<KvCache> create_kv(const KvLayout& layout) override {
    ASSAY_ASSERT(layout.n_layers > 0 && layout.n_kv_heads > 0 && layout.n_pages >= 0);
    ASSAY_ASSERT(layout.head_dim > 0 && layout.head_dim <= kMaxHeadDim);
    return std::make_unique<Cache>(layout);
  }

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
  /// A vector of weights (a gain or bias) in fp32.
  const float* vector_of(const DeviceWeight& weight, std::int64_t n);

  Numerics numerics_;
  const Kernels& kernels_;
  std::vector<float> weight_row_;
  std::vector<std::byte> activations_;
  std::vector<std::int8_t> integers_;
  std::vector<float> vector_;
  std::vector<float> k_by_dim_;
  std::vector<float> v_;
  std::vector<float> next_;
  std::vector<RowState> states_;
};

const float* ReferenceDevice::vector_of(const DeviceWeight& weight, std::int64_t n) {
  ASSAY_ASSERT(weight.rows() * weight.cols() == n);
  float* out = scratch(&vector_, n);
  kernels_.dequantize_row(weight.type(), own(weight).row(0), out, n);
  return out;
}

void ReferenceDevice::embed(const DeviceWeight& table, std::span<const TokenId> ids, Tensor out) {
  ASSAY_ASSERT(out.rows == static_cast<std::int64_t>(ids.size()) && out.cols == table.cols());
  const numerics::ScopedFpEnv environment;
  for (std::size_t r = 0; r < ids.size(); ++r) {
    ASSAY_ASSERT(ids[r] >= 0 && ids[r] < table.rows());
    kernels_.dequantize_row(table.type(), own(table).row(ids[r]),
                            out.data + static_cast<std::int64_t>(r) * out.cols, out.cols);
  }
}

void ReferenceDevice::rms_norm(ConstTensor x, const DeviceWeight& gain, float eps, Tensor out) {
  ASSAY_ASSERT(x.rows == out.rows && x.cols == out.cols);
  const numerics::ScopedFpEnv environment;
  const float* gains = vector_of(gain, x.cols);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    kernels_.rms_norm(x.data + r * x.cols, gains, eps, x.cols, out.data + r * x.cols);
  }
}

void ReferenceDevice::linear(const DeviceWeight& w, const DeviceWeight* bias, ConstTensor x,
                             Tensor y, Phase /*phase*/) {
  ASSAY_ASSERT(x.cols == w.cols() && y.cols == w.rows() && x.rows == y.rows);
  const numerics::ScopedFpEnv environment;
  const bool exact = numerics_ == Numerics::exact && !is_float_type(w.type());
  const quant::ActivationLayout layout(w.cols(), block_layout(w.type()).elements);
  const auto run = exact ? kernels_.linear_exact : kernels_.linear;
  run({.type = w.type(),
       .weights = own(w).row(0),
       .row_bytes = own(w).stride(),
       .n_out = w.rows(),
       .n_in = w.cols(),
       .bias = bias == nullptr ? nullptr : vector_of(*bias, w.rows()),
       .x = x.data,
       .n_rows = x.rows,
       .y = y.data,
       .weight_row = exact ? nullptr : scratch(&weight_row_, w.cols()),
       .activations = exact ? scratch(&activations_, x.rows * layout.bytes()) : nullptr,
       .integers = exact ? scratch(&integers_, w.cols()) : nullptr});
}

void ReferenceDevice::rope(Tensor x, std::int64_t head_dim, std::span<const std::int32_t> positions,
                           const numerics::RopeTable& table) {
  ASSAY_ASSERT(x.rows == static_cast<std::int64_t>(positions.size()) && x.cols % head_dim == 0);
  ASSAY_ASSERT(table.half_dim() * 2 == head_dim);
  const numerics::ScopedFpEnv environment;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const std::int32_t position = positions[static_cast<std::size_t>(r)];
    ASSAY_ASSERT(position >= 0 && position < table.positions());
    for (std::int64_t at = 0; at < x.cols; at += head_dim) {
      kernels_.rotate_head(x.data + r * x.cols + at, table.cos_row(position),
                           table.sin_row(position), table.half_dim(),
                           table.style() == RopeStyle::interleaved);
    }
  }
}

void ReferenceDevice::kv_store(KvCache& cache, std::int64_t layer, const Batch& batch,
                               ConstTensor k, ConstTensor v) {
  auto& own_cache = static_cast<Cache&>(cache);
  const LayerCache target = own_cache.layer(layer);
  const std::int64_t width = target.n_kv_heads * target.head_dim;
  ASSAY_ASSERT(k.rows == batch.n_rows && v.rows == batch.n_rows && k.cols == width &&
               v.cols == width);
  const numerics::ScopedFpEnv environment;
  for (const BatchSpan& span : batch.spans) {
    for (std::int64_t i = 0; i < span.n_rows; ++i) {
      const std::int64_t position = span.first_position + i;
      const std::int64_t row = span.first_row + i;
      const auto page_index = static_cast<std::size_t>(position / kKvPageTokens);
      ASSAY_ASSERT(page_index < span.pages.size());
      const std::int32_t page = span.pages[page_index];
      own_cache.check_page(page);
      kernels_.store({.cache = target,
                      .page = page,
                      .slot = position % kKvPageTokens,
                      .k = k.data + row * width,
                      .v = v.data + row * width});
    }
  }
}

void ReferenceDevice::attention(const KvCache& cache, std::int64_t layer, const Batch& batch,
                                ConstTensor q, std::int64_t n_heads, Tensor out) {
  const auto& own_cache = static_cast<const Cache&>(cache);
  const LayerCache source = own_cache.layer(layer);
  const std::int64_t group = n_heads / source.n_kv_heads;
  ASSAY_ASSERT(n_heads % source.n_kv_heads == 0 && group <= kMaxHeadsPerGroup);
  ASSAY_ASSERT(q.rows == batch.n_rows && q.cols == n_heads * source.head_dim);
  ASSAY_ASSERT(out.rows == q.rows && out.cols == q.cols);
  const numerics::ScopedFpEnv environment;
  states_.resize(static_cast<std::size_t>(kAttentionTile * group));
  for (const BatchSpan& span : batch.spans) {
    const std::int64_t n_pages = (span.first_position + span.n_rows - 1) / kKvPageTokens + 1;
    ASSAY_ASSERT(n_pages <= static_cast<std::int64_t>(span.pages.size()));
    for (const std::int32_t page : span.pages) own_cache.check_page(page);
    for (std::int64_t i = 0; i < span.n_rows; i += kAttentionTile) {
      const std::int64_t at = (span.first_row + i) * q.cols;
      kernels_.attention({.cache = source,
                          .pages = span.pages.data(),
                          .n_rows = std::min<std::int64_t>(kAttentionTile, span.n_rows - i),
                          .first_position = span.first_position + i,
                          .n_heads = n_heads,
                          .q = q.data + at,
                          .out = out.data + at,
                          .k_by_dim = scratch(&k_by_dim_, kKvPageTokens * source.head_dim),
                          .v = scratch(&v_, kKvPageTokens * source.head_dim),
                          .next = scratch(&next_, source.head_dim),
                          .states = states_.data()});
    }
  }
}

void ReferenceDevice::swiglu(ConstTensor gate, ConstTensor up, Tensor out) {
  ASSAY_ASSERT(gate.rows == up.rows && gate.cols == up.cols);
  ASSAY_ASSERT(gate.rows == out.rows && gate.cols == out.cols);
  const numerics::ScopedFpEnv environment;
  kernels_.swiglu(gate.data, up.data, out.size(), out.data);
}

void ReferenceDevice::add(ConstTensor x, Tensor inout) {
  ASSAY_ASSERT(x.rows == inout.rows && x.cols == inout.cols);
  const numerics::ScopedFpEnv environment;
  kernels_.add(x.data, inout.size(), inout.data);
}

void ReferenceDevice::gather_rows(ConstTensor x, std::span<const std::int32_t> rows, Tensor out) {
  ASSAY_ASSERT(out.rows == static_cast<std::int64_t>(rows.size()) && out.cols == x.cols);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSAY_ASSERT(rows[i] >= 0 && rows[i] < x.rows);
    std::copy_n(x.data + rows[i] * x.cols, x.cols,
                out.data + static_cast<std::int64_t>(i) * x.cols);
  }
}

void ReferenceDevice::read(ConstTensor x, std::span<float> out) {
  ASSAY_ASSERT(static_cast<std::int64_t>(out.size()) == x.rows * x.cols);
  std::copy_n(x.data, out.size(), out.data());
}

}  // namespace

std::unique_ptr<Device> make_device(Numerics numerics, const Kernels& kernels) {
  return std::make_unique<ReferenceDevice>(numerics, kernels);
}

}  // namespace assay::reference
