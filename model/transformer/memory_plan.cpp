#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "core/text.h"
#include "model/transformer/buffers.h"
#include "model/transformer/session.h"

namespace assay {

KvType default_kv_type(const ModelFile& model) {
  const auto is_f32 = [](const auto& entry) { return entry.second.type == TensorType::F32; };
  return std::all_of(model.tensors.begin(), model.tensors.end(), is_f32) ? KvType::f32
                                                                         : KvType::f16;
}

KvLayout kv_layout(const ModelConfig& config, const SessionOptions& options) {
  const std::int64_t sequences = std::max(options.kv_sequences, options.max_batch);
  const std::int64_t pages = (options.max_context + kKvPageTokens - 1) / kKvPageTokens;
  KvLayout layout;
  layout.n_layers = config.n_layers;
  layout.n_kv_heads = config.n_kv_heads;
  layout.head_dim = config.head_dim;
  // One more for the unfinished last page of a prompt that samples share (decode/).
  layout.n_pages = options.kv_pages > 0
                       ? options.kv_pages
                       : static_cast<std::int32_t>(std::min<std::int64_t>(
                             sequences * pages + 1, std::numeric_limits<std::int32_t>::max()));
  layout.type = options.kv_type;
  return layout;
}

BufferSizes buffer_sizes(const ModelConfig& config, const SessionOptions& options,
                         std::int64_t chunk) {
  BufferSizes sizes;
  sizes.rows = std::max(options.max_batch, std::min(chunk, options.max_context));
  sizes.head_rows = std::max(options.max_batch, kHeadRows);
  const std::int64_t q = config.n_heads * config.head_dim;
  const std::int64_t kv = config.n_kv_heads * config.head_dim;
  sizes.floats = sizes.rows * (3 * config.hidden + 2 * q + 2 * kv + 2 * config.ffn) +
                 sizes.head_rows * (config.hidden + config.vocab);
  return sizes;
}

MemoryPlan plan_memory(const ModelFile& model, const Device& device,
                       const SessionOptions& options) {
  MemoryPlan plan;
  StepSizes most;
  for (const auto& [name, view] : model.tensors) {
    plan.weights_bytes += static_cast<std::int64_t>(view.bytes.size());
    most.input_width = std::max(most.input_width, view.cols);
  }
  const KvLayout kv = kv_layout(model.config, options);
  plan.kv_bytes = kv.page_bytes() * kv.n_pages;
  const BufferSizes sizes = buffer_sizes(model.config, options, device.prefill_chunk());
  most.rows = sizes.rows;
  most.head_rows = sizes.head_rows;
  most.heads_width = model.config.n_heads * model.config.head_dim;
  most.vocab = model.config.vocab;
  const std::int64_t rope_bytes =
      options.max_context * model.config.head_dim * static_cast<std::int64_t>(sizeof(float));
  plan.scratch_bytes = sizes.floats * static_cast<std::int64_t>(sizeof(float)) + rope_bytes +
                       device.scratch_bytes(most);
  return plan;
}

Result<void> check_memory(const MemoryPlan& plan, const Device& device,
                          const SessionOptions& options) {
  const std::int64_t free_bytes = device.free_bytes();
  if (plan.total() <= free_bytes) return {};
  return env_failure(
      fmt::format("it does not fit: weights {} + KV {} ({} sequences of {} tokens) + scratch {} = "
                  "{}, and {} has {} free",
                  format_bytes(plan.weights_bytes), format_bytes(plan.kv_bytes),
                  std::max(options.kv_sequences, options.max_batch), options.max_context,
                  format_bytes(plan.scratch_bytes), format_bytes(plan.total()),
                  device.info().backend, format_bytes(free_bytes)),
      "lower --context or --batch, or take a smaller quantisation");
}

Result<MemoryPlan> fit_memory(const ModelFile& model, const Device& device,
                              SessionOptions* options) {
  const MemoryPlan plan = plan_memory(model, device, *options);
  const Result<void> fits = check_memory(plan, device, *options);
  if (fits) return plan;
  SessionOptions smaller = *options;
  const std::int64_t least = (options->max_context + kKvPageTokens - 1) / kKvPageTokens + 1;
  const std::int64_t left = device.free_bytes() - plan.weights_bytes - plan.scratch_bytes;
  // A sixteenth stays free: others use the device, too, and allocators round up.
  const std::int64_t pages = (left - left / 16) / kv_layout(model.config, *options).page_bytes();
  if (pages < least) return tl::unexpected(fits.error());
  smaller.kv_pages = static_cast<std::int32_t>(pages);
  *options = smaller;
  return plan_memory(model, device, smaller);
}

}  // namespace assay
