// `assay project`: does a model fit on a device, and how fast can it be at most? A projection from
// a data sheet and a shape, never a measurement, and always marked as one.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "reports/audit/device.h"
#include "reports/audit/shape.h"

namespace assay {

struct ProjectRequest {
  const ModelShape* shape = nullptr;
  const DeviceProfile* device = nullptr;
  SizesOf sizes_of;
  /// A model file's own bytes; is_real false in an unnamed row: there is none.
  WeightSizes own;
  std::int64_t context = 4096;
  std::int64_t batch = 1;
  /// Activations and logits of the forward pass at a context and batch.
  std::int64_t scratch_bytes = 0;
};

/// docs/formats.md, "Projection".
nlohmann::json project_model(const ProjectRequest& request);
std::string project_text(const nlohmann::json& projection);

}  // namespace assay
