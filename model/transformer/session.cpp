#include "model/transformer/session.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/fused.h"
#include "core/host_memory.h"
#include "core/numerics/rope.h"
#include "core/numerics/sampler.h"
#include "model/transformer/buffers.h"
#include "model/transformer/kv_pages.h"

namespace assay {
namespace {

using WeightPtr = std::unique_ptr<DeviceWeight>;

struct Layer {
  WeightPtr attn_norm;  // [hidden]
  WeightPtr q, k, v;    // [n_heads * head_dim, hidden], [n_kv_heads * head_dim, hidden]
  WeightPtr q_bias, k_bias, v_bias;  // Qwen2 only
  WeightPtr q_norm, k_norm;          // Qwen3 only, [head_dim]
  WeightPtr attn_out;                // [hidden, n_heads * head_dim]
  WeightPtr ffn_norm;                // [hidden]
  WeightPtr gate, up;                // [ffn, hidden]
  WeightPtr down;                    // [hidden, ffn]
};

struct Weights {
  WeightPtr embedding;  // [vocab, hidden]
  std::vector<Layer> layers;
  WeightPtr final_norm;  // [hidden]
  WeightPtr head;        // [vocab, hidden]; null: the embedding (tied)
};

Weights upload_weights(const ModelFile& model, Device& device) {
  const auto upload = [&](const std::string& name) {
    const WeightView& view = model.tensor(name);
    auto weight = device.upload(view);
    if (!weight->borrows()) MappedFile::release(view.bytes);  // not two copies in memory
    return weight;
  };
  Weights weights;
  weights.embedding = upload("token_embd.weight");
  weights.final_norm = upload("output_norm.weight");
  if (!model.config.tied_embeddings) weights.head = upload("output.weight");
  for (std::int64_t i = 0; i < model.config.n_layers; ++i) {
    const auto part = [&](const char* name) { return upload(fmt::format("blk.{}.{}", i, name)); };
    Layer layer;
    layer.attn_norm = part("attn_norm.weight");
    layer.q = part("attn_q.weight");
    layer.k = part("attn_k.weight");
    layer.v = part("attn_v.weight");
    if (model.config.qkv_bias) {
      layer.q_bias = part("attn_q.bias");
      layer.k_bias = part("attn_k.bias");
      layer.v_bias = part("attn_v.bias");
    }
    if (model.config.qk_norm) {
      layer.q_norm = part("attn_q_norm.weight");
      layer.k_norm = part("attn_k_norm.weight");
    }
    layer.attn_out = part("attn_output.weight");
    layer.ffn_norm = part("ffn_norm.weight");
    layer.gate = part("ffn_gate.weight");
    layer.up = part("ffn_up.weight");
    layer.down = part("ffn_down.weight");
    weights.layers.push_back(std::move(layer));
  }
  return weights;
}

ModelWeights places(const Weights& weights) {
  ModelWeights out;
  out.embedding = weights.embedding.get();
  out.final_norm = weights.final_norm.get();
  out.head = weights.head ? weights.head.get() : weights.embedding.get();
  for (const Layer& l : weights.layers) {
    out.layers.push_back({.attn_norm = l.attn_norm.get(),
                          .q = l.q.get(),
                          .k = l.k.get(),
                          .v = l.v.get(),
                          .q_bias = l.q_bias.get(),
                          .k_bias = l.k_bias.get(),
                          .v_bias = l.v_bias.get(),
                          .q_norm = l.q_norm.get(),
                          .k_norm = l.k_norm.get(),
                          .attn_out = l.attn_out.get(),
                          .ffn_norm = l.ffn_norm.get(),
                          .gate = l.gate.get(),
                          .up = l.up.get(),
                          .down = l.down.get()});
  }
  return out;
}

/// Activations of one forward step; every view has the step's number of rows.
struct Activations {
  Tensor residual, normed, branch;  // [rows, hidden]
  Tensor q, attended;               // [rows, n_heads * head_dim]
  Tensor k, v;                      // [rows, n_kv_heads * head_dim]
  Tensor gate, up;                  // [rows, ffn]
};

class TransformerSession final : public Session {
 public:
  TransformerSession(std::shared_ptr<const ModelFile> model, std::unique_ptr<Device> device,
                     const SessionOptions& options, const MemoryPlan& plan)
      : model_(std::move(model)),
        device_(std::move(device)),
        options_(options),
        plan_(plan),
        sizes_(buffer_sizes(model_->config, options, device_->prefill_chunk())),
        weights_(upload_weights(*model_, *device_)),
        kv_(device_->create_kv(kv_layout(model_->config, options))),
        pages_(kv_->layout().n_pages),
        rope_(model_->config, options.max_context),
        buffer_(device_->allocate(sizes_.floats)),
        places_(places(weights_)),
        fused_(device_->fuse(
            {model_->config, places_, *kv_, rope_, options.max_context, options.max_batch})) {}

