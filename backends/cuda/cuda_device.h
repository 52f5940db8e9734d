// core/device.h on an NVIDIA GPU: kernels are queued on one stream, `read` waits for them.
#pragma once

#include <memory>

#include "core/device.h"
#include "core/error.h"
#include "core/types.h"

namespace assay::cuda {

/// How a decode step of the whole model is queued where the device has a way of its own.
enum class FusedMode {
  off,    ///< kernel by kernel
  layer,  ///< one sequence: five kernels a layer, in a CUDA graph
  step    ///< one sequence: one kernel; batches under `fast`: one graph
};

/// What multiplies BF16 weights in prefill under `fast`.
enum class GemmChoice {
  automatic,  ///< own kernels on sm_90; elsewhere cuBLASLt where it is found
  own,
  cublaslt
};

struct DeviceChoice {
  int device = 0;
  Numerics numerics = Numerics::exact;
  FusedMode fused = FusedMode::step;
  GemmChoice gemm = GemmChoice::automatic;
};

/// Under `exact` it computes exact/1; under `fast` likewise, but for BF16 weights, whose
/// activations are rounded to bf16 for the tensor cores (semantics "exact/1+bf16"), and attention
/// of prompts (with BF16 weights, of batches too), whose queries and probabilities are to fp16.
///
/// Makes the GPU the thread's and starts a stream on it. Error{environment} when there is no such
/// GPU, none that this build's kernels run on, or not the library that was chosen.
Result<std::unique_ptr<Device>> make_device(const DeviceChoice& choice);

}  // namespace assay::cuda
