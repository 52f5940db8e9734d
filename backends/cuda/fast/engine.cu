#include "backends/cuda/fast/engine.h"

#include <algorithm>
#include <string>

#include "backends/cuda/fast/carver.h"
#include "backends/cuda/fast/exchange.cuh"
#include "backends/cuda/fast/head_parts.cuh"
#include "backends/cuda/fast/launch.cuh"
#include "backends/cuda/fast/ptx.cuh"
#include "backends/cuda/kernels/launch.h"
#include "core/error.h"

namespace assay::cuda::fast {
namespace {

/// Marks every word of the exchange as absent. The step may be put beside it at once.
__global__ void start_step(HeadResult* result, float* exchange, std::int64_t floats) {
  let_next_kernel_start();
  const int n = static_cast<int>(blockDim.x * gridDim.x);
  const int own = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (own == 0) *result = HeadResult{};
  const uint4 absent = make_uint4(kAbsent, kAbsent, kAbsent, kAbsent);
  for (std::int64_t i = own; i < floats / 4; i += n) reinterpret_cast<uint4*>(exchange)[i] = absent;
}

__global__ void advance_step(const HeadResult* result, std::int32_t* ids, std::int32_t* positions) {
  wait_for_previous_kernel();
  ids[0] = best_id(result->best);
  positions[0] += 1;
}

std::int64_t qkv_width(const ModelConfig& c) {
  return (c.n_heads + 2 * c.n_kv_heads) * c.head_dim;
}

/// Splits of the grid: few different graphs, few idle blocks.
std::int32_t splits_for(std::int32_t position, std::int32_t max_pages) {
  const std::int32_t needed = position / 64 + 1;
  std::int32_t splits = 8;
  while (splits < needed) splits *= 2;
  return std::min(splits, max_pages);
}

}  // namespace

bool DecodeEngine::serves(const EngineModel& m, int multiprocessors) {
  const ModelConfig& c = m.config;
  // The rows of q, k and v, or of a layer's output, that a block's warps finish.
  const std::int64_t most_rows = std::int64_t{multiprocessors} * kGemvMaxWarps * 4;
  if (c.hidden > most_rows || qkv_width(c) > most_rows) return false;
  if (c.head_dim != 64 && c.head_dim != 128) return false;
  if (c.n_heads / c.n_kv_heads > kMaxGroup || m.kv.data == nullptr) return false;
  if (!gemv_serves(m.head)) return false;
  return std::all_of(m.layers.begin(), m.layers.end(), [](const EngineLayer& l) {
    return gemv_serves(l.q) && gemv_serves(l.k) && gemv_serves(l.v) && gemv_serves(l.attn_out) &&
           gemv_serves(l.gate) && gemv_serves(l.up) && l.gate.type == l.up.type &&
           gemv_serves(l.down);
  });
}

DecodeEngine::DecodeEngine(EngineModel model, std::int32_t max_pages, cudaStream_t stream,
                           MemoryMeter& meter, bool one_kernel)
    : model_(std::move(model)), max_pages_(max_pages), stream_(stream) {
  int device = 0;
  check(cudaGetDevice(&device), "no device");
  check(cudaDeviceGetAttribute(&blocks_, cudaDevAttrMultiProcessorCount, device), "no device");
  const ModelConfig& c = model_.config;
  memory_ = DeviceMemory(bytes(c, max_pages), "decode engine", meter);
  check(cudaMemset(memory_.data(), 0, static_cast<std::size_t>(memory_.bytes())),
        "clearing the decode engine");
  check(cudaDeviceSynchronize(), "clearing the decode engine");
  carve(memory_.data());
  if (one_kernel) plan_one_kernel();
}

std::int64_t DecodeEngine::bytes(const ModelConfig& config, std::int32_t max_pages) {
  DecodeEngine empty(config, max_pages);
  return empty.carve(nullptr);
}

/// Gives every buffer its place; the bytes they take.
std::int64_t DecodeEngine::carve(std::uint8_t* base) {
  const ModelConfig& c = model_.config;
  Carver carver{base, 0};
  inputs_.ids = carver.take<std::int32_t>(2);
  inputs_.positions = inputs_.ids + 1;
  inputs_.pages = carver.take<std::int32_t>(max_pages_);
  residual_ = carver.take<float>(c.hidden);
  qkv_ = carver.take<float>(qkv_width(c));
  attended_ = carver.take<float>(c.n_heads * c.head_dim);
  ffn_ = carver.take<float>(c.ffn);
  logits_ = carver.take<float>(c.vocab);
  parts_ = carver.take<float>(attention_parts_floats(1, c.n_heads, c.head_dim, max_pages_));
  arrivals_ = carver.take<std::int32_t>(c.n_kv_heads);
  result_ = carver.take<HeadResult>(1);
  exchange_floats_ = exchange_layout(c).floats * c.n_layers;
  exchange_ = carver.take<float>(exchange_floats_);
  layers_ = carver.take<LayerAt>(c.n_layers + 1);
  return carver.at;
}

DecodeEngine::~DecodeEngine() {
  for (auto& [key, graph] : graphs_) cudaGraphExecDestroy(graph);
}

/// q, k and v in one launch, or in one for each run of equal types.
void DecodeEngine::queue_qkv(const EngineLayer& layer) {
  const WeightPlanes* weights[3] = {&layer.q, &layer.k, &layer.v};
  const float* biases[3] = {layer.q_bias, layer.k_bias, layer.v_bias};
  float* y = qkv_;
  for (int i = 0; i < 3;) {
    GemvArgs args;
    args.n_parts = 0;
    args.k = static_cast<std::int32_t>(model_.config.hidden);
    args.x = residual_;
    args.gain = layer.attn_norm;
    args.eps = model_.config.rms_eps;
    args.y = y;
    const TensorType type = weights[i]->type;
    for (; i < 3 && weights[i]->type == type; ++i) {
      args.part[args.n_parts++] = GemvPart{*weights[i], biases[i]};
      y += weights[i]->rows;
    }
    gemv(GemvKind::store, args, blocks_, stream_);
  }
}

AttentionArgs DecodeEngine::attention_args(const EngineLayer& layer, std::int32_t index) const {
  const ModelConfig& c = model_.config;
  AttentionArgs attention;
  attention.kv = model_.kv;
  attention.layer = index;
  attention.n_heads = static_cast<std::int32_t>(c.n_heads);
  attention.qkv = qkv_;
  attention.q_norm = layer.q_norm;
  attention.k_norm = layer.k_norm;
  attention.eps = c.rms_eps;
  attention.rope_cos = model_.rope_cos;
  attention.rope_sin = model_.rope_sin;
  attention.interleaved = c.rope_style == RopeStyle::interleaved;
  attention.positions = inputs_.positions;
  attention.pages = inputs_.pages;
  attention.max_pages = max_pages_;
  attention.out = attended_;
  attention.parts = parts_;
  attention.arrivals = arrivals_;
  return attention;
}

/// Fills the parameters of the step kernel, if the model's types and sizes suit one.
void DecodeEngine::plan_one_kernel() {
  const ModelConfig& c = model_.config;
  const auto all = [&](auto&& fits) {
    if (!fits(model_.head.type)) return false;
    for (const EngineLayer& l : model_.layers) {
      for (const WeightPlanes* w : {&l.q, &l.k, &l.v, &l.attn_out, &l.gate, &l.up, &l.down}) {
        if (!fits(w->type)) return false;
      }
    }
    return true;
  };
  std::optional<StepTypes> types;
  TensorType second = TensorType::Q6_K;
  if (all([](TensorType t) { return t == TensorType::BF16; })) types = StepTypes::bf16;
  if (all([](TensorType t) { return t == TensorType::Q8_0; })) types = StepTypes::q8_0;
  if (all([](TensorType t) { return t == TensorType::Q4_K || t == TensorType::Q6_K; })) {
    types = StepTypes::q4_k_q6_k;
  }
  if (!types || c.n_layers > kMaxLayers) return;
  const auto place = [&](const WeightPlanes& w) {
    MatrixAt at;
    std::copy(std::begin(w.plane), std::end(w.plane), std::begin(at.plane));
    at.type = w.type == second ? 1 : 0;
    return at;
  };
  auto p = std::make_unique<StepParams>();
  std::vector<LayerAt> layers(model_.layers.size() + 1);
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    const EngineLayer& l = model_.layers[i];
    LayerAt& to = layers[i];
    to.matrix[kQ] = place(l.q), to.matrix[kK] = place(l.k), to.matrix[kV] = place(l.v);
    to.matrix[kAttnOut] = place(l.attn_out);
    to.matrix[kGate] = place(l.gate), to.matrix[kUp] = place(l.up);
    to.matrix[kFfnDown] = place(l.down);
    to.bias[0] = l.q_bias, to.bias[1] = l.k_bias, to.bias[2] = l.v_bias;
    to.attn_norm = l.attn_norm, to.ffn_norm = l.ffn_norm;
    to.q_norm = l.q_norm, to.k_norm = l.k_norm;
  }
  layers.back().matrix[0] = place(model_.head);
  for (const LayerAt& l : layers) {
    for (const MatrixAt& m : l.matrix) p->has_second = p->has_second || m.type != 0;
  }
  check(cudaMemcpy(layers_, layers.data(), layers.size() * sizeof(LayerAt), cudaMemcpyHostToDevice),
        "the decode engine's table of weights");
  p->layers = layers_;
  p->final_norm = model_.final_norm;
  p->n_layers = static_cast<std::int32_t>(c.n_layers);
  const auto q_rows = static_cast<std::int32_t>(c.n_heads * c.head_dim);
  const auto kv_rows = static_cast<std::int32_t>(c.n_kv_heads * c.head_dim);
  const auto hidden = static_cast<std::int32_t>(c.hidden);
  const auto ffn = static_cast<std::int32_t>(c.ffn);
  p->qkv_rows[0] = q_rows, p->qkv_rows[1] = p->qkv_rows[2] = kv_rows;
  const std::int32_t k[kParts] = {hidden, q_rows, hidden, ffn, hidden};
  const std::int32_t rows[kParts] = {q_rows + 2 * kv_rows, hidden, 2 * ffn, hidden,
                                     static_cast<std::int32_t>(c.vocab)};
  std::copy(std::begin(k), std::end(k), std::begin(p->k));
  std::copy(std::begin(rows), std::end(rows), std::begin(p->groups));
  p->eps = c.rms_eps;
  p->n_splits = max_pages_;
  p->attention = attention_args(model_.layers[0], 0);
  p->residual = residual_;
  p->exchange = exchange_;
  p->at = exchange_layout(c);
  p->logits = logits_;
  p->result = result_;
  if (!step_fits(*types, *p, blocks_)) return;
  one_kernel_ = types;
  params_ = std::move(p);
}

