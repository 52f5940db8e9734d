// The project's own files, for tests that read them as text.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace assay::testing {

struct SourceFile {
  std::string path;  ///< relative to the root, with '/'
  std::vector<std::string> lines;
};

/// Every text file below the root but build folders, results and hidden folders, sorted by path.
const std::vector<SourceFile>& source_tree();

/// Whether the path ends in one of these.
bool has_extension(const SourceFile& file, const std::vector<std::string>& extensions);

}  // namespace assay::testing
