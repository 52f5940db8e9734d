// Which build of assay this is: report.json's tool{}.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assay {

std::string version();
/// {version, commit, dirty, compiler, build_type, sanitizers}; commit and dirty are null when built
/// outside a git checkout.
nlohmann::json build_info();

}  // namespace assay
