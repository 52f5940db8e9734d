// Sizes shared by the memory plan and the session, so that the plan is what is allocated.
#pragma once

#include <cstdint>

#include "core/device.h"
#include "core/model_config.h"
#include "model/transformer/session.h"

namespace assay {

/// Rows of logits computed at once when all positions are wanted.
inline constexpr std::int64_t kHeadRows = 32;

struct BufferSizes {
  std::int64_t rows = 0;       ///< rows of one forward step
  std::int64_t head_rows = 0;  ///< rows of logits
  std::int64_t floats = 0;     ///< of all activation buffers together
};

KvLayout kv_layout(const ModelConfig& config, const SessionOptions& options);
/// chunk: Device::prefill_chunk.
BufferSizes buffer_sizes(const ModelConfig& config, const SessionOptions& options,
                         std::int64_t chunk);

}  // namespace assay
