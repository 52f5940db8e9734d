// Reads NumPy files of doubles or floats (format 1.0, little-endian, C order).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace assay::testing {

struct NpyArray {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

/// Asserts that it is such a file.
NpyArray read_npy(const std::filesystem::path& path);

}  // namespace assay::testing
