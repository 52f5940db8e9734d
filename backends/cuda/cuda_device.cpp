#include "backends/cuda/cuda_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "backends/cuda/batch_tables.h"
#include "backends/cuda/blas_lt.h"
#include "backends/cuda/device_parts.h"
#include "backends/cuda/fast/flash.h"
#include "backends/cuda/fast/fused.h"
#include "backends/cuda/kernels/draw.h"
#include "backends/cuda/kernels/launch.h"
#include "backends/cuda/kv_cache.h"
#include "backends/cuda/nvml.h"
#include "backends/cuda/runtime.h"
#include "backends/cuda/weight.h"
#include "core/numerics/rope.h"
#include "core/numerics/sampler.h"
#include "core/quant/exact_dot.h"

namespace assay::cuda {
namespace {

/// Partial results of attention: more splits than fit are computed in turns.
constexpr std::int64_t kAttentionScratch = std::int64_t{64} << 20;
constexpr std::int64_t kSmallestBlock = 32;  // has the most factors
/// Rows of a prompt that the pass of fast/ takes at once: enough to fill a GPU's tensor cores.
constexpr std::int64_t kPromptRows = 2048;

const CudaWeight& own(const DeviceWeight& weight) {
  const auto* ours = dynamic_cast<const CudaWeight*>(&weight);
  ASSAY_ASSERT(ours != nullptr);
  return *ours;
}

class CudaDevice final : public Device {
 public:
  /// blas: null where own kernels serve prefill.
  CudaDevice(const DeviceChoice& choice, const GpuInfo& gpu, std::unique_ptr<BlasLt> blas)
      : index_(choice.device),
        gpu_(gpu),
        numerics_(choice.numerics),
        fused_(choice.fused),
        nvml_(std::make_unique<Nvml>(gpu.pci_bus_id)),
        blas_(std::move(blas)) {
    if (blas_) blas_->reserve(meter_);
  }

  DeviceInfo info() const override {
    return {.backend = "cuda",
            .isa = gpu_.isa(),
            .threads = 1,
            .semantics = numerics_ == Numerics::exact ? "exact/1" : "exact/1+bf16",
            .batch_invariant = true,
            .gemm_library = blas_ ? blas_->description() : std::string{}};
  }
  std::int64_t free_bytes() const override {
    use();
    std::size_t free = 0;
    std::size_t total = 0;
    check(cudaMemGetInfo(&free, &total), "asking for the free memory");
    return static_cast<std::int64_t>(free);
  }
  std::optional<std::int64_t> device_peak_bytes() const override { return meter_.peak; }
  std::optional<DeviceSensors> sensors() const override {
    DeviceSensors sensors;
    sensors.name = gpu_.name;
    nvml_->read(&sensors);
    return sensors;
  }
  std::optional<double> bandwidth_gb_per_s() override {
    use();
    return measure_read_bandwidth(gpu_, stream_);
  }
  std::int64_t scratch_bytes(const StepSizes& most) const override {
    const quant::ActivationLayout layout(most.input_width, kSmallestBlock);
    // Quantised rows, or rounded to two bytes an element.
    const std::int64_t row =
        std::max(layout.bytes(), most.input_width * std::int64_t{sizeof(std::uint16_t)});
    return most.rows * row + kAttentionScratch + draw_scratch_bytes(most.head_rows, most.vocab) +
           fast::kFusedScratch +
           (numerics_ == Numerics::fast ? fast::batch_scratch_bytes(most) : 0) +
           (blas_ ? kBlasScratch : 0);
  }

  std::unique_ptr<DeviceBuffer> allocate(std::int64_t floats) override {
    use();
    return std::make_unique<CudaBuffer>(floats, meter_);
  }
  std::unique_ptr<DeviceWeight> upload(const WeightView& view) override {
    use();
    return std::make_unique<CudaWeight>(view, stream_, meter_);
  }
  std::unique_ptr<KvCache> create_kv(const KvLayout& layout) override {
    use();
    return std::make_unique<CudaKvCache>(layout, stream_, meter_);
  }

