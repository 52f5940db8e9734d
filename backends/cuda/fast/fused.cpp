#include "backends/cuda/fast/fused.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "backends/cuda/batch_tables.h"
#include "backends/cuda/fast/batch_engine.h"
#include "backends/cuda/fast/engine.h"
#include "backends/cuda/kv_cache.h"
#include "backends/cuda/weight.h"

namespace assay::cuda::fast {
namespace {

const CudaWeight& own(const DeviceWeight* weight) {
  return dynamic_cast<const CudaWeight&>(*weight);
}
const float* vector_of(const DeviceWeight* weight) {
  return weight == nullptr ? nullptr : own(weight).vector();
}

EngineModel model_of(const FusedParts& parts, const RopeOnDevice& rope) {
  EngineModel m;
  m.config = parts.config;
  m.embedding = own(parts.weights.embedding).planes();
  m.head = own(parts.weights.head).planes();
  m.final_norm = vector_of(parts.weights.final_norm);
  for (const ModelWeights::Layer& l : parts.weights.layers) {
    m.layers.push_back({.attn_norm = vector_of(l.attn_norm),
                        .q = own(l.q).planes(),
                        .k = own(l.k).planes(),
                        .v = own(l.v).planes(),
                        .q_bias = vector_of(l.q_bias),
                        .k_bias = vector_of(l.k_bias),
                        .v_bias = vector_of(l.v_bias),
                        .q_norm = vector_of(l.q_norm),
                        .k_norm = vector_of(l.k_norm),
                        .attn_out = own(l.attn_out).planes(),
                        .ffn_norm = vector_of(l.ffn_norm),
                        .gate = own(l.gate).planes(),
                        .up = own(l.up).planes(),
                        .down = own(l.down).planes()});
  }
  m.rope_cos = rope.cos;
  m.rope_sin = rope.sin;
  const auto& cache = dynamic_cast<const CudaKvCache&>(parts.kv);
  const KvLayout& layout = cache.layout();
  m.kv = {reinterpret_cast<std::uint16_t*>(cache.layer(0).pages),
          static_cast<std::int32_t>(layout.n_layers), static_cast<std::int32_t>(layout.n_kv_heads),
          static_cast<std::int32_t>(layout.head_dim)};
  return m;
}

bool has_bf16(const EngineModel& m) {
  const auto is_bf16 = [](const WeightPlanes& w) { return w.type == TensorType::BF16; };
  if (is_bf16(m.head)) return true;
  return std::ranges::any_of(m.layers, [&](const EngineLayer& l) {
    return is_bf16(l.q) || is_bf16(l.k) || is_bf16(l.v) || is_bf16(l.attn_out) || is_bf16(l.gate) ||
           is_bf16(l.up) || is_bf16(l.down);
  });
}

/// Whether a block may have the shared memory that the kernels count on; sm_120 has less than half.
bool has_large_blocks() {
  constexpr int kNeeded = 227 * 1024;
  int device = 0;
  int bytes = 0;
  check(cudaGetDevice(&device), "asking for the GPU");
  check(cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device),
        "asking for the GPU's shared memory");
  return bytes >= kNeeded;
}

/// Host memory that copies to the device need not wait for.
class PinnedInts {
 public:
  explicit PinnedInts(std::int64_t n) {
    check(cudaMallocHost(reinterpret_cast<void**>(&data_), static_cast<std::size_t>(n) * 4),
          "host memory of the decode engine");
  }
  ~PinnedInts() { cudaFreeHost(data_); }
  PinnedInts(const PinnedInts&) = delete;
  PinnedInts& operator=(const PinnedInts&) = delete;
  std::int32_t* data() const { return data_; }

 private:
  std::int32_t* data_ = nullptr;
};

/// BatchEngine for steps as a session knows them.
class BatchRunner {
 public:
  BatchRunner(EngineModel model, const BatchLimits& limits, const GpuInfo& gpu,
              const Stream& stream, MemoryMeter& meter)
      : vocab_(model.config.vocab),
        group_(model.config.n_heads / model.config.n_kv_heads),
        stream_(stream),
        engine_(std::move(model), limits, gpu.multiprocessors, has_tiles(gpu), stream.get(),
                meter) {
    const StepShape most = engine_.shape_for(limits.rows, limits.pages);
    staging_ = std::make_unique<PinnedInts>(std::int64_t{std::max(most.rows, limits.prompt_rows)} *
                                                (2 + kTileInts) +
                                            std::int64_t{std::max(most.rows, 1)} * most.pages);
    check(cudaGetDevice(&device_), "choosing the GPU");
  }