  const ModelConfig& config() const override { return model_->config; }
  DeviceInfo device_info() const override {
    DeviceInfo info = device_->info();
    if (fused_failed_) info.isa += " (its own decode pass gave other bits and is off)";
    return info;
  }
  KvType kv_type() const override { return options_.kv_type; }
  MemoryPlan memory() const override { return plan_; }
  std::int64_t max_context() const override { return options_.max_context; }
  std::int64_t max_batch() const override { return options_.max_batch; }
  std::int64_t prefill_chunk() const override { return device_->prefill_chunk(); }
  std::optional<std::int64_t> device_peak_bytes() const override {
    return device_->device_peak_bytes();
  }
  std::optional<DeviceSensors> device_sensors() const override { return device_->sensors(); }
  std::optional<double> device_bandwidth_gb_per_s() override {
    return device_->bandwidth_gb_per_s();
  }
  std::int32_t free_pages() const override { return pages_.free_pages(); }
  SequenceId open() override { return pages_.open(); }
  SequenceId fork(SequenceId from) override {
    return pages_.fork(from, [this](auto source, auto to) { kv_->copy_page(source, to); });
  }
  void close(SequenceId sequence) override {
    pages_.close(sequence);
    suspended_.erase(sequence);
  }
  bool can_suspend() const override { return true; }
  void suspend(SequenceId sequence) override;
  void resume(SequenceId sequence) override;
  std::int32_t suspended_pages(SequenceId sequence) const override {
    return pages_.held_back(sequence);
  }
  std::int64_t length(SequenceId sequence) const override { return pages_.length(sequence); }
  void set_probe(Probe probe) override { probe_ = std::move(probe); }

  void prefill(SequenceId sequence, std::span<const TokenId> tokens, bool all_logits,
               std::span<float> logits) override;
  void decode(std::span<const DecodeItem> items, std::span<float> logits) override;
  void decode_and_draw(std::span<const DecodeItem> items,
                       std::span<const numerics::DrawRequest> draws,
                       std::span<numerics::Drawn> drawn) override;

 private:
  /// Takes the logits of rows [first, first + logits.rows) of those asked for, in device memory.
  using LogitsSink = std::function<void(ConstTensor logits, std::size_t first)>;
  Activations activations(std::int64_t rows);
  void forward(const Batch& batch, std::span<const TokenId> ids, const Activations& a);
  void attention_block(const Layer& layer, std::int64_t index, const Batch& batch,
                       const Activations& a);
  void ffn_block(const Layer& layer, const Batch& batch, const Activations& a);
  void step(std::span<const DecodeItem> items, const LogitsSink& sink);
  void check_fused(ConstTensor logits, std::span<const float> of_fused);
  void head(ConstTensor residual, std::span<const std::int32_t> rows, const LogitsSink& sink);
  LogitsSink copy_to(std::span<float> logits);
  void check_ids(std::span<const TokenId> ids) const;
  void tap(std::string_view name, ConstTensor values);

