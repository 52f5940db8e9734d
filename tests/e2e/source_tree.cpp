#include "tests/e2e/source_tree.h"

#include <algorithm>
#include <fstream>

namespace assay::testing {
namespace {

namespace fs = std::filesystem;

bool is_foreign_folder(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(".") || name.starts_with("build") || name == "runs" ||
         name == "__pycache__";
}

std::vector<SourceFile> read_tree() {
  const fs::path root = ASSAY_SOURCE_ROOT;
  std::vector<SourceFile> out;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    if (it->is_directory()) {
      if (is_foreign_folder(it->path())) it.disable_recursion_pending();
      continue;
    }
    SourceFile file{fs::relative(it->path(), root).generic_string(), {}};
    if (file.path.starts_with(".")) continue;
    std::ifstream in(it->path(), std::ios::binary);
    for (std::string line; std::getline(in, line);) file.lines.push_back(line);
    out.push_back(std::move(file));
  }
  std::sort(out.begin(), out.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return out;
}

}  // namespace

const std::vector<SourceFile>& source_tree() {
  static const std::vector<SourceFile> files = read_tree();
  return files;
}

bool has_extension(const SourceFile& file, const std::vector<std::string>& extensions) {
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](const std::string& extension) { return file.path.ends_with(extension); });
}

}  // namespace assay::testing
