#include "backends/common/host_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "backends/common/kv_cache.h"
#include "core/error.h"
#include "core/numerics/rope.h"
#include "core/quant/exact_dot.h"

namespace assay::host {
namespace {

// Below these a worker is not worth waking: about ten microseconds of work each.
constexpr std::int64_t kMultiplyAddsPerWorker = 1 << 17;
constexpr std::int64_t kElementsPerWorker = 1 << 14;
/// Rows of a weight that a worker dequantises for one call of a library.
constexpr std::int64_t kLibraryRows = 128;
constexpr std::int64_t kFloatsPerLine = kCacheLineBytes / sizeof(float);

/// Rows a worker must have at least, a multiple of `multiple`.
std::int64_t grain_rows(std::int64_t work_per_row, std::int64_t work_per_worker,
                        std::int64_t multiple) {
  const std::int64_t rows = work_per_worker / std::max<std::int64_t>(1, work_per_row);
  return std::max<std::int64_t>(1, (rows + multiple - 1) / multiple) * multiple;
}

class HostBuffer final : public DeviceBuffer {
 public:
  explicit HostBuffer(std::int64_t floats) : floats_(floats, "activations") {}
  float* data() override { return floats_.data(); }
  std::int64_t floats() const override { return floats_.size(); }

 private:
  AlignedArray<float> floats_;
};

bool is_aligned_f32(TensorType type, const std::byte* bytes) {
  return type == TensorType::F32 && reinterpret_cast<std::uintptr_t>(bytes) % alignof(float) == 0;
}

/// Borrows the file's bytes, or holds them packed. A vector (bias, gain) is kept as fp32 when the
/// file's is not.
class HostWeight final : public DeviceWeight {
 public:
  HostWeight(const WeightView& view, const KernelTable& kernels) : view_(view) {
    if (view.rows != 1 || is_aligned_f32(view.type, view.bytes.data())) return;
    vector_ = AlignedArray<float>(view.cols, view.name);
    kernels.dequantize(view.type, view.bytes.data(), vector_.data(), view.cols);
  }
  std::int64_t rows() const override { return view_.rows; }
  std::int64_t cols() const override { return view_.cols; }
  TensorType type() const override { return view_.type; }
  bool borrows() const override { return packed_.size() == 0; }

  void pack(const KernelTable& kernels, ThreadPool& pool) {
    const std::int64_t rows = kernels.packed_rows;
    const std::int64_t groups = (view_.rows + rows - 1) / rows;
    packed_ = AlignedArray<std::byte>(groups * rows * row_stride(), view_.name);
    pool.for_ranges(groups, 1, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t group = begin; group < end; ++group) {
        const std::int64_t first = group * rows;
        kernels.pack(view_.type, row(first), row_stride(),
                     static_cast<int>(std::min(rows, view_.rows - first)), view_.cols,
                     packed_.data() + first * row_stride());
      }
    });
  }
  const std::byte* packed() const { return packed_.data(); }

  const std::byte* row(std::int64_t index) const {
    return view_.bytes.data() + index * row_stride();
  }
  std::int64_t row_stride() const { return row_bytes(view_.type, view_.cols); }
  /// Of a weight with one row.
  const float* vector() const {
    ASSAY_ASSERT(view_.rows == 1);
    return vector_.size() > 0 ? vector_.data() : reinterpret_cast<const float*>(view_.bytes.data());
  }

 private:
  WeightView view_;
  AlignedArray<float> vector_;
  AlignedArray<std::byte> packed_;
};

const HostWeight& host_weight(const DeviceWeight& weight) {
  const auto* ours = dynamic_cast<const HostWeight*>(&weight);
  ASSAY_ASSERT(ours != nullptr);
  return *ours;
}

}  // namespace

HostDevice::HostDevice(HostOptions options)
    : options_(std::move(options)),
      kernels_(*options_.kernels),
      pool_(options_.threads, options_.pin) {}

DeviceInfo HostDevice::info() const {
  return {.backend = options_.backend,
          .isa = kernels_.isa,
          .threads = pool_.size(),
          .semantics = options_.semantics,
          // A library serves one prompt a call in chunks fixed by position, never a batch.
          .batch_invariant = true,
          .gemm_library = options_.library ? options_.library->description() : std::string{}};
}

float* HostDevice::worker_scratch(std::int64_t floats) {
  scratch_.grow(floats * pool_.size(), "kernel scratch");
  return scratch_.data();
}

std::unique_ptr<DeviceBuffer> HostDevice::allocate(std::int64_t floats) {
  return std::make_unique<HostBuffer>(floats);
}

