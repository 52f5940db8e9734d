// A float checkpoint to a quantised GGUF file that assay and llama.cpp load.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "harness/progress.h"
#include "harness/quantize/mixture.h"
#include "model/model_file.h"

namespace assay {

struct QuantizeOptions {
  Mixture mixture;
  int threads = 0;         ///< 0: the physical cores
  bool overwrite = false;  ///< replace an existing file
};

struct QuantizeSummary {
  std::int64_t bytes_in = 0;   ///< of the tensors
  std::int64_t bytes_out = 0;  ///< of the file
  std::int64_t parameters = 0;
  std::map<std::string, int> tensors_by_type;
  /// Relative root mean square error over all matrices that were quantised.
  double relative_error = 0;
};

/// Writes `out` (a temporary file beside it is renamed at the end). The bytes depend on the model
/// and the mixture alone. Throws Error: {usage} when `out` exists or a tensor of the model is
/// quantised already; {environment} when the disk is short of room, or a weight is NaN or infinite.
QuantizeSummary quantize_model(const ModelFile& model, const std::string& out,
                               const QuantizeOptions& options, const Listener& listener);

}  // namespace assay