  std::shared_ptr<FusedForward> fuse(const FusedParts& parts) override {
    if (fused_ == FusedMode::off) return nullptr;
    use();
    const DeviceRope& rope = rope_on_device(parts.rope);
    return fast::make_fused(parts, {rope.cos.as<const float>(), rope.sin.as<const float>()},
                            numerics_, fused_, blas_ ? 0 : kPromptRows, gpu_, stream_, meter_);
  }
  std::int64_t prefill_chunk() const override {
    return numerics_ == Numerics::fast ? kPromptRows : kPrefillChunk;
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
  void write(std::span<const float> in, Tensor out) override;
  void draw(ConstTensor logits, std::span<const numerics::DrawRequest> requests,
            std::span<numerics::Drawn> drawn) override;

 private:
  void flash_attention(const CudaKvCache& cache, std::int64_t layer, const Batch& batch,
                       ConstTensor q, std::int64_t n_heads, Tensor out);
  /// The input that activations_ was made from.
  struct Prepared {
    const float* x = nullptr;
    std::int64_t rows = 0;
    std::int64_t cols = 0;
    int block = 0;
    bool operator==(const Prepared&) const = default;
  };
  /// Before any work: a thread's calls go to its current GPU. What was prepared may change now.
  void use() const {
    check(cudaSetDevice(index_), "choosing the GPU");
    prepared_ = Prepared();
  }
  const std::uint8_t* prepare(ConstTensor x, int block);
  std::uint8_t* grown(DeviceMemory& memory, std::int64_t bytes, const char* what);
  const DeviceRope& rope_on_device(const numerics::RopeTable& table);

  int index_;
  GpuInfo gpu_;
  Numerics numerics_;
  FusedMode fused_;
  std::unique_ptr<Nvml> nvml_;
  std::unique_ptr<BlasLt> blas_;  ///< null: own kernels
  MemoryMeter meter_;
  Stream stream_;
  DeviceMemory activations_;  ///< quantised or rounded rows of `linear`
  mutable Prepared prepared_;
  DeviceMemory partial_;  ///< of attention
  DeviceMemory draw_scratch_;
  DeviceMemory draw_rows_;  ///< parameters and results of a draw
  IntTable ids_;
  IntTable rows_;
  IntTable positions_;
  IntTable row_pages_;
  IntTable pages_;
  IntTable tiles_;
  DeviceRope rope_;
};

std::uint8_t* CudaDevice::grown(DeviceMemory& memory, std::int64_t bytes, const char* what) {
  if (memory.bytes() < bytes) {
    stream_.wait();  // kernels may still use the old one
    memory = DeviceMemory();
    memory = DeviceMemory(bytes, what, meter_);
  }
  return memory.data();
}

void CudaDevice::embed(const DeviceWeight& table, std::span<const TokenId> ids, Tensor out) {
  const auto n = std::ssize(ids);
  ASSAY_ASSERT(out.rows == n && out.cols == table.cols());
  for (const TokenId id : ids) ASSAY_ASSERT(id >= 0 && id < table.rows());
  use();
  cuda::embed(own(table).planes(), ids_.put(ids, stream_, meter_), n, out.data, stream_.get());
  check_launch("embed");
}

void CudaDevice::rms_norm(ConstTensor x, const DeviceWeight& gain, float eps, Tensor out) {
  ASSAY_ASSERT(x.rows == out.rows && x.cols == out.cols && gain.cols() == x.cols);
  use();
  cuda::rms_norm(x.data, own(gain).vector(), eps, x.rows, x.cols, out.data, stream_.get());
  check_launch("rms_norm");
}

/// x quantised in blocks, or rounded to bf16 (block 0), for `linear`. Matrices of one input follow
/// one another (q, k, v; gate, up): it is made once while nothing but `linear` runs.
const std::uint8_t* CudaDevice::prepare(ConstTensor x, int block) {
  const Prepared wanted{x.data, x.rows, x.cols, block};
  if (prepared_ == wanted) return activations_.data();
  prepared_ = Prepared();
  if (block == 0) {
    grown(activations_, x.size() * std::int64_t{sizeof(std::uint16_t)}, "rounded activations");
    round_rows(x.data, x.rows, x.cols, activations_.as<std::uint16_t>(), stream_.get());
    check_launch("round_rows");
  } else {
    const quant::ActivationLayout layout(x.cols, block);
    grown(activations_, x.rows * layout.bytes(), "quantised activations");
    quantize_rows(x.data, x.rows, x.cols, block, activations_.data(), stream_.get());
    check_launch("quantize_rows");
  }
  prepared_ = wanted;
  return activations_.data();
}

void CudaDevice::linear(const DeviceWeight& w, const DeviceWeight* bias, ConstTensor x, Tensor y,
                        Phase phase) {
  const CudaWeight& weight = own(w);
  ASSAY_ASSERT(x.cols == weight.cols() && y.rows == x.rows && y.cols == weight.rows());
  ASSAY_ASSERT(bias == nullptr || bias->cols() == y.cols);
  if (x.rows == 0) return;
  const Prepared kept = prepared_;  // y does not overlap x
  use();
  prepared_ = kept;
  LinearArgs args{.w = weight.planes(),
                  .bias = bias == nullptr ? nullptr : own(*bias).vector(),
                  .x = x.data,
                  .quantised = nullptr,
                  .m = x.rows,
                  .y = y.data};
  const bool rounded =
      numerics_ == Numerics::fast && weight.type() == TensorType::BF16 && weight.planes().permuted;
  if (rounded) {
    args.quantised = prepare(x, 0);
    if (blas_ && phase == Phase::prefill && BlasLt::serves(args)) {
      blas_->multiply(args, stream_.get());
    } else {
      linear_bf16(args, stream_.get());
    }
  } else if (is_float_type(weight.type())) {
    linear_float(args, stream_.get());
  } else {
    args.quantised = prepare(x, block_layout(weight.type()).elements);
    linear_integer(args, stream_.get());
  }
  check_launch("linear");
}

const DeviceRope& CudaDevice::rope_on_device(const numerics::RopeTable& table) {
  if (rope_.positions == table.positions() &&
      std::ranges::equal(rope_.inv_freq, table.inv_freq())) {
    return rope_;
  }
  stream_.wait();
  const std::int64_t bytes = table.positions() * table.half_dim() * std::int64_t{sizeof(float)};
  rope_ = DeviceRope();
  rope_.cos = DeviceMemory(bytes, "RoPE table", meter_);
  rope_.sin = DeviceMemory(bytes, "RoPE table", meter_);
  const auto copy = [bytes](const DeviceMemory& to, const float* from) {
    check(cudaMemcpy(to.data(), from, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice),
          "copying the RoPE table to the GPU");
  };
  copy(rope_.cos, table.cos_row(0));
  copy(rope_.sin, table.sin_row(0));
  rope_.positions = table.positions();
  rope_.inv_freq.assign(table.inv_freq().begin(), table.inv_freq().end());
  return rope_;
}

void CudaDevice::rope(Tensor x, std::int64_t head_dim, std::span<const std::int32_t> positions,
                      const numerics::RopeTable& table) {
  ASSAY_ASSERT(x.cols % head_dim == 0 && table.half_dim() * 2 == head_dim);
  ASSAY_ASSERT(std::ssize(positions) == x.rows);
  for (const std::int32_t p : positions) ASSAY_ASSERT(p >= 0 && p < table.positions());
  use();
  const DeviceRope& rope = rope_on_device(table);
  cuda::rope({.x = x.data,
              .rows = x.rows,
              .cols = x.cols,
              .half_dim = table.half_dim(),
              .positions = positions_.put(positions, stream_, meter_),
              .cos = rope.cos.as<const float>(),
              .sin = rope.sin.as<const float>(),
              .interleaved = table.style() == RopeStyle::interleaved},
             stream_.get());
  check_launch("rope");
}

void CudaDevice::kv_store(KvCache& cache, std::int64_t layer, const Batch& batch, ConstTensor k,
                          ConstTensor v) {
  auto& ours = dynamic_cast<CudaKvCache&>(cache);
  const KvLayout& layout = ours.layout();
  ASSAY_ASSERT(k.cols == layout.n_kv_heads * layout.head_dim && v.cols == k.cols);
  ASSAY_ASSERT(k.rows == batch.n_rows && v.rows == batch.n_rows);
  use();
  const BatchTables tables = tables_of(batch, 1, layout.n_pages);
  cuda::kv_store({.kv = ours.layer(layer),
                  .k = k.data,
                  .v = v.data,
                  .rows = batch.n_rows,
                  .row_pages = row_pages_.put(tables.row_pages, stream_, meter_),
                  .positions = positions_.put(batch.positions, stream_, meter_)},
                 stream_.get());
  check_launch("kv_store");
}

/// Prompts under `fast`: on tensor cores.
void CudaDevice::flash_attention(const CudaKvCache& cache, std::int64_t layer, const Batch& batch,
                                 ConstTensor q, std::int64_t n_heads, Tensor out) {
  const KvLayout& layout = cache.layout();
  const BatchTables tables =
      tables_of(batch, fast::flash_rows_of_tile(n_heads / layout.n_kv_heads), layout.n_pages);
  grown(partial_, q.size() * std::int64_t{sizeof(std::uint16_t)}, "queries in fp16");
  fast::scale_queries(q.data, q.size(), fast::flash_scale(layout.head_dim),
                      partial_.as<std::uint16_t>(), stream_.get());
  const std::span<const std::int32_t> tiles(
      reinterpret_cast<const std::int32_t*>(tables.tiles.data()), tables.tiles.size() * 4);
  fast::flash_prefill({.kv = cache.layer(layer),
                       .n_heads = static_cast<std::int32_t>(n_heads),
                       .q = partial_.as<const std::uint16_t>(),
                       .pages = pages_.put(tables.pages, stream_, meter_),
                       .out = out.data,
                       .out_bf16 = nullptr},
                      reinterpret_cast<const AttentionTile*>(tiles_.put(tiles, stream_, meter_)),
                      static_cast<std::int32_t>(tables.tiles.size()), false, stream_.get());
  check_launch("attention");
}

void CudaDevice::attention(const KvCache& cache, std::int64_t layer, const Batch& batch,
                           ConstTensor q, std::int64_t n_heads, Tensor out) {
  const auto& ours = dynamic_cast<const CudaKvCache&>(cache);
  const KvLayout& layout = ours.layout();
  const std::int64_t group = n_heads / layout.n_kv_heads;
  ASSAY_ASSERT(group * layout.n_kv_heads == n_heads && q.cols == n_heads * layout.head_dim);
  ASSAY_ASSERT(q.rows == batch.n_rows && out.rows == q.rows && out.cols == q.cols);
  if (batch.n_rows == 0) return;
  use();
  if (numerics_ == Numerics::fast && batch.phase == Phase::prefill &&
      fast::flash_serves(ours.layer(layer), n_heads)) {
    return flash_attention(ours, layer, batch, q, n_heads, out);
  }
  const auto rows_of_tile =
      static_cast<std::int32_t>(std::max<std::int64_t>(1, kTileQueries / group));
  const BatchTables tables = tables_of(batch, rows_of_tile, layout.n_pages);
  const std::int64_t needed = attention_floats(batch.n_rows, n_heads, layout.head_dim, 1);
  const std::int64_t floats =
      std::max<std::int64_t>(needed, kAttentionScratch / std::int64_t{sizeof(float)});
  grown(partial_, floats * std::int64_t{sizeof(float)}, "partial attention");
  static_assert(sizeof(AttentionTile) == 4 * sizeof(std::int32_t));
  const std::span<const std::int32_t> tiles(
      reinterpret_cast<const std::int32_t*>(tables.tiles.data()), tables.tiles.size() * 4);
  cuda::attention(
      {.kv = ours.layer(layer),
       .tiles = reinterpret_cast<const AttentionTile*>(tiles_.put(tiles, stream_, meter_)),
       .n_tiles = static_cast<std::int32_t>(tables.tiles.size()),
       .pages = pages_.put(tables.pages, stream_, meter_),
       .positions = positions_.put(batch.positions, stream_, meter_),
       .rows = batch.n_rows,
       .n_heads = static_cast<std::int32_t>(n_heads),
       .max_splits = tables.max_splits,
       .q = q.data,
       .out = out.data,
       .partial = partial_.as<float>(),
       .partial_floats = floats},
      stream_.get());
  check_launch("attention");
}

void CudaDevice::swiglu(ConstTensor gate, ConstTensor up, Tensor out) {
  ASSAY_ASSERT(gate.size() == up.size() && gate.size() == out.size());
  use();
  cuda::swiglu(gate.data, up.data, gate.size(), out.data, stream_.get());
  check_launch("swiglu");
}

void CudaDevice::add(ConstTensor x, Tensor inout) {
  ASSAY_ASSERT(x.size() == inout.size());
  use();
  cuda::add(x.data, x.size(), inout.data, stream_.get());
  check_launch("add");
}

void CudaDevice::gather_rows(ConstTensor x, std::span<const std::int32_t> rows, Tensor out) {
  ASSAY_ASSERT(out.rows == std::ssize(rows) && out.cols == x.cols);
  for (const std::int32_t row : rows) ASSAY_ASSERT(row >= 0 && row < x.rows);
  use();
  cuda::gather_rows(x.data, rows_.put(rows, stream_, meter_), out.rows, x.cols, out.data,
                    stream_.get());
  check_launch("gather_rows");
}

void CudaDevice::read(ConstTensor x, std::span<float> out) {
  ASSAY_ASSERT(std::ssize(out) == x.size());
  use();
  check(
      cudaMemcpyAsync(out.data(), x.data, out.size_bytes(), cudaMemcpyDeviceToHost, stream_.get()),
      "reading from the GPU");
  stream_.wait();
}

void CudaDevice::write(std::span<const float> in, Tensor out) {
  ASSAY_ASSERT(std::ssize(in) == out.size());
  use();
  check(
      cudaMemcpyAsync(out.data, in.data(), in.size_bytes(), cudaMemcpyHostToDevice, stream_.get()),
      "writing to the GPU");
  stream_.wait();
}

void CudaDevice::draw(ConstTensor logits, std::span<const numerics::DrawRequest> requests,
                      std::span<numerics::Drawn> drawn) {
  const std::size_t n = requests.size();
  ASSAY_ASSERT(std::ssize(requests) == logits.rows && drawn.size() == n && logits.cols > 0);
  if (n == 0) return;
  use();
  std::vector<DrawParameters> parameters;
  for (const numerics::DrawRequest& request : requests) {
    parameters.push_back(parameters_of(request));
  }
  const bool any_sampled = std::ranges::any_of(
      requests, [](const numerics::DrawRequest& r) { return !r.sampling.greedy(); });
  const std::size_t parameter_bytes = n * sizeof(DrawParameters);
  std::uint8_t* rows =
      grown(draw_rows_, static_cast<std::int64_t>(parameter_bytes + n * sizeof(DrawResult)),
            "draws of a step");
  check(cudaMemcpyAsync(rows, parameters.data(), parameter_bytes, cudaMemcpyHostToDevice,
                        stream_.get()),
        "copying the draws to the GPU");
  cuda::draw({.logits = logits.data,
              .rows = logits.rows,
              .vocab = logits.cols,
              .parameters = reinterpret_cast<const DrawParameters*>(rows),
              .any_sampled = any_sampled,
              .scratch = grown(draw_scratch_, draw_scratch_bytes(logits.rows, logits.cols),
                               "candidates of a draw"),
              .results = reinterpret_cast<DrawResult*>(rows + parameter_bytes)},
             stream_.get());
  check_launch("draw");
  std::vector<DrawResult> results(n);
  check(cudaMemcpyAsync(results.data(), rows + parameter_bytes, n * sizeof(DrawResult),
                        cudaMemcpyDeviceToHost, stream_.get()),
        "reading the draws");
  stream_.wait();
  for (std::size_t i = 0; i < n; ++i) {
    drawn[i] = numerics::Drawn();
    if (results[i].non_finite >= 0) {
      drawn[i].non_finite = results[i].non_finite;
      continue;
    }
    drawn[i].token = results[i].token;
    drawn[i].top2_margin = results[i].margin;
    if (requests[i].hash_logits) drawn[i].hash = {results[i].hash_a, results[i].hash_b};
  }
}

}  // namespace

Result<std::unique_ptr<Device>> make_device(const DeviceChoice& choice) {
  const Result<int> count = count_gpus();
  if (!count) return tl::unexpected(count.error());
  if (choice.device >= *count) {
    return env_failure(fmt::format("cuda: there is no GPU {}", choice.device),
                       fmt::format("this machine has {}, counted from 0", *count));
  }
  const Result<GpuInfo> gpu = describe_gpu(choice.device);
  if (!gpu) return tl::unexpected(gpu.error());
  if (const cudaError_t status = cudaSetDevice(choice.device); status != cudaSuccess) {
    return tl::unexpected(cuda_error(status, "choosing the GPU"));
  }
  if (const cudaError_t status = probe_kernels(); status != cudaSuccess) {
    return tl::unexpected(cuda_error(status, "loading the kernels"));
  }
  std::unique_ptr<BlasLt> blas;
  const bool wanted = choice.gemm == GemmChoice::cublaslt ||
                      (choice.gemm == GemmChoice::automatic && !fast::has_tiles(*gpu));
  if (wanted && choice.numerics == Numerics::fast) {
    auto opened = BlasLt::open();
    if (opened) {
      blas = std::move(*opened);
    } else if (choice.gemm == GemmChoice::cublaslt) {
      return tl::unexpected(opened.error());
    }
  }
  return std::make_unique<CudaDevice>(choice, *gpu, std::move(blas));
}

}  // namespace assay::cuda
