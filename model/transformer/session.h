// Lifts a Device to a Session: the Llama / Qwen2 / Qwen3 forward pass, written once, over a paged
// KV cache. Llama: arXiv 2302.13971; GQA: 2305.13245; RoPE: 2104.09864; Qwen2: 2407.10671.
#pragma once

#include <memory>

#include "core/device.h"
#include "core/error.h"
#include "core/session.h"
#include "model/model_file.h"

namespace assay {

struct SessionOptions {
  std::int64_t max_context = 4096;  ///< tokens of one sequence, prompt and completion
  std::int64_t max_batch = 1;       ///< sequences in one decode step
  /// Sequences of full length the KV cache can hold; 0: max_batch.
  std::int64_t kv_sequences = 0;
  /// Pages of the KV cache; 0: enough for all kv_sequences at their full length.
  std::int32_t kv_pages = 0;
  KvType kv_type = KvType::f16;
};

/// fp32 for fp32 checkpoints, fp16 otherwise (docs/architecture.md, identical decoding).
KvType default_kv_type(const ModelFile& model);

/// What the session will need on this device; nothing is allocated.
MemoryPlan plan_memory(const ModelFile& model, const Device& device, const SessionOptions& options);

/// Error{environment} with every number and what to lower, when the plan exceeds the device's free
/// memory.
Result<void> check_memory(const MemoryPlan& plan, const Device& device,
                          const SessionOptions& options);

/// The plan, with options->kv_pages lowered to what the device's free memory holds where not every
/// sequence fits at its full length: they grow as they go, and take turns (Session::suspend) if it
/// comes to that. check_memory's error when not even one fits.
Result<MemoryPlan> fit_memory(const ModelFile& model, const Device& device,
                              SessionOptions* options);

/// Checks the memory plan, uploads the weights, allocates KV and scratch. Error{environment} with
/// every number when it does not fit, Error{usage} for a context beyond the model's.
Result<std::unique_ptr<Session>> make_session(std::shared_ptr<const ModelFile> model,
                                              std::unique_ptr<Device> device,
                                              const SessionOptions& options);

}  // namespace assay
