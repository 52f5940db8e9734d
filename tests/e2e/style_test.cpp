// Style that a machine can check: lengths, whitespace, words that do not belong here, dead files.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/e2e/source_tree.h"

namespace assay::testing {
namespace {

constexpr std::size_t kMaxLines = 500;
constexpr std::size_t kMaxColumns = 100;

bool is_code(const SourceFile& file) {
  return has_extension(file, {".h", ".cpp", ".cu", ".cuh", ".py", ".cmake", "CMakeLists.txt"}) ||
         file.path.starts_with("ci/");
}

/// Characters of a UTF-8 line.
std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

bool has_word(const std::string& line, const std::string& word) {
  const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (std::size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    const bool starts = at == 0 || !is_letter(line[at - 1]);
    const std::size_t end = at + word.size();
    if (starts && (end == line.size() || !is_letter(line[end]))) return true;
  }
  return false;
}

TEST(Style, FilesAndLinesAreShort) {
  for (const SourceFile& file : source_tree()) {
    if (!is_code(file)) continue;
    EXPECT_LE(file.lines.size(), kMaxLines) << file.path;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const bool is_raw_string = file.lines[i].find("R\"(") != std::string::npos;
      if (is_raw_string) continue;  // a pattern or a text that cannot be broken
      EXPECT_LE(columns(file.lines[i]), kMaxColumns) << file.path << ":" << i + 1;
    }
  }
}

TEST(Style, NoTabsNorTrailingBlanks) {
  for (const SourceFile& file : source_tree()) {
    if (!is_code(file)) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      EXPECT_EQ(line.find('\t'), line.npos) << file.path << ":" << i + 1;
      EXPECT_FALSE(line.ends_with(' ') || line.ends_with('\r')) << file.path << ":" << i + 1;
    }
  }
}

TEST(Style, NothingIsLeftForLater) {
  // Written apart so that this file does not hold them.
  const std::vector<std::string> words = {std::string("TO") + "DO", std::string("FIX") + "ME",
                                          std::string("XX") + "X", std::string("HA") + "CK"};
  for (const SourceFile& file : source_tree()) {
    if (!is_code(file) && !has_extension(file, {".md"})) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      for (const std::string& word : words) {
        EXPECT_FALSE(has_word(file.lines[i], word)) << file.path << ":" << i + 1 << " " << word;
      }
    }
  }
}

TEST(Style, NoPackageIndexNorMachineIsNamed) {
  const std::vector<std::string> texts = {
      std::string("pypi.") + "org", std::string("pythonhosted.") + "org",
      std::string("deb.") + "debian", std::string("archive.") + "ubuntu",
      std::string("/wo") + "rk/"};
  for (const SourceFile& file : source_tree()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      for (const std::string& text : texts) {
        EXPECT_EQ(file.lines[i].find(text), std::string::npos)
            << file.path << ":" << i + 1 << " holds " << text;
      }
    }
  }
}

/// Every source file is named by a CMakeLists.txt in its folder or one above.
TEST(Style, NoDeadFiles) {
  for (const SourceFile& file : source_tree()) {
    if (!has_extension(file, {".cpp"})) continue;
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    bool named = false;
    for (const SourceFile& list : source_tree()) {
      if (!list.path.ends_with("CMakeLists.txt")) continue;
      const std::string folder = list.path.substr(0, list.path.rfind('/') + 1);
      if (!folder.empty() && !file.path.starts_with(folder)) continue;
      named = named || std::any_of(list.lines.begin(), list.lines.end(),
                                   [&](const std::string& line) { return has_word(line, name); });
    }
    EXPECT_TRUE(named) << file.path << " is in no CMakeLists.txt";
  }
}

TEST(Style, HeadersAreGuardedAndSayWhatTheyAre) {
  for (const SourceFile& file : source_tree()) {
    if (!has_extension(file, {".h"})) continue;
    EXPECT_TRUE(!file.lines.empty() && file.lines[0].starts_with("// ")) << file.path;
    const bool guarded =
        std::find(file.lines.begin(), file.lines.end(), "#pragma once") != file.lines.end();
    EXPECT_TRUE(guarded) << file.path;
  }
}

}  // namespace
}  // namespace assay::testing
