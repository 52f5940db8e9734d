#include "model/model_name.h"

#include <filesystem>

#include "core/text.h"

namespace assay {
namespace {

std::string last_component(std::string name) {
  while (!name.empty() && (name.back() == '/' || name.back() == '\\')) name.pop_back();
  const std::size_t slash = name.find_last_of("/\\");
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

}  // namespace

std::string model_name(const std::string& stated, const std::string& path) {
  constexpr std::string_view kExtension = ".gguf";
  std::string name = last_component(stated);
  if (name.empty()) {
    // "." and "dir/.." have names too, once they are resolved.
    std::error_code ignored;
    const std::filesystem::path resolved = std::filesystem::weakly_canonical(path, ignored);
    name = last_component(ignored ? path : resolved.string());
    if (name.ends_with(kExtension)) name.resize(name.size() - kExtension.size());
  }
  return name.empty() ? "model" : name_for_message(name);
}

}  // namespace assay