void DecodeEngine::queue_layer(const EngineLayer& layer, std::int32_t index,
                               std::int32_t n_splits) {
  const ModelConfig& c = model_.config;
  queue_qkv(layer);

  attention_decode(attention_args(layer, index), 1, n_splits, stream_);

  GemvArgs out;
  out.part[0].w = layer.attn_out;
  out.k = static_cast<std::int32_t>(c.n_heads * c.head_dim);
  out.x = attended_;
  out.y = residual_;
  gemv(GemvKind::residual, out, blocks_, stream_);

  GemvArgs ffn;
  ffn.part[0].w = layer.gate;
  ffn.part[1].w = layer.up;
  ffn.n_parts = 2;
  ffn.k = static_cast<std::int32_t>(c.hidden);
  ffn.x = residual_;
  ffn.gain = layer.ffn_norm;
  ffn.eps = c.rms_eps;
  ffn.y = ffn_;
  gemv(GemvKind::swiglu, ffn, blocks_, stream_);

  GemvArgs down;
  down.part[0].w = layer.down;
  down.k = static_cast<std::int32_t>(c.ffn);
  down.x = ffn_;
  down.y = residual_;
  gemv(GemvKind::residual, down, blocks_, stream_);
}

void DecodeEngine::queue(std::int32_t n_splits, bool advance) {
  const ModelConfig& c = model_.config;
  embed(model_.embedding, inputs_.ids, 1, residual_, stream_);
  constexpr int kThreads = 256;
  start_step<<<one_kernel_ ? blocks_ : 1, kThreads, 0, stream_>>>(
      result_, exchange_, one_kernel_ ? exchange_floats_ : 0);
  if (one_kernel_) {
    queue_step(*one_kernel_, *params_, blocks_, stream_);
    if (advance) queue_advance();
    return;
  }
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    queue_layer(model_.layers[i], static_cast<std::int32_t>(i), n_splits);
  }
  GemvArgs head;
  head.part[0].w = model_.head;
  head.k = static_cast<std::int32_t>(c.hidden);
  head.x = residual_;
  head.gain = model_.final_norm;
  head.eps = c.rms_eps;
  head.y = logits_;
  head.result = result_;
  gemv(GemvKind::head, head, blocks_, stream_);
  if (advance) queue_advance();
}

void DecodeEngine::queue_advance() {
  launch_kernel(advance_step, dim3(1), 1, 0, stream_, 1, result_, inputs_.ids, inputs_.positions);
}

void DecodeEngine::step(std::int32_t position, bool advance) {
  const std::int32_t n_splits = one_kernel_ ? max_pages_ : splits_for(position, max_pages_);
  cudaGraphExec_t& graph = graphs_[{n_splits, advance}];
  if (graph == nullptr) {
    cudaGraph_t captured = nullptr;
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "capture");
    queue(n_splits, advance);
    const cudaError_t launched = cudaGetLastError();
    check(cudaStreamEndCapture(stream_, &captured), "capture");
    check(launched, "a kernel of the decode engine cannot be launched");
    const cudaError_t made = cudaGraphInstantiate(&graph, captured, 0);
    cudaGraphDestroy(captured);
    check(made, "graph");
  }
  check(cudaGraphLaunch(graph, stream_), "decode step");
}

}  // namespace assay::cuda::fast
