// What a model is called in reports.
#pragma once

#include <string>

namespace assay {

/// The last component of `stated` (a file's general.name may be a path of its maker's machine), or
/// of `path` without ".gguf" when there is none; safe to print, never with a slash.
std::string model_name(const std::string& stated, const std::string& path);

}  // namespace assay
