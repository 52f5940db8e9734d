#include "tests/support/test_data.h"

#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/error.h"

namespace assay::testing {

std::optional<std::filesystem::path> test_data_root() {
  if (const char* root = std::getenv("ASSAY_TEST_DATA"); root != nullptr && *root != '\0') {
    return std::filesystem::path(root);
  }
  const std::filesystem::path beside = std::filesystem::path(ASSAY_SOURCE_DIR) / ".." / "shared";
  if (std::filesystem::is_directory(beside)) return std::filesystem::canonical(beside);
  return std::nullopt;
}

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "assay-test-XXXXXX").string();
  ASSAY_ASSERT(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  ASSAY_ASSERT(in.good());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string read_gzip(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  ASSAY_ASSERT(file != nullptr);
  std::string out;
  std::array<char, 1 << 16> buffer{};
  int n = 0;
  while ((n = gzread(file, buffer.data(), buffer.size())) > 0) {
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
  gzclose(file);
  ASSAY_ASSERT(n == 0);
  return out;
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  ASSAY_ASSERT(out.good());
}

}  // namespace assay::testing
