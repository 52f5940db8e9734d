#include "backends/cuda/fast/batch_engine.h"

#include <algorithm>
#include <utility>

#include "backends/cuda/fast/carver.h"
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

BatchEngine::BatchEngine(const ModelConfig& config, std::int32_t max_rows, std::int32_t max_pages)
    : max_rows_(max_rows), max_pages_(max_pages) {
  model_.config = config;
}

BatchEngine::BatchEngine(EngineModel model, std::int32_t max_rows, std::int32_t max_pages,
                         int multiprocessors, cudaStream_t stream, MemoryMeter& meter)
    : model_(std::move(model)),
      max_rows_(max_rows),
      max_pages_(max_pages),
      multiprocessors_(multiprocessors),
      stream_(stream),
      memory_(bytes(model_.config, max_rows, max_pages), "batch decode", meter) {
  check(cudaMemset(memory_.data(), 0, static_cast<std::size_t>(memory_.bytes())),
        "clearing the batch engine");
  check(cudaDeviceSynchronize(), "clearing the batch engine");
  carve(memory_.data());
}

std::int64_t BatchEngine::bytes(const ModelConfig& config, std::int32_t max_rows,
                                std::int32_t max_pages) {
  BatchEngine empty(config, max_rows, max_pages);
  return empty.carve(nullptr);
}

std::int64_t BatchEngine::carve(std::uint8_t* base) {
  const ModelConfig& c = model_.config;
  const std::int64_t m = max_rows_;
  const std::int64_t q = c.n_heads * c.head_dim;
  Carver carver{base, 0};
  inputs_.ids = carver.take<std::int32_t>(m);
  inputs_.positions = carver.take<std::int32_t>(m);
  inputs_.pages = carver.take<std::int32_t>(m * max_pages_);
  residual_ = carver.take<float>(m * c.hidden);
  normed_ = carver.take<std::uint16_t>(m * c.hidden);
  qkv_ = carver.take<float>(m * qkv_width(c));
  attended_ = carver.take<float>(m * q);
  attended_bf16_ = carver.take<std::uint16_t>(m * q);
  ffn_ = carver.take<std::uint16_t>(m * c.ffn);
  logits_ = carver.take<float>(m * c.vocab);
  const std::int64_t one_row = attention_parts_floats(1, c.n_heads, c.head_dim, max_pages_);
  parts_floats_ = std::max(one_row, std::min(one_row * m, kMostPartsFloats));
  parts_ = carver.take<float>(parts_floats_);
  arrivals_ = carver.take<std::int32_t>(m * c.n_kv_heads);
  return carver.at;
}

void BatchEngine::normalise(const float* gain, std::int32_t rows) {
  batch_norm(residual_, gain, model_.config.rms_eps, rows,
             static_cast<std::int32_t>(model_.config.hidden), normed_, stream_);
}

void BatchEngine::gemm(GemmKind kind, GemmArgs args, std::int32_t rows, const std::uint16_t* x) {
  args.m = rows;
  args.x = x;
  if (kind == GemmKind::residual) args.y = residual_;
  batch_gemm(kind, args, multiprocessors_, stream_);
}

void BatchEngine::attend(const EngineLayer& layer, std::int32_t index, std::int32_t rows,
                         std::int32_t n_splits) {
  const ModelConfig& c = model_.config;
  const std::int64_t q = c.n_heads * c.head_dim;
  const std::int64_t of_row = attention_parts_floats(1, c.n_heads, c.head_dim, n_splits);
  const auto at_once = static_cast<std::int32_t>(
      std::min<std::int64_t>(rows, std::max<std::int64_t>(1, parts_floats_ / of_row)));
  for (std::int32_t first = 0; first < rows; first += at_once) {
    AttentionArgs a;
    a.kv = model_.kv;
    a.layer = index;
    a.n_heads = static_cast<std::int32_t>(c.n_heads);
    a.qkv = qkv_ + first * qkv_width(c);
    a.q_norm = layer.q_norm;
    a.k_norm = layer.k_norm;
    a.eps = c.rms_eps;
    a.rope_cos = model_.rope_cos;
    a.rope_sin = model_.rope_sin;
    a.interleaved = c.rope_style == RopeStyle::interleaved;
    a.positions = inputs_.positions + first;
    a.pages = inputs_.pages + std::int64_t{first} * n_splits;
    a.max_pages = n_splits;
    a.out = attended_ + first * q;
    a.out_bf16 = attended_bf16_ + first * q;
    a.parts = parts_;
    a.arrivals = arrivals_;
    attention_decode(a, std::min(at_once, rows - first), n_splits, stream_);
  }
}

void BatchEngine::step(std::int32_t rows, std::int32_t n_splits) {
  embed(model_.embedding, inputs_.ids, rows, residual_, stream_);
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    const EngineLayer& l = model_.layers[i];
    normalise(l.attn_norm, rows);
    GemmArgs qkv = args_of(l.q);
    qkv.part[0] = part_of_gemm(l.q, l.q_bias);
    qkv.part[1] = part_of_gemm(l.k, l.k_bias);
    qkv.part[2] = part_of_gemm(l.v, l.v_bias);
    qkv.n_parts = 3;
    qkv.y = qkv_;
    gemm(GemmKind::store, qkv, rows, normed_);
    attend(l, static_cast<std::int32_t>(i), rows, n_splits);
    gemm(GemmKind::residual, args_of(l.attn_out), rows, attended_bf16_);
    normalise(l.ffn_norm, rows);
    GemmArgs gate_up = args_of(l.gate);
    gate_up.part[1] = part_of_gemm(l.up);
    gate_up.n_parts = 2;
    gate_up.h = ffn_;
    gemm(GemmKind::swiglu, gate_up, rows, normed_);
    gemm(GemmKind::residual, args_of(l.down), rows, ffn_);
  }
  normalise(model_.final_norm, rows);
  GemmArgs head = args_of(model_.head);
  head.y = logits_;
  gemm(GemmKind::store, head, rows, normed_);
  check(cudaGetLastError(), "a batch's decode step");
}

}  // namespace assay::cuda::fast