  bool serves(const Batch& batch) const {
    return batch.phase == Phase::decode ? batch.n_rows <= engine_.limits().rows
                                        : batch.n_rows <= engine_.limits().prompt_rows;
  }
  ConstTensor decode(const Batch& batch, std::span<const TokenId> ids) {
    const std::int32_t last = *std::ranges::max_element(batch.positions);
    ASSAY_ASSERT(last / kKvPageTokens < engine_.limits().pages);
    const StepShape shape = engine_.shape_for(batch.n_rows, last / kKvPageTokens + 1);
    start();
    const auto rows = static_cast<std::size_t>(shape.rows);
    put(engine_.inputs().ids, ids, rows, 0);
    put(engine_.inputs().positions, batch.positions, rows, -1);
    std::int32_t* pages = next_;
    const std::int64_t n = std::int64_t{shape.rows} * shape.pages;
    std::fill_n(pages, n, 0);
    for (const BatchSpan& span : batch.spans) {
      std::copy_n(span.pages.begin(), span.first_position / kKvPageTokens + 1,
                  pages + std::int64_t{span.first_row} * shape.pages);
    }
    send(engine_.inputs().pages, static_cast<std::size_t>(n));
    engine_.step(shape);
    return {engine_.logits(), batch.n_rows, vocab_};
  }
  void prefill(const Batch& batch, std::span<const TokenId> ids, Tensor residual) {
    ASSAY_ASSERT(std::ssize(batch.spans) == 1 && residual.rows == batch.n_rows);
    const BatchTables tables =
        tables_of(batch, flash_rows_of_tile(group_), std::numeric_limits<std::int32_t>::max());
    ASSAY_ASSERT(tables.max_splits <= engine_.limits().pages);
    start();
    put(engine_.inputs().ids, ids, ids.size(), 0);
    put(engine_.inputs().positions, batch.positions, batch.positions.size(), 0);
    put(engine_.inputs().pages, tables.pages, tables.pages.size(), 0);
    static_assert(sizeof(AttentionTile) == kTileInts * sizeof(std::int32_t));
    const auto* tiles = reinterpret_cast<const std::int32_t*>(tables.tiles.data());
    const std::size_t n = tables.tiles.size() * kTileInts;
    put(reinterpret_cast<std::int32_t*>(engine_.inputs().tiles), {tiles, n}, n, 0);
    engine_.prefill(batch.n_rows, static_cast<std::int32_t>(tables.tiles.size()), residual.data);
  }

 private:
  static constexpr int kTileInts = 4;
  void start() {
    check(cudaSetDevice(device_), "choosing the GPU");  // maybe another thread's call
    stream_.wait();                                     // the staging memory may be on its way
    next_ = staging_->data();
  }
  /// `n` values: those of `from`, then `rest`.
  void put(std::int32_t* to, std::span<const std::int32_t> from, std::size_t n, std::int32_t rest) {
    std::ranges::copy(from, next_);
    std::fill(next_ + from.size(), next_ + n, rest);
    send(to, n);
  }
  void send(std::int32_t* to, std::size_t n) {
    check(
        cudaMemcpyAsync(to, next_, n * sizeof(std::int32_t), cudaMemcpyHostToDevice, stream_.get()),
        "copying the inputs of a step");
    next_ += n;
  }

  int device_ = 0;
  std::int64_t vocab_;
  std::int64_t group_;
  const Stream& stream_;
  BatchEngine engine_;
  std::unique_ptr<PinnedInts> staging_;
  std::int32_t* next_ = nullptr;
};

class CudaFused final : public FusedForward {
 public:
  /// prompts: serves prefill; or null.
  CudaFused(EngineModel model, std::int32_t max_pages, bool one_kernel, bool equals,
            std::unique_ptr<BatchRunner> prompts, const Stream& stream, MemoryMeter& meter)
      : equals_(equals),
        prompts_(std::move(prompts)),
        vocab_(model.config.vocab),
        max_pages_(max_pages),
        stream_(stream),
        staging_(2 + max_pages),
        engine_(std::move(model), max_pages, stream.get(), meter, one_kernel) {
    check(cudaGetDevice(&device_), "choosing the GPU");
  }

