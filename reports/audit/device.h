// Devices as their makers describe them. Nothing here was measured: a profile says "datasheet", and
// what was measured stands in reports, never among these.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/error.h"

namespace assay {

struct DeviceProfile {
  std::string name;  ///< "rtx-3060"
  std::string title;
  std::vector<std::string> aliases;
  std::string memory;  ///< "12 GB GDDR6"
  std::int64_t memory_bytes = 0;
  std::int64_t app_memory_bytes = 0;  ///< what its system gives to one app; 0: all of it
  double bandwidth_gb_per_s = 0;      ///< 10^9 bytes a second
  std::string arithmetic;             ///< how bus width and data rate give it
  double operations_per_s = 0;        ///< multiplications and additions; 0: not stated
  std::string compute;                ///< which
  std::string source;
  std::string note;

  std::int64_t usable_bytes() const {
    return app_memory_bytes > 0 ? app_memory_bytes : memory_bytes;
  }
};

/// Error{environment} names the first thing wrong; "kind" must be "datasheet".
Result<DeviceProfile> parse_device(const nlohmann::json& value, const std::string& where);

/// Those compiled in, by name.
const std::vector<DeviceProfile>& known_devices();
/// By name, title or alias; capitals, spaces and punctuation do not count. Null: none.
const DeviceProfile* find_device(const std::vector<DeviceProfile>& devices,
                                 const std::string& name);

/// As `assay list devices --json` and the audit show it.
nlohmann::json device_json(const DeviceProfile& device);

}  // namespace assay
