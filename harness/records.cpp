#include "harness/records.h"

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/journal.h"
#include "harness/bandwidth.h"
#include "harness/build_info.h"
#include "harness/peaks.h"

namespace assay {
namespace {

using nlohmann::json;

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json device_record(const DeviceInfo& info) {
  json device = host_context();
  device["isa"] = info.isa;
  device["threads"] = info.threads;
  device["bandwidth_gb_per_s"] = nullptr;  // add_ceilings measures it
  return device;
}

json model_record(const LoadedModel& model) {
  const ModelFile& file = *model.file;
  return {{"name", file.name},
          {"arch", file.config.arch_name},
          {"format", file.format},
          {"sha256", text_or_null(model.sha256)},
          {"file_bytes", file.file_bytes},
          {"parameters", file.parameters},
          {"flops_per_token", flops_per_token(file)},
          {"weight_type", file.weight_type}};
}

json backend_record(const BackendSpec& spec, Numerics numerics, const DeviceInfo& info) {
  json options = json::object();
  for (const auto& [name, value] : spec.options) options[name] = value;
  return {{"name", spec.name},
          {"numerics", numerics_name(numerics)},
          {"semantics", info.semantics},
          {"options", options},
          {"gemm_library", text_or_null(info.gemm_library)}};
}

}  // namespace

json text_or_null(const std::string& text) {
  return text.empty() ? json(nullptr) : json(text);
}

json plan_record(const LoadedModel& model, const BackendSpec& spec, Numerics numerics,
                 const DeviceInfo& device, const MemoryPlan& memory, KvType kv_type) {
  return {{"type", "plan"},
          {"schema_version", kJournalVersion},
          {"utc", utc_now()},
          {"tool", build_info()},
          {"device", device_record(device)},
          {"model", model_record(model)},
          {"backend", backend_record(spec, numerics, device)},
          {"identity",
           {{"numerics", numerics_name(numerics)},
            {"semantics", device.semantics},
            {"kv_type", kv_type == KvType::f16 ? "f16" : "f32"},
            {"batch_invariant", device.batch_invariant}}},
          {"memory",
           {{"planned_bytes", memory.total()},
            {"weights_bytes", memory.weights_bytes},
            {"weights_read_bytes", weights_read_bytes(*model.file)},
            {"kv_bytes", memory.kv_bytes},
            {"scratch_bytes", memory.scratch_bytes}}},
          {"tasks", json::array()}};
}

std::int64_t weights_read_bytes(const ModelFile& model) {
  std::int64_t total = 0;
  for (const auto& [name, view] : model.tensors) {
    if (name == "token_embd.weight" && !model.config.tied_embeddings) continue;
    total += static_cast<std::int64_t>(view.bytes.size());
  }
  return total;
}

std::int64_t flops_per_token(const ModelFile& model) {
  std::int64_t total = 0;
  for (const auto& [name, view] : model.tensors) {
    if (name == "token_embd.weight" && !model.config.tied_embeddings) continue;
    if (view.rows > 1 && view.cols > 1) total += 2 * view.rows * view.cols;
  }
  return total;
}

double measure_bandwidth(Session& session, const ModelFile& model) {
  if (const auto own = session.device_bandwidth_gb_per_s()) return *own;
  std::vector<std::span<const std::byte>> pieces;
  pieces.reserve(model.mappings.size());
  for (const auto& mapping : model.mappings) pieces.push_back(mapping->bytes());
  return read_bandwidth_in_child(pieces, session.device_info().threads);
}

void add_ceilings(Session& session, const ModelFile& model, json* plan) {
  json& device = (*plan)["device"];
  const double bandwidth = measure_bandwidth(session, model);
  device["bandwidth_gb_per_s"] = bandwidth > 0 ? json(bandwidth) : json(nullptr);
  if (session.device_bandwidth_gb_per_s()) return;  // it has memory of its own: no host
  const DeviceInfo info = session.device_info();
  json peaks = peaks_record(measure_arithmetic_peaks(info.isa, info.threads));
  if (!peaks.is_null()) device["peaks"] = std::move(peaks);
}

UsageMeter::UsageMeter() : start_wall_(now_seconds()), start_cpu_(process_cpu_seconds()) {}

json sensors_record(const std::optional<DeviceSensors>& sensors) {
  if (!sensors) return nullptr;
  return {{"driver", text_or_null(sensors->driver)},
          {"temperature_c", or_null(sensors->temperature_c)},
          {"power_w", or_null(sensors->power_w)},
          {"power_limit_w", or_null(sensors->power_limit_w)},
          {"core_mhz", or_null(sensors->core_mhz)},
          {"memory_mhz", or_null(sensors->memory_mhz)},
          {"throttle", text_or_null(sensors->throttle)}};
}

void add_gpu(const Session& session, json* plan) {
  const std::optional<DeviceSensors> sensors = session.device_sensors();
  if (!sensors) return;
  json& device = (*plan)["device"];
  device["name"] = sensors->name;
  device["gpu"] = sensors->name;
  device["gpu_state"] = sensors_record(sensors);
}

void UsageMeter::watch(const Session& session) {
  if (const auto sensors = session.device_sensors()) start_device_joules_ = sensors->energy_joules;
}

/// The host's packages and the device, as far as each has a counter.
json UsageMeter::energy_record(const std::optional<DeviceSensors>& now) const {
  json energy = energy_.read();
  if (!now || !now->energy_joules || !start_device_joules_) return energy;
  const double joules = *now->energy_joules - *start_device_joules_;
  if (energy.is_null()) return {{"joules", joules}, {"source", "nvml"}};
  return {{"joules", energy.at("joules").get<double>() + joules}, {"source", "rapl + nvml"}};
}

json UsageMeter::totals_record(const RunTotals& totals, const Session* session) const {
  std::optional<DeviceSensors> sensors;
  std::optional<std::int64_t> device_peak_bytes;
  if (session != nullptr) {
    sensors = session->device_sensors();
    device_peak_bytes = session->device_peak_bytes();
  }
  return {{"type", "totals"},
          {"prefill_tokens", totals.prefill_tokens},
          {"decode_tokens", totals.decode_tokens},
          {"decode_steps", totals.decode_steps},
          {"prefill_seconds", totals.prefill_seconds},
          {"decode_seconds", totals.decode_seconds},
          {"wall_seconds", now_seconds() - start_wall_},
          {"cpu_seconds", process_cpu_seconds() - start_cpu_},
          {"memory",
           {{"host_peak_bytes", or_null(host_peak_bytes())},
            {"host_pss_bytes", or_null(host_pss_bytes())},
            {"device_peak_bytes", or_null(device_peak_bytes)}}},
          {"gpu_state", sensors_record(sensors)},
          {"energy", energy_record(sensors)}};
}

}  // namespace assay
