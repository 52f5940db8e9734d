// A dataset of the registry by name.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "core/plugins.h"

namespace assay::testing {

inline const DatasetPlugin& dataset(std::string_view name) {
  for (const DatasetPlugin& plugin : dataset_plugins()) {
    if (plugin.manifest.name == name) return plugin;
  }
  ADD_FAILURE() << "no dataset " << name;
  return dataset_plugins().front();
}

}  // namespace assay::testing
