// The star of dependencies in docs/architecture.md, checked on every #include of the project.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/source_tree.h"

namespace assay::testing {
namespace {

/// Folders whose sub-folders are siblings that may not see one another (their common/ aside).
const std::vector<std::string> kSiblingFolders = {"backends", "datasets", "evals", "reports"};

/// What a folder may include besides itself. Plug-ins are reached through core/plugins.h, so that
/// nobody above them includes one by name.
const std::map<std::string, std::vector<std::string>> kAllowed = {
    {"core", {}},
    {"backends", {"core"}},
    {"datasets", {"core"}},
    {"evals", {"core"}},
    {"reports", {"core"}},
    {"model", {"core"}},
    {"decode", {"core", "model"}},
    {"harness", {"core", "model", "decode", "backends", "datasets", "evals"}},
    {"serve", {"core", "model", "decode", "harness"}},
    {"tool", {"core", "model", "decode", "harness", "reports", "serve"}},
};

std::string first_folder(const std::string& path) {
  return path.substr(0, path.find('/'));
}

/// "evals/math" of "evals/math/math.cpp".
std::string first_two_folders(const std::string& path) {
  const std::size_t first = path.find('/');
  return path.substr(0, path.find('/', first == path.npos ? first : first + 1));
}

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// Whether `from` may include `to` (paths relative to the root).
bool may_include(const std::string& from, const std::string& to) {
  const std::string from_folder = first_folder(from);
  const std::string to_folder = first_folder(to);
  const auto allowed = kAllowed.find(from_folder);
  if (allowed == kAllowed.end()) return true;  // tests see everything
  if (from_folder != to_folder) return contains(allowed->second, to_folder);
  if (!contains(kSiblingFolders, from_folder)) return true;
  const std::string target = first_two_folders(to);
  return target == first_two_folders(from) || target == to_folder + "/common";
}

/// The path of an `#include "..."` line.
std::optional<std::string> quoted_include(const std::string& line) {
  constexpr const char* kStart = "#include \"";
  if (!line.starts_with(kStart)) return std::nullopt;
  const std::size_t begin = std::string(kStart).size();
  return line.substr(begin, line.find('"', begin) - begin);
}

TEST(IncludeStar, EveryIncludeFollowsTheStar) {
  int includes = 0;
  for (const SourceFile& file : source_tree()) {
    if (!has_extension(file, {".h", ".cpp"})) continue;
    for (const std::string& line : file.lines) {
      const auto target = quoted_include(line);
      if (!target) continue;
      ++includes;
      EXPECT_TRUE(may_include(file.path, *target)) << file.path << " includes " << *target;
    }
  }
  EXPECT_GT(includes, 100);
}

TEST(IncludeStar, EveryIncludeIsRelativeToTheRoot) {
  std::vector<std::string> known;
  std::string build_files;  // name what the build generates
  for (const SourceFile& file : source_tree()) {
    known.push_back(file.path);
    if (!has_extension(file, {"CMakeLists.txt"})) continue;
    for (const std::string& line : file.lines) build_files += line;
  }
  for (const SourceFile& file : source_tree()) {
    if (!has_extension(file, {".h", ".cpp"})) continue;
    for (const std::string& line : file.lines) {
      const auto target = quoted_include(line);
      if (!target || build_files.find(*target) != build_files.npos) continue;
      EXPECT_TRUE(std::binary_search(known.begin(), known.end(), *target))
          << file.path << " includes \"" << *target << "\", which is no path from the root";
    }
  }
}

TEST(IncludeStar, TheRuleItself) {
  EXPECT_TRUE(may_include("core/a.cpp", "core/numerics/b.h"));
  EXPECT_FALSE(may_include("core/a.cpp", "model/b.h"));
  EXPECT_TRUE(may_include("evals/math/a.cpp", "evals/common/b.h"));
  EXPECT_TRUE(may_include("evals/math/a.cpp", "evals/math/b.h"));
  EXPECT_FALSE(may_include("evals/math/a.cpp", "evals/aime/b.h"));
  EXPECT_FALSE(may_include("evals/common/a.cpp", "evals/aime/b.h"));
  EXPECT_FALSE(may_include("backends/cpu/a.cpp", "model/b.h"));
  EXPECT_FALSE(may_include("model/a.cpp", "decode/b.h"));
  EXPECT_TRUE(may_include("decode/a.cpp", "model/b.h"));
  EXPECT_FALSE(may_include("harness/a.cpp", "reports/json/b.h"));
  EXPECT_FALSE(may_include("reports/html/a.cpp", "harness/b.h"));
  EXPECT_TRUE(may_include("tool/a.cpp", "reports/compare/b.h"));
  EXPECT_FALSE(may_include("tool/a.cpp", "backends/cpu/b.h"));
  EXPECT_TRUE(may_include("tests/e2e/a.cpp", "backends/cpu/b.h"));
}

}  // namespace
}  // namespace assay::testing
