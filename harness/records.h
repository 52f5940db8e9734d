// The journal's records that run and bench share (core/journal.h has their fields).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/completer.h"
#include "core/session.h"
#include "harness/engine.h"
#include "harness/host.h"

namespace assay {

/// The text, or null for an empty one.
nlohmann::json text_or_null(const std::string& text);

/// Everything of a plan record but decoding{} and tasks[]. bandwidth: measured read bandwidth in
/// GB/s of this device over this model's weights.
nlohmann::json plan_record(const LoadedModel& model, const BackendSpec& spec, Numerics numerics,
                           const DeviceInfo& device, const MemoryPlan& memory, KvType kv_type,
                           double bandwidth_gb_per_s);

/// Bytes of weights that one forward pass reads: all of them but an embedding table that only gives
/// single rows.
std::int64_t weights_read_bytes(const ModelFile& model);

/// Two operations (a multiplication, an addition) for each element of the matrices that one token
/// passes through. Attention over the context is not counted.
std::int64_t flops_per_token(const ModelFile& model);

/// Read bandwidth over the model's weights with the device's threads, in GB/s.
double measure_bandwidth(const ModelFile& model, int threads);

/// Measures what this process uses from its construction on.
class UsageMeter {
 public:
  UsageMeter();
  /// A totals record.
  nlohmann::json totals_record(const RunTotals& totals,
                               std::optional<std::int64_t> device_peak_bytes) const;

 private:
  double start_wall_;
  double start_cpu_;
  EnergyMeter energy_;
};

}  // namespace assay
