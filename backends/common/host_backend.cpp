#include "backends/common/host_backend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "backends/common/host_device.h"
#include "core/error.h"

namespace assay::host {
namespace {

constexpr int kMaxThreads = 1024;

Result<const KernelTable*> choose_level(std::string_view backend, const Levels& levels,
                                        const BackendRequest& request) {
  const std::string wanted = option_or(request, "isa", "auto");
  if (wanted == "auto" && levels.best() != nullptr) return levels.best();
  const Level* level = levels.find(wanted);
  if (level == nullptr && wanted != "auto") {
    return unknown_value(backend, "isa", wanted, levels.option_values());
  }
  if (level != nullptr && level->kernels != nullptr) return level->kernels;
  return failure(
      ErrorKind::environment, fmt::format("{}: this machine cannot run isa={}", backend, wanted),
      levels.best() == nullptr ? std::string("it runs no level of this backend: use another")
                               : fmt::format("the best it runs is isa={}", levels.best()->isa));
}

}  // namespace

const KernelTable* Levels::best() const {
  const KernelTable* best = nullptr;
  for (const Level& level : levels_) {
    if (level.kernels != nullptr) best = level.kernels;
  }
  return best;
}

const Level* Levels::find(std::string_view name) const {
  for (const Level& level : levels_) {
    if (level.name == name) return &level;
  }
  return nullptr;
}

std::string Levels::option_values() const {
  std::string values = "auto";
  for (const Level& level : levels_) values += fmt::format("|{}", level.name);
  return values;
}

std::string option_or(const BackendRequest& request, const std::string& name,
                      const std::string& otherwise) {
  const auto found = request.options.find(name);
  return found == request.options.end() ? otherwise : found->second;
}

tl::unexpected<Error> unknown_value(std::string_view backend, const std::string& name,
                                    const std::string& value, std::string_view values) {
  return failure(ErrorKind::usage, fmt::format("{}: option {}={} is unknown", backend, name, value),
                 fmt::format("use {}={}", name, values));
}

Result<void> check_request(std::string_view backend, const BackendRequest& request,
                           const std::set<std::string>& known) {
  for (const auto& [name, value] : request.options) {
    if (!known.contains(name)) {
      return failure(ErrorKind::usage, fmt::format("{}: option '{}' is unknown", backend, name),
                     fmt::format("{} knows {}", backend, fmt::join(known, ", ")));
    }
  }
  if (request.threads < 0 || request.threads > kMaxThreads) {
    return failure(ErrorKind::usage, fmt::format("{}: {} threads", backend, request.threads),
                   fmt::format("use 1 to {}, or 0 for one per physical core", kMaxThreads));
  }
  return {};
}

Result<std::unique_ptr<Device>> create_device(std::string_view backend, const Levels& levels,
                                              const BackendRequest& request,
                                              std::unique_ptr<GemmLibrary> library) {
  const auto kernels = choose_level(backend, levels, request);
  if (!kernels) return tl::unexpected(kernels.error());
  const std::string pin = option_or(request, "pin", "off");
  if (pin != "on" && pin != "off") return unknown_value(backend, "pin", pin, "off|on");
  const bool exact = request.numerics == Numerics::exact;
  return std::make_unique<HostDevice>(
      HostOptions{.backend = std::string(backend),
                  .kernels = *kernels,
                  .threads = request.threads > 0 ? request.threads : usable_physical_cores(),
                  .pin = pin == "on",
                  .semantics = exact ? std::string(kExactSemantics) : std::string("f32"),
                  .library = std::move(library)});
}

std::string describe(const Levels& levels) {
  const int threads = usable_physical_cores();
  return fmt::format("{}, {} thread{}", levels.best()->isa, threads, threads == 1 ? "" : "s");
}

}  // namespace assay::host
