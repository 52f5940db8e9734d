#include "backends/cuda/nvml.h"

#include <dlfcn.h>

#include <utility>

namespace assay::cuda {
namespace {

// Of nvml.h, which a machine without the toolkit lacks.
constexpr int kSuccess = 0;
constexpr unsigned kSensorGpu = 0;
constexpr unsigned kClockSm = 1;
constexpr unsigned kClockMemory = 2;
constexpr unsigned kVersionChars = 80;

struct Reason {
  unsigned long long bit;
  const char* text;
};
/// Idle (1) and clocks set by a person (2) hold nothing down.
constexpr Reason kReasons[] = {{0x04, "power cap"},          {0x08, "hardware slowdown"},
                               {0x10, "sync boost"},         {0x20, "thermal (software)"},
                               {0x40, "thermal (hardware)"}, {0x80, "power brake"},
                               {0x100, "display clock"}};

}  // namespace

std::string throttle_text(unsigned long long reasons) {
  std::string text;
  for (const Reason& reason : kReasons) {
    if ((reasons & reason.bit) == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(reason.text);
  }
  return text.empty() ? "none" : text;
}

struct Nvml::Library {
  void* handle = nullptr;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*by_pci)(const char*, void**) = nullptr;
  int (*driver)(char*, unsigned) = nullptr;
  int (*energy)(void*, unsigned long long*) = nullptr;
  int (*temperature)(void*, unsigned, unsigned*) = nullptr;
  int (*power)(void*, unsigned*) = nullptr;
  int (*power_limit)(void*, unsigned*) = nullptr;
  int (*clock)(void*, unsigned, unsigned*) = nullptr;
  int (*reasons)(void*, unsigned long long*) = nullptr;

  template <class Function>
  void find(const char* name, Function* function) {
    *function = reinterpret_cast<Function>(dlsym(handle, name));
  }
};

Nvml::Nvml(const std::string& pci_bus_id) {
  auto library = std::make_unique<Library>();
  library->handle = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library->handle == nullptr) return;
  library->find("nvmlInit_v2", &library->init);
  library->find("nvmlShutdown", &library->shutdown);
  library->find("nvmlDeviceGetHandleByPciBusId_v2", &library->by_pci);
  library->find("nvmlSystemGetDriverVersion", &library->driver);
  library->find("nvmlDeviceGetTotalEnergyConsumption", &library->energy);
  library->find("nvmlDeviceGetTemperature", &library->temperature);
  library->find("nvmlDeviceGetPowerUsage", &library->power);
  library->find("nvmlDeviceGetEnforcedPowerLimit", &library->power_limit);
  library->find("nvmlDeviceGetClockInfo", &library->clock);
  library->find("nvmlDeviceGetCurrentClocksThrottleReasons", &library->reasons);
  library_ = std::move(library);
  if (library_->init == nullptr || library_->by_pci == nullptr || library_->init() != kSuccess ||
      library_->by_pci(pci_bus_id.c_str(), &device_) != kSuccess) {
    device_ = nullptr;
  }
}

Nvml::~Nvml() {
  if (!library_) return;
  if (library_->shutdown != nullptr) library_->shutdown();
  dlclose(library_->handle);
}

void Nvml::read(DeviceSensors* sensors) const {
  if (device_ == nullptr) return;
  const Library& nvml = *library_;
  char version[kVersionChars] = {};
  if (nvml.driver != nullptr && nvml.driver(version, kVersionChars) == kSuccess) {
    sensors->driver = version;
  }
  unsigned long long wide = 0;
  if (nvml.energy != nullptr && nvml.energy(device_, &wide) == kSuccess) {
    sensors->energy_joules = static_cast<double>(wide) / 1e3;
  }
  if (nvml.reasons != nullptr && nvml.reasons(device_, &wide) == kSuccess) {
    sensors->throttle = throttle_text(wide);
  }
  unsigned value = 0;
  if (nvml.temperature != nullptr && nvml.temperature(device_, kSensorGpu, &value) == kSuccess) {
    sensors->temperature_c = value;
  }
  if (nvml.power != nullptr && nvml.power(device_, &value) == kSuccess) {
    sensors->power_w = value / 1e3;
  }
  if (nvml.power_limit != nullptr && nvml.power_limit(device_, &value) == kSuccess) {
    sensors->power_limit_w = value / 1e3;
  }
  if (nvml.clock == nullptr) return;
  if (nvml.clock(device_, kClockSm, &value) == kSuccess) sensors->core_mhz = value;
  if (nvml.clock(device_, kClockMemory, &value) == kSuccess) sensors->memory_mhz = value;
}

}  // namespace assay::cuda
