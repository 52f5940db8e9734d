#include "backends/cuda/fast/batch_engine.h"

#include <algorithm>
#include <utility>

#include "backends/cuda/fast/carver.h"
#include "backends/cuda/fast/tile_gemm.h"
#include "backends/cuda/kernels/launch.h"

namespace assay::cuda::fast {
namespace {

/// Scratch of attention at most; rows are attended with in turns where it is too small.
constexpr std::int64_t kMostPartsFloats = std::int64_t{32} << 20;

GemmPart part_of_gemm(const WeightPlanes& w, const float* bias = nullptr) {
  return {reinterpret_cast<const std::uint16_t*>(w.plane[0]), static_cast<std::int32_t>(w.rows),
          bias};
}

GemmArgs args_of(const WeightPlanes& w) {
  GemmArgs args;
  args.part[0] = part_of_gemm(w);
  args.k = static_cast<std::int32_t>(w.cols);
  return args;
}

std::int64_t qkv_width(const ModelConfig& c) {
  return (c.n_heads + 2 * c.n_kv_heads) * c.head_dim;
}

}  // namespace

bool BatchEngine::serves(const EngineModel& m) {
  const ModelConfig& c = m.config;
  const auto fits = [](const WeightPlanes& w) {
    return w.type == TensorType::BF16 && w.permuted && w.cols % kPermutedElements == 0;
  };
  if (c.head_dim != 64 && c.head_dim != 128) return false;
  if (c.n_heads / c.n_kv_heads > kMaxGroup || m.kv.data == nullptr) return false;
  if (c.ffn % kPermutedElements != 0 || !fits(m.head)) return false;
  return std::all_of(m.layers.begin(), m.layers.end(), [&](const EngineLayer& l) {
    return fits(l.q) && fits(l.k) && fits(l.v) && fits(l.attn_out) && fits(l.gate) && fits(l.up) &&
           fits(l.down);
  });
}

BatchEngine::BatchEngine(const ModelConfig& config, const BatchLimits& limits) : limits_(limits) {
  model_.config = config;
}

BatchEngine::BatchEngine(EngineModel model, const BatchLimits& limits, int multiprocessors,
                         bool tiles, cudaStream_t stream, MemoryMeter& meter)
    : model_(std::move(model)),
      limits_(limits),
      multiprocessors_(multiprocessors),
      tiles_(tiles),
      stream_(stream),
      memory_(bytes(model_.config, limits), "batches", meter) {
  check(cudaMemset(memory_.data(), 0, static_cast<std::size_t>(memory_.bytes())),
        "clearing the batch engine");
  check(cudaDeviceSynchronize(), "clearing the batch engine");
  carve(memory_.data());
}

BatchEngine::~BatchEngine() {
  for (auto& [shape, graph] : graphs_) cudaGraphExecDestroy(graph);
}

std::int64_t BatchEngine::bytes(const ModelConfig& config, const BatchLimits& limits) {
  BatchEngine empty(config, limits);
  return empty.carve(nullptr);
}

std::int64_t BatchEngine::carve(std::uint8_t* base) {
  const ModelConfig& c = model_.config;
  const StepShape most = shape_for(limits_.rows, limits_.pages);
  const std::int64_t m = std::max(most.rows, limits_.prompt_rows);
  const std::int64_t q = c.n_heads * c.head_dim;
  Carver carver{base, 0};
  inputs_.ids = carver.take<std::int32_t>(m);
  inputs_.positions = carver.take<std::int32_t>(m);
  inputs_.pages = carver.take<std::int32_t>(std::max<std::int64_t>(most.rows, 1) * most.pages);
  inputs_.tiles = carver.take<AttentionTile>(limits_.prompt_rows);
  residual_ = carver.take<float>(most.rows * c.hidden);
  normed_ = carver.take<std::uint16_t>(m * c.hidden);
  qkv_ = carver.take<float>(m * qkv_width(c));
  queries_ = carver.take<std::uint16_t>(limits_.prompt_rows * q);
  attended_ = carver.take<std::uint16_t>(m * q);
  ffn_ = carver.take<std::uint16_t>(m * c.ffn);
  logits_ = carver.take<float>(most.rows * c.vocab);
  const std::int64_t one_row = flash_parts_floats(1, c.n_heads, c.head_dim, most.pages);
  parts_floats_ = std::max(one_row, std::min(one_row * most.rows, kMostPartsFloats));
  parts_ = carver.take<float>(parts_floats_);
  arrivals_ = carver.take<std::int32_t>(most.rows * c.n_kv_heads);
  return carver.at;
}

StepShape BatchEngine::shape_for(std::int32_t rows, std::int32_t pages) const {
  constexpr std::int32_t kFew = 64;
  constexpr std::int32_t kFewestPages = 8;
  const std::int32_t step = rows <= kFew ? 8 : 32;
  StepShape shape{(rows + step - 1) / step * step, kFewestPages};
  while (shape.pages < pages) shape.pages *= 2;
  return shape;
}

void BatchEngine::normalise(const Pass& pass, const float* gain) {
  batch_norm(pass.residual, gain, model_.config.rms_eps, pass.rows,
             static_cast<std::int32_t>(model_.config.hidden), normed_, stream_);
}

void BatchEngine::gemm(const Pass& pass, GemmKind kind, GemmArgs args, const std::uint16_t* x) {
  args.m = pass.rows;
  args.x = x;
  if (kind == GemmKind::residual) args.y = pass.residual;
  if (tiles_ && tile_gemm_serves(args)) {
    tile_gemm(kind, args, pass.phase, multiprocessors_, stream_);
  } else {
    batch_gemm(kind, args, multiprocessors_, stream_);
  }
}

/// Rows in turns where the scratch of their parts is too small for all.
void BatchEngine::attend_decode(const Pass& pass, const HeadsArgs& heads) {
  const ModelConfig& c = model_.config;
  const std::int64_t of_row = flash_parts_floats(1, c.n_heads, c.head_dim, pass.pages_stride);
  const auto at_once = static_cast<std::int32_t>(
      std::min<std::int64_t>(pass.rows, std::max<std::int64_t>(1, parts_floats_ / of_row)));
  for (std::int32_t first = 0; first < pass.rows; first += at_once) {
    FlashDecodeArgs a;
    a.heads = heads;
    a.heads.qkv += first * qkv_width(c);
    a.heads.positions += first;
    a.heads.pages += std::int64_t{first} * pass.pages_stride;
    a.pages_stride = pass.pages_stride;
    a.out_bf16 = attended_ + first * c.n_heads * c.head_dim;
    a.parts = parts_;
    a.arrivals = arrivals_;
    flash_decode(a, std::min(at_once, pass.rows - first), stream_);
  }
}

void BatchEngine::attend(const Pass& pass, const EngineLayer& layer, std::int32_t index) {
  const ModelConfig& c = model_.config;
  HeadsArgs heads;
  const std::int64_t of_layer =
      model_.kv.n_kv_heads * 2 * kKvPageTokens * c.head_dim * std::int64_t{sizeof(std::uint16_t)};
  heads.kv = {reinterpret_cast<std::uint8_t*>(model_.kv.data),
              of_layer * model_.kv.n_layers,
              of_layer * index,
              model_.kv.n_kv_heads,
              model_.kv.head_dim,
              KvType::f16};
  heads.n_heads = static_cast<std::int32_t>(c.n_heads);
  heads.qkv = qkv_;
  heads.q_norm = layer.q_norm;
  heads.k_norm = layer.k_norm;
  heads.eps = c.rms_eps;
  heads.rope_cos = model_.rope_cos;
  heads.rope_sin = model_.rope_sin;
  heads.interleaved = c.rope_style == RopeStyle::interleaved;
  heads.positions = inputs_.positions;
  heads.pages = inputs_.pages;
  heads.q = queries_;
  if (pass.phase == Phase::decode) return attend_decode(pass, heads);
  prepare_heads(heads, pass.rows, stream_);
  FlashArgs flash;
  flash.kv = heads.kv;
  flash.n_heads = heads.n_heads;
  flash.q = queries_;
  flash.pages = inputs_.pages;
  flash.out_bf16 = attended_;
  flash_prefill(flash, inputs_.tiles, pass.n_tiles, true, stream_);
}

void BatchEngine::queue_layers(const Pass& pass) {
  embed(model_.embedding, inputs_.ids, pass.rows, pass.residual, stream_);
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    const EngineLayer& l = model_.layers[i];
    normalise(pass, l.attn_norm);
    GemmArgs qkv = args_of(l.q);
    qkv.part[0] = part_of_gemm(l.q, l.q_bias);
    qkv.part[1] = part_of_gemm(l.k, l.k_bias);
    qkv.part[2] = part_of_gemm(l.v, l.v_bias);
    qkv.n_parts = 3;
    qkv.y = qkv_;
    gemm(pass, GemmKind::store, qkv, normed_);
    attend(pass, l, static_cast<std::int32_t>(i));
    gemm(pass, GemmKind::residual, args_of(l.attn_out), attended_);
    normalise(pass, l.ffn_norm);
    GemmArgs gate_up = args_of(l.gate);
    gate_up.part[1] = part_of_gemm(l.up);
    gate_up.n_parts = 2;
    gate_up.h = ffn_;
    gemm(pass, GemmKind::swiglu, gate_up, normed_);
    gemm(pass, GemmKind::residual, args_of(l.down), ffn_);
  }
}

