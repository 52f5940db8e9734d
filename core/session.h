// The middle rung: tokens -> logits, over sequences that grow. What golden tests compare, and what
// decode/ lifts to a Completer. Implemented once over any Device (model/transformer); a fused
// engine may implement it directly.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "core/device.h"
#include "core/model_config.h"

namespace assay {

using SequenceId = std::int32_t;

struct DecodeItem {
  SequenceId sequence = 0;
  TokenId token = 0;
};

/// Called with intermediate activations in host memory, for golden tests and `verify`:
/// "embedding", "layer.3" (residual stream after it), "final_norm"; "layer.0.q", ".k" (after RoPE),
/// ".v". rows x cols fp32, valid during the call.
using Probe = std::function<void(std::string_view name, ConstTensor host_values)>;

/// Bytes a session needs, before anything is allocated.
struct MemoryPlan {
  std::int64_t weights_bytes = 0;
  std::int64_t kv_bytes = 0;
  std::int64_t scratch_bytes = 0;
  std::int64_t total() const { return weights_bytes + kv_bytes + scratch_bytes; }
};

/// Threads: one at a time. Errors: throws Error for what ends the run.
/// Logits are a function of the sequence's tokens alone, whatever else is in the batch.
class Session {
 public:
  virtual ~Session() = default;

  virtual const ModelConfig& config() const = 0;
  virtual DeviceInfo device_info() const = 0;
  virtual KvType kv_type() const = 0;
  virtual MemoryPlan memory() const = 0;
  virtual std::int64_t max_context() const = 0;
  virtual std::int64_t max_batch() const = 0;
  virtual std::optional<std::int64_t> device_peak_bytes() const { return std::nullopt; }
  virtual std::optional<DeviceSensors> device_sensors() const { return std::nullopt; }
  /// Of the device's own memory, measured now; nothing when it is host memory.
  virtual std::optional<double> device_bandwidth_gb_per_s() { return std::nullopt; }

  /// KV pages not held by any sequence. A sequence of n tokens holds ceil(n / kKvPageTokens).
  virtual std::int32_t free_pages() const = 0;

  /// A new, empty sequence.
  virtual SequenceId open() = 0;
  /// A sequence with the same tokens so far; full pages are shared.
  virtual SequenceId fork(SequenceId from) = 0;
  virtual void close(SequenceId sequence) = 0;
  virtual std::int64_t length(SequenceId sequence) const = 0;

  /// Whether sequences can make room for others: `suspend` moves a sequence's keys and values to
  /// host memory and frees their pages, `resume` brings them back (it needs suspended_pages() free
  /// ones) without changing a bit. A suspended sequence may only be resumed or closed.
  virtual bool can_suspend() const { return false; }
  virtual void suspend(SequenceId) {}
  virtual void resume(SequenceId) {}
  virtual std::int32_t suspended_pages(SequenceId) const { return 0; }

  /// Tokens of a prompt that one step takes (Device::prefill_chunk).
  virtual std::int64_t prefill_chunk() const { return kPrefillChunk; }
  /// Appends tokens (at least one) in chunks fixed by absolute position. Writes logits of the last
  /// token, or of every token, to `logits` ([1, vocab] or [tokens.size(), vocab]).
  virtual void prefill(SequenceId sequence, std::span<const TokenId> tokens, bool all_logits,
                       std::span<float> logits) = 0;
  /// Appends one token to each of the sequences (all different); logits [items.size(), vocab].
  virtual void decode(std::span<const DecodeItem> items, std::span<float> logits) = 0;

  /// The same, and draws each sequence's next token from its logits, which stay where they are.
  /// draws and drawn are as long as items.
  virtual void decode_and_draw(std::span<const DecodeItem> items,
                               std::span<const numerics::DrawRequest> draws,
                               std::span<numerics::Drawn> drawn);

  /// Null: none. Costs time; never on while measuring.
  virtual void set_probe(Probe probe) = 0;
};

}  // namespace assay
