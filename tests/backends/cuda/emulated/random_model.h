// Random weights as a file has them and as the device does, and what the rules make of them.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "backends/cuda/fast/persistent.h"
#include "core/types.h"

namespace assay::cuda::test {

/// Memory of a test: zeroed, aligned as the device's, freed at its end.
class Arena {
 public:
  template <class T>
  T* take(std::int64_t n) {
    return reinterpret_cast<T*>(bytes(n * static_cast<std::int64_t>(sizeof(T))));
  }
  float* uniform(std::int64_t n, float low, float high);
  float draw(float low, float high) {
    return std::uniform_real_distribution<float>(low, high)(random_);
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

 private:
  std::uint8_t* bytes(std::int64_t n);
  std::mt19937 random_{1};
  std::vector<std::unique_ptr<std::uint8_t[]>> memory_;
};

struct Matrix {
  TensorType type = TensorType::BF16;
  std::int32_t rows = 0;
  std::int32_t cols = 0;
  std::vector<std::vector<std::uint8_t>> file_rows;
};
/// BF16, Q8_0, Q4_K or Q6_K.
Matrix random_matrix(TensorType type, std::int32_t rows, std::int32_t cols, Arena& arena);
/// Plane by plane, as backends/cuda/kernels/planes.h has it.
fast::MatrixAt on_device(const Matrix& m, std::int32_t type_index, Arena& arena);
/// A row in fp32; bf16 alone.
std::vector<float> row_of(const Matrix& m, std::int32_t row);
/// m x under exact/1.
std::vector<float> product(const Matrix& m, const std::vector<float>& x);

}  // namespace assay::cuda::test
