#include "harness/build_info.h"

#include <nlohmann/json.hpp>

#include "harness/git_revision.h"

namespace assay {

std::string version() {
  return ASSAY_VERSION;
}

nlohmann::json build_info() {
  const std::string commit = kGitCommit;
#if defined(__clang__)
  const std::string compiler = "clang " __clang_version__;
#else
  const std::string compiler = "gcc " __VERSION__;
#endif
  nlohmann::json info = {{"version", version()},
                         {"commit", nullptr},
                         {"dirty", nullptr},
                         {"compiler", compiler},
                         {"build_type", ASSAY_BUILD_TYPE},
                         {"sanitizers", nullptr}};
  if (!commit.empty()) {
    info["commit"] = commit;
    info["dirty"] = kGitDirty;
  }
  if (const std::string sanitizers = ASSAY_SANITIZERS; !sanitizers.empty()) {
    info["sanitizers"] = sanitizers;
  }
  return info;
}

}  // namespace assay