std::int64_t HostDevice::scratch_bytes(const StepSizes& most) const {
  // Attention: a page, and the state of 16 rows of all heads (doubled: a head of 16 has a state of
  // 32).
  const AttentionScratch one_head(kMaxHeadDim);
  const std::int64_t attention = one_head.floats(0) + 2 * kAttentionRows * most.heads_width;
  std::int64_t per_worker = std::max({kLinearScratchFloats, attention, 2 * most.rows});
  std::int64_t library = 0;
  if (options_.library) {
    per_worker = std::max(per_worker, kLibraryRows * most.input_width);
    library = options_.library->scratch_bytes(most.rows, kLibraryRows, most.input_width);
  }
  const std::int64_t workers =
      pool_.size() * (per_worker * static_cast<std::int64_t>(sizeof(float)) + library);
  if (options_.semantics != kExactSemantics) return workers;
  constexpr int kSmallestBlock = 32;  // has the most factors
  return workers + (most.rows + kActivationPadding) *
                       quant::ActivationLayout(most.input_width, kSmallestBlock).bytes();
}

std::unique_ptr<DeviceWeight> HostDevice::upload(const WeightView& view) {
  ASSAY_ASSERT(static_cast<std::int64_t>(view.bytes.size()) ==
               view.rows * row_bytes(view.type, view.cols));
  auto weight = std::make_unique<HostWeight>(view, kernels_);
  const bool integers = options_.semantics == kExactSemantics && !is_float_type(view.type);
  if (integers && view.rows > 1 && kernels_.packed_rows > 0) weight->pack(kernels_, pool_);
  return weight;
}

std::unique_ptr<KvCache> HostDevice::create_kv(const KvLayout& layout) {
  return std::make_unique<HostKvCache>(layout);
}

void HostDevice::embed(const DeviceWeight& table, std::span<const TokenId> ids, Tensor out) {
  const HostWeight& weight = host_weight(table);
  const auto n = static_cast<std::int64_t>(ids.size());
  ASSAY_ASSERT(out.rows == n && out.cols == weight.cols());
  pool_.for_ranges(n, grain_rows(out.cols, kElementsPerWorker, 1),
                   [&](std::int64_t begin, std::int64_t end, int) {
                     for (std::int64_t r = begin; r < end; ++r) {
                       const TokenId id = ids[static_cast<std::size_t>(r)];
                       ASSAY_ASSERT(id >= 0 && id < weight.rows());
                       float* to = out.data + r * out.cols;
                       if (weight.borrows()) {
                         kernels_.dequantize(weight.type(), weight.row(id), to, out.cols);
                       } else {
                         const std::int64_t in_group = id % kernels_.packed_rows;
                         kernels_.dequantize_packed(
                             weight.type(), weight.packed() + (id - in_group) * weight.row_stride(),
                             static_cast<int>(in_group), to, out.cols);
                       }
                     }
                   });
}

void HostDevice::rms_norm(ConstTensor x, const DeviceWeight& gain, float eps, Tensor out) {
  ASSAY_ASSERT(x.rows == out.rows && x.cols == out.cols && gain.cols() == x.cols);
  const float* g = host_weight(gain).vector();
  pool_.for_ranges(x.rows, grain_rows(x.cols, kElementsPerWorker, 1),
                   [&](std::int64_t begin, std::int64_t end, int) {
                     for (std::int64_t r = begin; r < end; ++r) {
                       kernels_.rms_norm(x.data + r * x.cols, g, eps, x.cols,
                                         out.data + r * out.cols);
                     }
                   });
}

void HostDevice::linear(const DeviceWeight& w, const DeviceWeight* bias, ConstTensor x, Tensor y,
                        Phase phase) {
  const HostWeight& weight = host_weight(w);
  ASSAY_ASSERT(x.cols == weight.cols() && y.rows == x.rows && y.cols == weight.rows());
  ASSAY_ASSERT(bias == nullptr || bias->cols() == y.cols);
  LinearTask task{.type = weight.type(),
                  .weights = weight.borrows() ? weight.row(0) : weight.packed(),
                  .row_bytes = weight.row_stride(),
                  .row_end = weight.rows(),
                  .k = x.cols,
                  .x = x.data,
                  .m = x.rows,
                  .bias = bias == nullptr ? nullptr : host_weight(*bias).vector(),
                  .y = y.data,
                  .ldy = y.cols};
  if (task.m == 0) return;
  if (options_.semantics == kExactSemantics && !is_float_type(task.type)) {
    return linear_by_integers(task,
                              weight.borrows() ? kernels_.exact_linear : kernels_.exact_packed);
  }
  if (options_.library && phase == Phase::prefill) return linear_by_library(task);
  float* scratch = worker_scratch(kLinearScratchFloats);
  pool_.for_ranges(weight.rows(),
                   grain_rows(task.k * task.m, kMultiplyAddsPerWorker, kFloatsPerLine),
                   [&](std::int64_t begin, std::int64_t end, int worker) {
                     LinearTask part = task;
                     part.row_begin = begin;
                     part.row_end = end;
                     part.scratch = scratch + worker * kLinearScratchFloats;
                     kernels_.linear(part);
                   });
}

