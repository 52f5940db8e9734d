// Which backends this build has; for tests that link the registry.
#pragma once

#include <algorithm>
#include <string_view>

#include "core/plugins.h"

namespace assay::testing {

inline const BackendPlugin* find_backend_plugin(std::string_view name) {
  const auto& all = backend_plugins();
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const auto& p) { return p.name == name; });
  return found == all.end() ? nullptr : &*found;
}

inline bool is_registered(std::string_view name) {
  return find_backend_plugin(name) != nullptr;
}

}  // namespace assay::testing
