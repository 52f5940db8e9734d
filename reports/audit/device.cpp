#include "reports/audit/device.h"

#include <algorithm>

#include "core/json_access.h"
#include "reports/audit/embedded.h"
#include "reports/audit/fields.h"

namespace assay {
namespace {

using nlohmann::json;

std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

}  // namespace

Result<DeviceProfile> parse_device(const json& value, const std::string& where) {
  std::string error;
  Fields of(value, where, &error);
  DeviceProfile out;
  out.name = of.text("name");
  if (of.text("kind") != "datasheet") {
    of.fail("kind", "must be \"datasheet\": what was measured belongs into a report");
  }
  out.title = of.text("title", false);
  if (out.title.empty()) out.title = out.name;
  out.aliases = of.texts("aliases");
  out.memory = of.text("memory", false);
  out.memory_bytes = of.integer("memory_bytes", 1, std::int64_t{1} << 50).value_or(1);
  out.app_memory_bytes = of.integer("app_memory_bytes", 1, out.memory_bytes, false).value_or(0);
  out.bandwidth_gb_per_s = of.number("bandwidth_gb_per_s", 1e-3, 1e7).value_or(1);
  out.arithmetic = of.text("arithmetic", false);
  out.source = of.text("source");
  out.note = of.text("note", false);
  if (const json& compute = json_member(value, "compute"); !compute.is_null()) {
    Fields inner(compute, where + ".compute", &error);
    out.operations_per_s = inner.number("operations_per_s", 1, 1e20).value_or(1);
    out.compute = inner.text("what");
  }
  if (!error.empty()) return env_failure(error, "see reports/audit/devices for examples");
  return out;
}

const std::vector<DeviceProfile>& known_devices() {
  static const std::vector<DeviceProfile> kDevices = [] {
    std::vector<DeviceProfile> out;
    for (const EmbeddedText& file : embedded_devices()) {
      const json value = value_or_throw(parse_json(file.text));
      out.push_back(value_or_throw(parse_device(value, std::string(file.name))));
    }
    return out;
  }();
  return kDevices;
}

const DeviceProfile* find_device(const std::vector<DeviceProfile>& devices,
                                 const std::string& name) {
  const std::string wanted = plain(name);
  const auto is_it = [&wanted](const std::string& own) { return plain(own) == wanted; };
  for (const DeviceProfile& device : devices) {
    if (is_it(device.name) || is_it(device.title) ||
        std::any_of(device.aliases.begin(), device.aliases.end(), is_it)) {
      return &device;
    }
  }
  return nullptr;
}

json device_json(const DeviceProfile& device) {
  const auto text = [](const std::string& value) { return value.empty() ? json() : json(value); };
  return {
      {"name", device.name},
      {"title", device.title},
      {"kind", "datasheet"},
      {"memory", text(device.memory)},
      {"memory_bytes", device.memory_bytes},
      {"app_memory_bytes", device.app_memory_bytes > 0 ? json(device.app_memory_bytes) : json()},
      {"bandwidth_gb_per_s", device.bandwidth_gb_per_s},
      {"arithmetic", text(device.arithmetic)},
      {"operations_per_s", device.operations_per_s > 0 ? json(device.operations_per_s) : json()},
      {"compute", text(device.compute)},
      {"source", device.source},
      {"note", text(device.note)}};
}

}  // namespace assay