void BatchEngine::queue_step(const StepShape& shape) {
  const Pass pass{.phase = Phase::decode,
                  .rows = shape.rows,
                  .pages_stride = shape.pages,
                  .residual = residual_};
  queue_layers(pass);
  normalise(pass, model_.final_norm);
  GemmArgs head = args_of(model_.head);
  head.y = logits_;
  gemm(pass, GemmKind::store, head, normed_);
}

void BatchEngine::step(const StepShape& shape) {
  cudaGraphExec_t& graph = graphs_[shape];
  if (graph == nullptr) {
    cudaGraph_t captured = nullptr;
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "capture");
    queue_step(shape);
    const cudaError_t launched = cudaGetLastError();
    check(cudaStreamEndCapture(stream_, &captured), "capture");
    check(launched, "a kernel of a batch's step cannot be launched");
    const cudaError_t made = cudaGraphInstantiate(&graph, captured, 0);
    cudaGraphDestroy(captured);
    check(made, "graph");
  }
  check(cudaGraphLaunch(graph, stream_), "a batch's decode step");
}

void BatchEngine::prefill(std::int32_t rows, std::int32_t n_tiles, float* residual) {
  queue_layers({.phase = Phase::prefill, .rows = rows, .n_tiles = n_tiles, .residual = residual});
  check(cudaGetLastError(), "a chunk of a prompt");
}

}  // namespace assay::cuda::fast
