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

/// Everything of a plan record but decoding{}, tasks[] and what add_ceilings measures.
nlohmann::json plan_record(const LoadedModel& model, const BackendSpec& spec, Numerics numerics,
                           const DeviceInfo& device, const MemoryPlan& memory, KvType kv_type);

/// Bytes of weights that one forward pass reads: all of them but an embedding table that only gives
/// single rows.
std::int64_t weights_read_bytes(const ModelFile& model);

/// Two operations (a multiplication, an addition) for each element of the matrices that one token
/// passes through. Attention over the context is not counted.
std::int64_t flops_per_token(const ModelFile& model);

/// Read bandwidth in GB/s: of the device's own memory, else over the model's weights with the
/// device's threads.
double measure_bandwidth(Session& session, const ModelFile& model);

/// The device's roofs, measured now: `bandwidth_gb_per_s` over this model's weights and, of a host,
/// the `peaks` of its arithmetic.
void add_ceilings(Session& session, const ModelFile& model, nlohmann::json* plan);

/// A device's sensors now, without its energy; null: it has none.
nlohmann::json sensors_record(const std::optional<DeviceSensors>& sensors);

/// Writes the device's name and sensors into a plan record, where it is not the host.
void add_gpu(const Session& session, nlohmann::json* plan);

/// Measures what this process uses from its construction on.
class UsageMeter {
 public:
  UsageMeter();
  /// The device's energy counts from here on, too.
  void watch(const Session& session);
  /// A totals record.
  nlohmann::json totals_record(const RunTotals& totals, const Session* session) const;

 private:
  nlohmann::json energy_record(const std::optional<DeviceSensors>& now) const;

  std::optional<double> start_device_joules_;
  double start_wall_;
  double start_cpu_;
  EnergyMeter energy_;
};

}  // namespace assay