  std::shared_ptr<const ModelFile> model_;  // outlives the weights, which borrow its bytes
  std::unique_ptr<Device> device_;
  SessionOptions options_;
  MemoryPlan plan_;
  BufferSizes sizes_;
  Weights weights_;
  std::unique_ptr<KvCache> kv_;
  KvPages pages_;
  numerics::RopeTable rope_;
  std::unique_ptr<DeviceBuffer> buffer_;
  ModelWeights places_;
  std::shared_ptr<FusedForward> fused_;  ///< null: kernel by kernel
  bool fused_checked_ = false;
  bool fused_failed_ = false;
  std::map<SequenceId, std::vector<HostMemory>> suspended_;  ///< pages of suspended sequences
  Probe probe_;
};

void TransformerSession::suspend(SequenceId sequence) {
  std::vector<HostMemory>& saved = suspended_[sequence];
  const std::int64_t bytes = kv_->layout().page_bytes();
  pages_.suspend(sequence, [&](std::int32_t page, std::int32_t) {
    saved.push_back(allocate_host_memory(bytes, "a suspended sequence"));
    kv_->save_page(page, {saved.back().get(), static_cast<std::size_t>(bytes)});
  });
}

void TransformerSession::resume(SequenceId sequence) {
  const std::vector<HostMemory>& saved = suspended_[sequence];
  const auto bytes = static_cast<std::size_t>(kv_->layout().page_bytes());
  pages_.resume(sequence, [&](std::int32_t page, std::int32_t i) {
    kv_->load_page(page, {saved[static_cast<std::size_t>(i)].get(), bytes});
  });
  suspended_.erase(sequence);
}

Activations TransformerSession::activations(std::int64_t rows) {
  const ModelConfig& c = model_->config;
  float* next = buffer_->data();
  const auto take = [&next, rows, this](std::int64_t cols) {
    const Tensor view{next, rows, cols};
    next += sizes_.rows * cols;
    return view;
  };
  Activations a;
  a.residual = take(c.hidden);
  a.normed = take(c.hidden);
  a.branch = take(c.hidden);
  a.q = take(c.n_heads * c.head_dim);
  a.attended = take(c.n_heads * c.head_dim);
  a.k = take(c.n_kv_heads * c.head_dim);
  a.v = take(c.n_kv_heads * c.head_dim);
  a.gate = take(c.ffn);
  a.up = take(c.ffn);
  return a;
}

void TransformerSession::tap(std::string_view name, ConstTensor values) {
  if (!probe_) return;
  std::vector<float> host(static_cast<std::size_t>(values.rows * values.cols));
  device_->read(values, host);
  probe_(name, ConstTensor(host.data(), values.rows, values.cols));
}

void TransformerSession::attention_block(const Layer& layer, std::int64_t index, const Batch& batch,
                                         const Activations& a) {
  const ModelConfig& c = model_->config;
  device_->rms_norm(a.residual, *layer.attn_norm, c.rms_eps, a.normed);
  device_->linear(*layer.q, layer.q_bias.get(), a.normed, a.q, batch.phase);
  device_->linear(*layer.k, layer.k_bias.get(), a.normed, a.k, batch.phase);
  device_->linear(*layer.v, layer.v_bias.get(), a.normed, a.v, batch.phase);
  if (c.qk_norm) {
    // A head is a row of its own: the same memory, seen as [rows * heads, head_dim].
    const auto per_head = [&c](Tensor t) {
      return Tensor{t.data, t.size() / c.head_dim, c.head_dim};
    };
    device_->rms_norm(per_head(a.q), *layer.q_norm, c.rms_eps, per_head(a.q));
    device_->rms_norm(per_head(a.k), *layer.k_norm, c.rms_eps, per_head(a.k));
  }
  device_->rope(a.q, c.head_dim, batch.positions, rope_);
  device_->rope(a.k, c.head_dim, batch.positions, rope_);
  if (index == 0) {
    tap("layer.0.q", a.q);
    tap("layer.0.k", a.k);
    tap("layer.0.v", a.v);
  }
  device_->kv_store(*kv_, index, batch, a.k, a.v);
  device_->attention(*kv_, index, batch, a.q, c.n_heads, a.attended);
  device_->linear(*layer.attn_out, nullptr, a.attended, a.branch, batch.phase);
  device_->add(a.branch, a.residual);
}

void TransformerSession::ffn_block(const Layer& layer, const Batch& batch, const Activations& a) {
  device_->rms_norm(a.residual, *layer.ffn_norm, model_->config.rms_eps, a.normed);
  device_->linear(*layer.gate, nullptr, a.normed, a.gate, batch.phase);
  device_->linear(*layer.up, nullptr, a.normed, a.up, batch.phase);
  device_->swiglu(a.gate, a.up, a.gate);
  device_->linear(*layer.down, nullptr, a.gate, a.branch, batch.phase);
  device_->add(a.branch, a.residual);
}

void TransformerSession::forward(const Batch& batch, std::span<const TokenId> ids,
                                 const Activations& a) {
  device_->embed(*weights_.embedding, ids, a.residual);
  tap("embedding", a.residual);
  for (std::size_t i = 0; i < weights_.layers.size(); ++i) {
    attention_block(weights_.layers[i], static_cast<std::int64_t>(i), batch, a);
    ffn_block(weights_.layers[i], batch, a);
    if (probe_) tap(fmt::format("layer.{}", i), a.residual);
  }
}

/// Final norm and lm_head of the given rows. Always the decode kernels: a row's logits must not
/// depend on how many rows were asked for.
void TransformerSession::head(ConstTensor residual, std::span<const std::int32_t> rows,
                              const LogitsSink& sink) {
  const ModelConfig& c = model_->config;
  float* base = buffer_->data() + sizes_.floats - sizes_.head_rows * (c.hidden + c.vocab);
  const DeviceWeight& weight = weights_.head ? *weights_.head : *weights_.embedding;
  for (std::size_t first = 0; first < rows.size();) {
    const std::size_t n = std::min(rows.size() - first, static_cast<std::size_t>(sizes_.head_rows));
    const Tensor normed{base, static_cast<std::int64_t>(n), c.hidden};
    const Tensor out{base + sizes_.head_rows * c.hidden, static_cast<std::int64_t>(n), c.vocab};
    device_->gather_rows(residual, rows.subspan(first, n), normed);
    device_->rms_norm(normed, *weights_.final_norm, c.rms_eps, normed);
    tap("final_norm", normed);
    device_->linear(weight, nullptr, normed, out, Phase::decode);
    sink(out, first);
    first += n;
  }
}

TransformerSession::LogitsSink TransformerSession::copy_to(std::span<float> logits) {
  return [this, logits](ConstTensor part, std::size_t first) {
    const auto vocab = static_cast<std::size_t>(part.cols);
    device_->read(part, logits.subspan(first * vocab, static_cast<std::size_t>(part.rows) * vocab));
  };
}

void TransformerSession::check_ids(std::span<const TokenId> ids) const {
  for (const TokenId id : ids) ASSAY_ASSERT(id >= 0 && id < model_->config.vocab);
}

void TransformerSession::prefill(SequenceId sequence, std::span<const TokenId> tokens,
                                 bool all_logits, std::span<float> logits) {
  ASSAY_ASSERT(!tokens.empty());
  ASSAY_ASSERT(pages_.length(sequence) + std::ssize(tokens) <= options_.max_context);
  const auto vocab = static_cast<std::size_t>(model_->config.vocab);
  ASSAY_ASSERT(logits.size() == vocab * (all_logits ? tokens.size() : 1));
  check_ids(tokens);
  pages_.grow(sequence, std::ssize(tokens));
  for (std::size_t done = 0; done < tokens.size();) {
    const std::int64_t start = pages_.length(sequence);
    const std::int64_t chunk = device_->prefill_chunk();
    const auto to_boundary = static_cast<std::size_t>(chunk - start % chunk);
    const std::size_t n = std::min(tokens.size() - done, to_boundary);
    std::vector<std::int32_t> positions(n);
    std::vector<std::int32_t> rows(n);
    for (std::size_t i = 0; i < n; ++i) {
      positions[i] = static_cast<std::int32_t>(start) + static_cast<std::int32_t>(i);
      rows[i] = static_cast<std::int32_t>(i);
    }
    const BatchSpan span{0, static_cast<std::int32_t>(n), static_cast<std::int32_t>(start),
                         pages_.pages(sequence)};
    const Batch batch{Phase::prefill, static_cast<std::int32_t>(n), {&span, 1}, positions};
    const Activations a = activations(static_cast<std::int64_t>(n));
    if (fused_ && !probe_ && fused_->serves(batch)) {
      fused_->prefill(batch, tokens.subspan(done, n), a.residual);
    } else {
      forward(batch, tokens.subspan(done, n), a);
    }
    pages_.advance(sequence, static_cast<std::int64_t>(n));
    if (all_logits) {
      head(a.residual, rows, copy_to(logits.subspan(done * vocab, n * vocab)));
    } else if (done + n == tokens.size()) {
      head(a.residual, {&rows.back(), 1}, copy_to(logits));
    }
    done += n;
  }
}

void TransformerSession::decode(std::span<const DecodeItem> items, std::span<float> logits) {
  ASSAY_ASSERT(logits.size() == items.size() * static_cast<std::size_t>(model_->config.vocab));
  step(items, copy_to(logits));
}

void TransformerSession::decode_and_draw(std::span<const DecodeItem> items,
                                         std::span<const numerics::DrawRequest> draws,
                                         std::span<numerics::Drawn> drawn) {
  ASSAY_ASSERT(draws.size() == items.size() && drawn.size() == items.size());
  step(items, [&](ConstTensor logits, std::size_t first) {
    const auto n = static_cast<std::size_t>(logits.rows);
    device_->draw(logits, draws.subspan(first, n), drawn.subspan(first, n));
  });
}

void TransformerSession::step(std::span<const DecodeItem> items, const LogitsSink& sink) {
  const std::size_t n = items.size();
  ASSAY_ASSERT(n > 0 && static_cast<std::int64_t>(n) <= options_.max_batch);
  std::vector<TokenId> ids(n);
  std::vector<std::int32_t> positions(n);
  std::vector<std::int32_t> rows(n);
  std::vector<BatchSpan> spans(n);
  std::set<SequenceId> seen;
  for (std::size_t i = 0; i < n; ++i) {
    const SequenceId sequence = items[i].sequence;
    ASSAY_ASSERT(seen.insert(sequence).second);
    ASSAY_ASSERT(pages_.length(sequence) < options_.max_context);
    pages_.grow(sequence, 1);
    ids[i] = items[i].token;
    positions[i] = static_cast<std::int32_t>(pages_.length(sequence));
    rows[i] = static_cast<std::int32_t>(i);
    spans[i] = BatchSpan{rows[i], 1, positions[i], pages_.pages(sequence)};
  }
  check_ids(ids);
  const Batch batch{Phase::decode, static_cast<std::int32_t>(n), spans, positions};
  std::vector<float> of_fused;  // to be compared: the first step goes both ways
  if (fused_ && !probe_ && fused_->serves(batch)) {
    const ConstTensor logits = fused_->decode(batch, ids);
    if (fused_checked_ || !fused_->equals_single_kernels()) {
      for (const DecodeItem& item : items) pages_.advance(item.sequence, 1);
      sink(logits, 0);
      return;
    }
    of_fused.resize(static_cast<std::size_t>(logits.size()));
    device_->read(logits, of_fused);
  }
  const Activations a = activations(static_cast<std::int64_t>(n));
  forward(batch, ids, a);
  for (const DecodeItem& item : items) pages_.advance(item.sequence, 1);
  if (of_fused.empty()) return head(a.residual, rows, sink);
  head(a.residual, rows, [&](ConstTensor logits, std::size_t first) {
    check_fused(logits, std::span(of_fused).subspan(first * static_cast<std::size_t>(logits.cols)));
    sink(logits, first);
  });
}

/// The device's own pass is kept only if it gave the bits of the single kernels.
void TransformerSession::check_fused(ConstTensor logits, std::span<const float> of_fused) {
  std::vector<float> single(static_cast<std::size_t>(logits.size()));
  device_->read(logits, single);
  fused_checked_ = true;
  if (std::memcmp(single.data(), of_fused.data(), single.size() * sizeof(float)) == 0) return;
  fused_.reset();
  fused_failed_ = true;
}

}  // namespace

Result<std::unique_ptr<Session>> make_session(std::shared_ptr<const ModelFile> model,
                                              std::unique_ptr<Device> device,
                                              const SessionOptions& options) {
  if (model->vocabulary_only) {
    return env_failure(model->name + " holds a vocabulary but no weights",
                       "it is good for `assay tokenize` only");
  }
  if (options.max_context > model->config.max_context) {
    return failure(ErrorKind::usage,
                   fmt::format("a context of {} tokens is beyond the {} that {} was made for",
                               options.max_context, model->config.max_context, model->name),
                   "lower --context or --max-new-tokens");
  }
  const MemoryPlan plan = plan_memory(*model, *device, options);
  if (Result<void> fits = check_memory(plan, *device, options); !fits) {
    return tl::unexpected(fits.error());
  }
  return std::make_unique<TransformerSession>(std::move(model), std::move(device), options, plan);
}

}  // namespace assay