  bool equals_single_kernels() const override { return equals_; }
  bool serves(const Batch& batch) const override {
    if (batch.phase == Phase::prefill) return prompts_ && prompts_->serves(batch);
    return batch.n_rows == 1;
  }
  void prefill(const Batch& batch, std::span<const TokenId> ids, Tensor residual) override {
    prompts_->prefill(batch, ids, residual);
  }
  ConstTensor decode(const Batch& batch, std::span<const TokenId> ids) override {
    const std::int32_t position = batch.positions[0];
    const auto pages = batch.spans[0].pages.first(static_cast<std::size_t>(position / 64) + 1);
    ASSAY_ASSERT(std::ssize(pages) <= max_pages_);
    check(cudaSetDevice(device_), "choosing the GPU");  // maybe another thread's call
    stream_.wait();  // the staging memory may still be on its way
    std::int32_t* staging = staging_.data();
    staging[0] = ids[0];
    staging[1] = position;
    copy(engine_.inputs().ids, staging, 2);
    if (!std::ranges::equal(pages, pages_)) {
      pages_.assign(pages.begin(), pages.end());
      std::ranges::copy(pages, staging + 2);
      copy(engine_.inputs().pages, staging + 2, pages_.size());
    }
    engine_.step(position, false);
    return {engine_.logits(), 1, vocab_};
  }

 private:
  void copy(std::int32_t* to, const std::int32_t* from, std::size_t n) const {
    check(
        cudaMemcpyAsync(to, from, n * sizeof(std::int32_t), cudaMemcpyHostToDevice, stream_.get()),
        "copying the inputs of a step");
  }

  int device_ = 0;
  bool equals_;
  std::unique_ptr<BatchRunner> prompts_;
  std::int64_t vocab_;
  std::int32_t max_pages_;
  const Stream& stream_;
  PinnedInts staging_;
  std::vector<std::int32_t> pages_;  ///< as on the device
  DecodeEngine engine_;
};

/// Any number of rows under `fast`.
class CudaBatch final : public FusedForward {
 public:
  explicit CudaBatch(std::unique_ptr<BatchRunner> runner) : runner_(std::move(runner)) {}
  bool equals_single_kernels() const override { return false; }
  bool serves(const Batch& batch) const override { return runner_->serves(batch); }
  ConstTensor decode(const Batch& batch, std::span<const TokenId> ids) override {
    return runner_->decode(batch, ids);
  }
  void prefill(const Batch& batch, std::span<const TokenId> ids, Tensor residual) override {
    runner_->prefill(batch, ids, residual);
  }

 private:
  std::unique_ptr<BatchRunner> runner_;
};

}  // namespace

std::shared_ptr<FusedForward> make_fused(const FusedParts& parts, const RopeOnDevice& rope,
                                         Numerics numerics, FusedMode mode,
                                         std::int64_t prompt_rows, const GpuInfo& gpu,
                                         const Stream& stream, MemoryMeter& meter) {
  constexpr int kBulkCopies = 9;  // sm_90 and later
  if (gpu.major < kBulkCopies || !has_large_blocks()) return nullptr;
  if (parts.kv.layout().type != KvType::f16) return nullptr;
  const auto max_pages =
      static_cast<std::int32_t>((parts.max_context + kKvPageTokens - 1) / kKvPageTokens);
  EngineModel model = model_of(parts, rope);
  // Under `fast` the single kernels round activations for bf16 weights: so does the pass for
  // batches, which takes every step. Alone, a sequence may as well have exact/1, which is quicker.
  const bool single_kernels_round = numerics == Numerics::fast && has_bf16(model);
  const bool batches = single_kernels_round && parts.max_batch > 1;
  BatchLimits limits;
  limits.rows = batches ? static_cast<std::int32_t>(parts.max_batch) : 0;
  limits.pages = max_pages;
  if (prompt_rows > 0 && has_tiles(gpu)) {
    limits.prompt_rows =
        static_cast<std::int32_t>(std::min<std::int64_t>(prompt_rows, parts.max_context));
  }
  std::unique_ptr<BatchRunner> runner;
  if (single_kernels_round && mode == FusedMode::step && BatchEngine::serves(model) &&
      limits.rows + limits.prompt_rows > 0) {
    runner = std::make_unique<BatchRunner>(model, limits, gpu, stream, meter);
  }
  if (batches) return runner ? std::make_shared<CudaBatch>(std::move(runner)) : nullptr;
  if (DecodeEngine::bytes(parts.config, max_pages) > kFusedScratch) return nullptr;
  if (!DecodeEngine::serves(model, gpu.multiprocessors)) return nullptr;
  return std::make_shared<CudaFused>(std::move(model), max_pages, mode == FusedMode::step,
                                     !single_kernels_round, std::move(runner), stream, meter);
}

}  // namespace assay::cuda::fast
