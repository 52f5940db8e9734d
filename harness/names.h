// Looking names up among what is registered; an unknown one is an Error{usage} that lists the
// known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/plugins.h"

namespace assay {

Result<const BackendPlugin*> find_backend(std::string_view name);
/// Of our own backends the fastest that runs on this machine's processor: what a command takes that
/// names none.
std::string default_backend();
/// A task is a dataset graded by the eval that its manifest names.
Result<const DatasetPlugin*> find_task(std::string_view name);
Result<const EvalPlugin*> find_eval(std::string_view name);

/// "unknown task 'x'" with what is known, and the nearest name if one is near.
Error unknown_name(std::string_view kind, std::string_view name,
                   const std::vector<std::string>& known);

}  // namespace assay
