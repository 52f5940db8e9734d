// Weights are moved, never changed: every byte of the file is found again, once.
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

#include "backends/cuda/layout.h"

namespace assay::cuda {
namespace {

std::vector<std::byte> noise(std::int64_t n) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(n));
  std::uint32_t state = 1;
  for (std::byte& b : bytes) {
    state = state * 1664525U + 1013904223U;
    b = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

TEST(CudaLayout, FieldsMakeUpTheWholeBlock) {
  for (const TensorType type : all_tensor_types()) {
    std::set<int> seen;
    for (const BlockField& field : block_fields(type)) {
      for (int i = 0; i < field.bytes; ++i) EXPECT_TRUE(seen.insert(field.offset + i).second);
    }
    EXPECT_EQ(static_cast<int>(seen.size()), block_layout(type).bytes) << tensor_type_name(type);
    EXPECT_EQ(*seen.rbegin() + 1, block_layout(type).bytes) << tensor_type_name(type);
  }
}

TEST(CudaLayout, ThePermutationIsOneToOne) {
  std::set<std::int64_t> seen;
  for (std::int64_t k = 0; k < 192; ++k) {
    EXPECT_EQ(permuted_index(k) / kPermutedElements, k / kPermutedElements);
    EXPECT_TRUE(seen.insert(permuted_index(k)).second);
  }
  // Vector j of 16 bytes holds lanes 2j and 2j + 1 of exact/1.
  EXPECT_EQ(permuted_index(0), 0);
  EXPECT_EQ(permuted_index(1), 1);
  EXPECT_EQ(permuted_index(16), 2);
  EXPECT_EQ(permuted_index(2), 8);
  EXPECT_EQ(permuted_index(63), 63);
}

TEST(CudaLayout, EveryByteIsFoundAgain) {
  constexpr std::int64_t kRows = 5;
  for (const TensorType type : all_tensor_types()) {
    for (const std::int64_t blocks : {1, 3, 64}) {
      const std::int64_t cols = blocks * block_layout(type).elements;
      const std::vector<std::byte> bytes = noise(kRows * row_bytes(type, cols));
      const WeightView view{"w", type, kRows, cols, bytes};
      const PlaneLayout layout = plane_layout(type, 2, cols);
      std::vector<std::byte> packed(static_cast<std::size_t>(layout.bytes));
      pack_rows(view, 3, 2, packed);
      const std::byte* from = bytes.data() + 3 * row_bytes(type, cols);
      const int block_bytes = block_layout(type).bytes;
      int plane = 0;
      for (const BlockField& field : block_fields(type)) {
        EXPECT_EQ(layout.offsets[plane] % 256, 0);
        for (std::int64_t b = 0; b < 2 * blocks; ++b) {
          const std::int64_t at = layout.permuted ? permuted_index(b) : b;
          EXPECT_EQ(std::memcmp(packed.data() + layout.offsets[plane] + at * field.bytes,
                                from + b * block_bytes + field.offset,
                                static_cast<std::size_t>(field.bytes)),
                    0)
              << tensor_type_name(type) << " block " << b;
        }
        ++plane;
      }
      EXPECT_EQ(layout.permuted, type != TensorType::F32 && is_float_type(type) && cols == 64);
    }
  }
}

}  // namespace
}  // namespace assay::cuda
