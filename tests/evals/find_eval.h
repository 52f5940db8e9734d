// An eval of the registry by name.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string_view>

#include "core/plugins.h"

namespace assay::testing {

inline std::unique_ptr<Eval> make_eval(std::string_view name) {
  for (const EvalPlugin& plugin : eval_plugins()) {
    if (plugin.name == name) return plugin.create();
  }
  ADD_FAILURE() << "no eval " << name;
  return nullptr;
}

}  // namespace assay::testing
