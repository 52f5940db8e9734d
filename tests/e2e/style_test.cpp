// Style that a machine can check: lengths, whitespace, words that do not belong here, dead files.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
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

/// Follows raw strings over lines: `end` is what closes the one that is open, or empty.
void update_raw_string(const std::string& line, std::string* end) {
  std::size_t at = 0;
  while (true) {
    if (!end->empty()) {
      at = line.find(*end, at);
      if (at == line.npos) return;
      at += end->size();
      end->clear();
    }
    at = line.find("R\"", at);
    if (at == line.npos) return;
    const std::size_t open = line.find('(', at);
    if (open == line.npos) return;
    *end = ")" + line.substr(at + 2, open - at - 2) + "\"";
    at = open + 1;
  }
}

TEST(Style, FilesAndLinesAreShort) {
  for (const SourceFile& file : source_tree()) {
    if (!is_code(file) || has_extension(file, {".cmake", "CMakeLists.txt"})) continue;
    EXPECT_LE(file.lines.size(), kMaxLines) << file.path;
    std::string raw_string_end;  // inside a raw string, whose lines cannot be broken
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      const bool is_raw = !raw_string_end.empty() || line.find("R\"") != line.npos;
      update_raw_string(line, &raw_string_end);
      if (is_raw) continue;
      EXPECT_LE(columns(line), kMaxColumns) << file.path << ":" << i + 1;
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

/// Whether a CMake text names the file, a ${variable} standing for any letters.
bool is_named(const std::string& name, const std::string& text) {
  static const std::regex kVariable(R"(\$\{\w+\})");
  static const std::regex kSource(R"([\w.${}-]+\.cpp)");
  for (std::sregex_iterator it(text.begin(), text.end(), kSource), end; it != end; ++it) {
    const std::string pattern = std::regex_replace(it->str(), kVariable, "\\w*");
    if (std::regex_match(name, std::regex(pattern))) return true;
  }
  return false;
}

/// Every source file is named by a CMake file in its folder or one above.
TEST(Style, NoDeadFiles) {
  std::map<std::string, std::string> build_files;  // folder with its final '/' to text
  for (const SourceFile& file : source_tree()) {
    if (!has_extension(file, {"CMakeLists.txt", ".cmake"})) continue;
    std::string& text = build_files[file.path.substr(0, file.path.rfind('/') + 1)];
    for (const std::string& line : file.lines) text += line + "\n";
  }
  for (const SourceFile& file : source_tree()) {
    if (!has_extension(file, {".cpp"})) continue;
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    const bool named = std::any_of(build_files.begin(), build_files.end(), [&](const auto& entry) {
      return file.path.starts_with(entry.first) && is_named(name, entry.second);
    });
    EXPECT_TRUE(named) << file.path << " is in no CMake file";
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
