// Where a task's problems come from: embedded, or a file in the cache.
#pragma once

#include "core/eval.h"
#include "core/plugins.h"
#include "harness/progress.h"

namespace assay {

/// Available: embedded, or its file is in the cache. Looks at sizes, hashes nothing; never throws.
Availability dataset_availability(const DatasetManifest& manifest);

/// Reads all problems; a dataset that is not in the cache is fetched first. Throws Error.
DatasetContent read_dataset(const DatasetPlugin& plugin, const Listener& listener);

}  // namespace assay