void HostDevice::linear_by_integers(const LinearTask& task,
                                    void (*kernel)(const ExactLinearTask& task)) {
  const int block = block_layout(task.type).elements;
  const quant::ActivationLayout layout(task.k, block);
  activations_.grow((task.m + kActivationPadding) * layout.bytes(), "quantised activations");
  std::memset(activations_.data() + task.m * layout.bytes(), 0,
              static_cast<std::size_t>(kActivationPadding * layout.bytes()));
  pool_.for_ranges(task.m, grain_rows(task.k, kElementsPerWorker, 1),
                   [&](std::int64_t begin, std::int64_t end, int) {
                     for (std::int64_t r = begin; r < end; ++r) {
                       kernels_.quantize(task.x + r * task.k, task.k, block,
                                         activations_.data() + r * layout.bytes());
                     }
                   });
  float* scratch = worker_scratch(2 * task.m);
  pool_.for_ranges(task.row_end,
                   grain_rows(task.k * task.m, kMultiplyAddsPerWorker, kFloatsPerLine),
                   [&](std::int64_t begin, std::int64_t end, int worker) {
                     kernel({.type = task.type,
                             .weights = task.weights,
                             .row_bytes = task.row_bytes,
                             .row_begin = begin,
                             .row_end = end,
                             .k = task.k,
                             .activations = activations_.data(),
                             .m = task.m,
                             .bias = task.bias,
                             .y = task.y,
                             .ldy = task.ldy,
                             .scratch = scratch + worker * 2 * task.m});
                   });
}

void HostDevice::linear_by_library(const LinearTask& task) {
  const std::int64_t n = task.row_end;
  const bool direct = is_aligned_f32(task.type, task.weights);
  float* scratch = direct ? nullptr : worker_scratch(kLibraryRows * task.k);
  pool_.for_ranges(n, kFloatsPerLine, [&](std::int64_t begin, std::int64_t end, int worker) {
    float* tile = scratch + worker * kLibraryRows * task.k;
    const std::int64_t step = direct ? end - begin : kLibraryRows;
    for (std::int64_t row = begin; row < end; row += step) {
      const std::int64_t rows = std::min(step, end - row);
      const std::byte* bytes = task.weights + row * task.row_bytes;
      if (!direct) kernels_.dequantize(task.type, bytes, tile, rows * task.k);
      options_.library->multiply(direct ? reinterpret_cast<const float*>(bytes) : tile, task.x,
                                 task.y + row, task.m, rows, task.k, task.ldy);
      if (task.bias == nullptr) continue;
      for (std::int64_t r = 0; r < task.m; ++r) {
        kernels_.add(task.bias + row, task.y + r * task.ldy + row, rows);
      }
    }
  });
}

void HostDevice::rope(Tensor x, std::int64_t head_dim, std::span<const std::int32_t> positions,
                      const numerics::RopeTable& table) {
  ASSAY_ASSERT(x.cols % head_dim == 0 && table.half_dim() * 2 == head_dim);
  ASSAY_ASSERT(static_cast<std::int64_t>(positions.size()) == x.rows);
  const bool interleaved = table.style() == RopeStyle::interleaved;
  pool_.for_ranges(x.rows, grain_rows(x.cols, kElementsPerWorker, 1),
                   [&](std::int64_t begin, std::int64_t end, int) {
                     for (std::int64_t r = begin; r < end; ++r) {
                       const std::int32_t position = positions[static_cast<std::size_t>(r)];
                       ASSAY_ASSERT(position >= 0 && position < table.positions());
                       for (std::int64_t h = 0; h < x.cols; h += head_dim) {
                         kernels_.rotate(x.data + r * x.cols + h, table.cos_row(position),
                                         table.sin_row(position), head_dim / 2, interleaved);
                       }
                     }
                   });
}

void HostDevice::kv_store(KvCache& cache, std::int64_t layer, const Batch& batch, ConstTensor k,
                          ConstTensor v) {
  auto& ours = dynamic_cast<HostKvCache&>(cache);
  const KvLayout& layout = ours.layout();
  ASSAY_ASSERT(layer >= 0 && layer < layout.n_layers);
  ASSAY_ASSERT(k.cols == layout.n_kv_heads * layout.head_dim && v.cols == k.cols);
  ASSAY_ASSERT(k.rows == batch.n_rows && v.rows == batch.n_rows);
  // Neighbouring positions share cache lines of K, so one thread writes them all.
  const numerics::ScopedFpEnv environment;
  for (const BatchSpan& span : batch.spans) {
    for (std::int32_t i = 0; i < span.n_rows; ++i) {
      const std::int32_t position = span.first_position + i;
      const auto page = static_cast<std::size_t>(position / kKvPageTokens);
      ASSAY_ASSERT(page < span.pages.size());
      const std::int64_t row = span.first_row + i;
      ours.store(kernels_, layer, span.pages[page], position % kKvPageTokens, k.data + row * k.cols,
                 v.data + row * v.cols);
    }
  }
}

