// The GPU's sensors, through NVIDIA's management library where the driver brought it: opened at run
// time, so that nothing needs it.
#pragma once

#include <memory>
#include <string>

#include "core/device.h"

namespace assay::cuda {

class Nvml {
 public:
  /// Of the GPU with this PCI bus id ("00000000:01:00.0").
  explicit Nvml(const std::string& pci_bus_id);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;
  /// Fills what can be read.
  void read(DeviceSensors* sensors) const;

 private:
  struct Library;
  std::unique_ptr<Library> library_;
  void* device_ = nullptr;
};

/// The reasons in the bits of nvmlDeviceGetCurrentClocksEventReasons, as a person reads them.
std::string throttle_text(unsigned long long reasons);

}  // namespace assay::cuda
