// What the host is and what this process used of it. Linux: /proc and /sys; what cannot be read is
// null, never 0. No user name, host name or path is ever read.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace assay {

/// {name, cpu, gpu, memory_bytes, os, kernel, governor, cpu_mhz, temperature_c, load_average};
/// `name` is the board's model where the firmware tells it, else the CPU's.
nlohmann::json host_context();

/// Peak resident set (VmHWM) and current proportional set (PSS) in bytes.
std::optional<std::int64_t> host_peak_bytes();
std::optional<std::int64_t> host_pss_bytes();
/// Lets the next host_peak_bytes() count from now; false where the kernel does not allow it.
bool reset_host_peak();

/// User and system CPU seconds of this process.
double process_cpu_seconds();

/// Energy counters of the machine's packages (RAPL), where they are readable.
class EnergyMeter {
 public:
  EnergyMeter();
  /// {joules, source} since construction, or null ("not measured").
  nlohmann::json read() const;

 private:
  std::optional<double> start_joules_;
};

/// "2026-11-23T21:00:05Z".
std::string utc_now();

}  // namespace assay