namespace {

/// Rows of one span that attention handles together.
struct QueryBlock {
  const BatchSpan* span;
  std::int32_t first;  ///< within the span
  std::int32_t n_rows;
};

std::vector<QueryBlock> query_blocks(const Batch& batch) {
  std::vector<QueryBlock> blocks;
  for (const BatchSpan& span : batch.spans) {
    ASSAY_ASSERT(static_cast<std::int64_t>(span.pages.size()) * kKvPageTokens >=
                 span.first_position + span.n_rows);
    for (std::int32_t first = 0; first < span.n_rows; first += kAttentionRows) {
      blocks.push_back({&span, first, std::min(kAttentionRows, span.n_rows - first)});
    }
  }
  return blocks;
}

}  // namespace

void HostDevice::attention(const KvCache& cache, std::int64_t layer, const Batch& batch,
                           ConstTensor q, std::int64_t n_heads, Tensor out) {
  const auto& ours = dynamic_cast<const HostKvCache&>(cache);
  const KvLayout& layout = ours.layout();
  const std::int64_t dim = layout.head_dim;
  const std::int64_t group = n_heads / layout.n_kv_heads;
  ASSAY_ASSERT(group * layout.n_kv_heads == n_heads && q.cols == n_heads * dim);
  ASSAY_ASSERT(q.rows == batch.n_rows && out.rows == q.rows && out.cols == q.cols);
  const std::vector<QueryBlock> blocks = query_blocks(batch);
  const std::int64_t scratch_floats = AttentionScratch(dim).floats(group);
  float* scratch = worker_scratch(scratch_floats);
  const std::int64_t n_items = static_cast<std::int64_t>(blocks.size()) * layout.n_kv_heads;

  // Later blocks of a prompt see more positions: dealt out in turn, each worker gets its share.
  const std::int64_t workers = std::min<std::int64_t>(pool_.size(), n_items);
  pool_.for_ranges(workers, 1, [&](std::int64_t begin, std::int64_t, int worker) {
    for (std::int64_t item = begin; item < n_items; item += workers) {
      const QueryBlock& block = blocks[static_cast<std::size_t>(item / layout.n_kv_heads)];
      const std::int64_t head = item % layout.n_kv_heads;
      const std::int64_t offset =
          (block.span->first_row + block.first) * q.cols + head * group * dim;
      kernels_.attention({.q = q.data + offset,
                          .out = out.data + offset,
                          .q_stride = q.cols,
                          .n_rows = block.n_rows,
                          .n_heads = static_cast<std::int32_t>(group),
                          .first_position = block.span->first_position + block.first,
                          .head_dim = dim,
                          .pages = block.span->pages.data(),
                          .keys = ours.head(layer, head),
                          .values = ours.head(layer, head) + ours.head_bytes(),
                          .page_stride = layout.page_bytes(),
                          .kv_type = layout.type,
                          .scratch = scratch + worker * scratch_floats});
    }
  });
}

void HostDevice::swiglu(ConstTensor gate, ConstTensor up, Tensor out) {
  ASSAY_ASSERT(gate.size() == up.size() && gate.size() == out.size());
  pool_.for_ranges(
      gate.size(), kElementsPerWorker / 4, [&](std::int64_t begin, std::int64_t end, int) {
        kernels_.swiglu(gate.data + begin, up.data + begin, out.data + begin, end - begin);
      });
}

void HostDevice::add(ConstTensor x, Tensor inout) {
  ASSAY_ASSERT(x.size() == inout.size());
  pool_.for_ranges(x.size(), kElementsPerWorker, [&](std::int64_t begin, std::int64_t end, int) {
    kernels_.add(x.data + begin, inout.data + begin, end - begin);
  });
}

void HostDevice::gather_rows(ConstTensor x, std::span<const std::int32_t> rows, Tensor out) {
  ASSAY_ASSERT(out.rows == static_cast<std::int64_t>(rows.size()) && out.cols == x.cols);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSAY_ASSERT(rows[i] >= 0 && rows[i] < x.rows);
    std::memcpy(out.data + static_cast<std::int64_t>(i) * out.cols, x.data + rows[i] * x.cols,
                static_cast<std::size_t>(x.cols) * sizeof(float));
  }
}

void HostDevice::read(ConstTensor x, std::span<float> out) {
  ASSAY_ASSERT(static_cast<std::int64_t>(out.size()) == x.size());
  std::memcpy(out.data(), x.data, out.size_bytes());
}

}  // namespace assay::host
