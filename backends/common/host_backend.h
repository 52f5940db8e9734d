// What the host backends' plug-ins share: instruction-set levels, their choice by `isa=`, and the
// device made of the level that was chosen.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/common/gemm_library.h"
#include "backends/common/kernel_table.h"
#include "core/plugins.h"

namespace assay::host {

struct Level {
  std::string_view name;                 ///< as isa= takes it and the report says it
  const KernelTable* kernels = nullptr;  ///< null: this build or this machine lacks it
};

/// The levels of one backend, the slowest first.
class Levels {
 public:
  explicit Levels(std::vector<Level> levels) : levels_(std::move(levels)) {}
  const std::vector<Level>& all() const { return levels_; }
  /// The best that runs here; null: none.
  const KernelTable* best() const;
  const Level* find(std::string_view name) const;
  /// "auto|scalar|avx2".
  std::string option_values() const;

 private:
  std::vector<Level> levels_;
};

/// The value of an option of the request, or `otherwise`.
std::string option_or(const BackendRequest& request, const std::string& name,
                      const std::string& otherwise);

/// Error{usage}: "cpu: option pin=yes is unknown", use pin=`values`.
tl::unexpected<Error> unknown_value(std::string_view backend, const std::string& name,
                                    const std::string& value, std::string_view values);

/// Checks the number of threads and that every option is one of `known`.
Result<void> check_request(std::string_view backend, const BackendRequest& request,
                           const std::set<std::string>& known);

/// A HostDevice with the level that isa= names (the best, if none), request.threads and pin=.
/// Error{environment} for a level that this build or machine lacks.
Result<std::unique_ptr<Device>> create_device(std::string_view backend, const Levels& levels,
                                              const BackendRequest& request,
                                              std::unique_ptr<GemmLibrary> library);

/// "avx512, 2 threads"; some level must run here.
std::string describe(const Levels& levels);

}  // namespace assay::host
