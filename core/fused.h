// For devices that know a faster way through a whole model than kernel by kernel: the weights by
// their place in it, and the forward pass that a device may offer for some steps.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/device.h"
#include "core/error.h"
#include "core/model_config.h"

namespace assay {

/// Borrowed; absent parts are null.
struct ModelWeights {
  struct Layer {
    const DeviceWeight* attn_norm = nullptr;
    const DeviceWeight* q = nullptr;
    const DeviceWeight* k = nullptr;
    const DeviceWeight* v = nullptr;
    const DeviceWeight* q_bias = nullptr;
    const DeviceWeight* k_bias = nullptr;
    const DeviceWeight* v_bias = nullptr;
    const DeviceWeight* q_norm = nullptr;
    const DeviceWeight* k_norm = nullptr;
    const DeviceWeight* attn_out = nullptr;
    const DeviceWeight* ffn_norm = nullptr;
    const DeviceWeight* gate = nullptr;
    const DeviceWeight* up = nullptr;
    const DeviceWeight* down = nullptr;
  };
  const DeviceWeight* embedding = nullptr;
  std::vector<Layer> layers;
  const DeviceWeight* final_norm = nullptr;
  const DeviceWeight* head = nullptr;  ///< the embedding where tied
};

/// A forward pass of a device's own. Under `exact` it gives the bits that the single kernels give;
/// under `fast`, where it may round otherwise, it serves every step of a session.
class FusedForward {
 public:
  virtual ~FusedForward() = default;
  /// Whether the single kernels give the same bits: the session compares them once.
  virtual bool equals_single_kernels() const = 0;
  /// Whether it takes this step; the caller goes kernel by kernel otherwise.
  virtual bool serves(const Batch& batch) const = 0;
  /// Runs a decode step, which appends to the cache; ids were checked by the caller. Logits of
  /// every row, in device memory, until the next call.
  virtual ConstTensor decode(const Batch& batch, std::span<const TokenId> ids) = 0;
  /// Runs a prompt's chunk, likewise: every row's residual stream behind the last layer. Of a pass
  /// that serves decode alone nobody asks it.
  virtual void prefill(const Batch& /*batch*/, std::span<const TokenId> /*ids*/,
                       Tensor /*residual*/) {
    ASSAY_ASSERT(false);
  }
};

/// What a forward pass is made of; all outlives it.
struct FusedParts {
  const ModelConfig& config;
  const ModelWeights& weights;
  KvCache& kv;
  const numerics::RopeTable& rope;
  std::int64_t max_context = 0;
  std::int64_t max_batch = 1;
};

}  // namespace assay
