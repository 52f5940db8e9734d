#include "harness/host.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace assay {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::optional<std::string> first_line(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  while (!line.empty() && (line.back() == '\0' || line.back() == ' ')) line.pop_back();
  return line;
}

std::optional<std::int64_t> read_integer(const fs::path& path) {
  const std::optional<std::string> line = first_line(path);
  std::int64_t value = 0;
  if (!line) return std::nullopt;
  const auto parsed = std::from_chars(line->data(), line->data() + line->size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

/// The value after "name:" in a file of such lines, in the unit it is written in.
std::optional<std::string> colon_value(const char* path, std::string_view name) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(name, 0) != 0) continue;
    const std::size_t at = line.find(':');
    if (at == std::string::npos) continue;
    const std::size_t from = line.find_first_not_of(" \t", at + 1);
    return from == std::string::npos ? std::string() : line.substr(from);
  }
  return std::nullopt;
}

std::optional<std::int64_t> kilobytes(const char* path, std::string_view name) {
  const std::optional<std::string> text = colon_value(path, name);
  if (!text) return std::nullopt;
  return std::strtoll(text->c_str(), nullptr, 10) * 1024;
}

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

std::optional<std::string> cpu_name() {
  if (auto x86 = colon_value("/proc/cpuinfo", "model name")) return x86;
  return colon_value("/proc/cpuinfo", "Hardware");
}

/// The hottest readable sensor.
std::optional<double> temperature_c() {
  std::optional<double> hottest;
  std::error_code error;
  for (const auto& zone : fs::directory_iterator("/sys/class/thermal", error)) {
    if (zone.path().filename().string().rfind("thermal_zone", 0) != 0) continue;
    if (const auto milli = read_integer(zone.path() / "temp")) {
      hottest = std::max(hottest.value_or(-273.0), static_cast<double>(*milli) / 1000);
    }
  }
  return hottest;
}

/// Joules of all packages; counters that wrap are read as they are.
std::optional<double> rapl_joules() {
  std::optional<double> total;
  std::error_code error;
  for (const auto& zone : fs::directory_iterator("/sys/class/powercap", error)) {
    const std::string name = zone.path().filename().string();
    // "intel-rapl:0" is a package; "intel-rapl:0:1" is a part of one.
    if (name.rfind("intel-rapl:", 0) != 0 || std::count(name.begin(), name.end(), ':') != 1) {
      continue;
    }
    if (const auto micro = read_integer(zone.path() / "energy_uj")) {
      total = total.value_or(0) + static_cast<double>(*micro) / 1e6;
    }
  }
  return total;
}

}  // namespace

json host_context() {
  const std::optional<std::string> cpu = cpu_name();
  const std::optional<std::string> board = first_line("/proc/device-tree/model");
  utsname system{};
  ::uname(&system);
  json load = nullptr;
  if (double averages[1] = {0}; ::getloadavg(averages, 1) == 1) load = averages[0];
  return {
      {"name", board ? json(*board) : or_null(cpu)},
      {"cpu", or_null(cpu)},
      {"gpu", nullptr},
      {"memory_bytes", or_null(kilobytes("/proc/meminfo", "MemTotal"))},
      {"os", fmt::format("{} {}", system.sysname, system.machine)},
      {"kernel", system.release},
      {"governor", or_null(first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))},
      {"cpu_mhz",
       [] {
         const auto text = colon_value("/proc/cpuinfo", "cpu MHz");
         return text ? json(std::strtod(text->c_str(), nullptr)) : json(nullptr);
       }()},
      {"temperature_c", or_null(temperature_c())},
      {"load_average", load},
  };
}

std::optional<std::int64_t> host_peak_bytes() {
  return kilobytes("/proc/self/status", "VmHWM");
}

std::optional<std::int64_t> host_pss_bytes() {
  return kilobytes("/proc/self/smaps_rollup", "Pss");
}

bool reset_host_peak() {
  // proc(5): writing 5 resets VmHWM to the current resident set.
  std::ofstream out("/proc/self/clear_refs");
  out << "5" << std::flush;
  return out.good();
}

double process_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

EnergyMeter::EnergyMeter() : start_joules_(rapl_joules()) {}

json EnergyMeter::read() const {
  const std::optional<double> now = rapl_joules();
  // A counter that wrapped gives a smaller value: not measured rather than wrong.
  if (!start_joules_ || !now || *now <= *start_joules_) return nullptr;
  return {{"joules", *now - *start_joules_}, {"source", "rapl"}};
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace assay
