#include "backends/cuda/layout.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/error.h"
#include "core/quant/blocks.h"

namespace assay::cuda {
namespace {

constexpr std::int64_t kPlaneAlignment = 256;

bool is_permuted(TensorType type, std::int64_t cols) {
  return (type == TensorType::BF16 || type == TensorType::F16) && cols % kPermutedElements == 0;
}

/// Two neighbours stay neighbours.
void permute_row(const std::byte* from, std::int64_t cols, std::byte* to) {
  constexpr std::int64_t kBytes = sizeof(std::uint16_t);
  for (std::int64_t k = 0; k < cols; k += 2) {
    std::memcpy(to + permuted_index(k) * kBytes, from + k * kBytes, 2 * kBytes);
  }
}

template <class Block>
constexpr int size_of = static_cast<int>(sizeof(Block));

}  // namespace

std::span<const BlockField> block_fields(TensorType type) {
  static constexpr std::array<BlockField, 1> kF32 = {{{0, 4}}};
  static constexpr std::array<BlockField, 1> kHalf = {{{0, 2}}};
  static constexpr std::array<BlockField, 2> kQ8_0 = {{{2, 32}, {0, 2}}};
  static constexpr std::array<BlockField, 2> kQ4_0 = {{{2, 16}, {0, 2}}};
  static constexpr std::array<BlockField, 2> kQ4_1 = {{{4, 16}, {0, 4}}};
  static constexpr std::array<BlockField, 3> kQ5_0 = {{{6, 16}, {2, 4}, {0, 2}}};
  static constexpr std::array<BlockField, 3> kQ5_1 = {{{8, 16}, {4, 4}, {0, 4}}};
  static constexpr std::array<BlockField, 3> kQ2_K = {{{16, 64}, {0, 16}, {80, 4}}};
  static constexpr std::array<BlockField, 4> kQ3_K = {{{32, 64}, {0, 32}, {96, 12}, {108, 2}}};
  static constexpr std::array<BlockField, 2> kQ4_K = {{{16, 128}, {0, 16}}};
  static constexpr std::array<BlockField, 3> kQ5_K = {{{48, 128}, {16, 32}, {0, 16}}};
  static constexpr std::array<BlockField, 4> kQ6_K = {{{0, 128}, {128, 64}, {192, 16}, {208, 2}}};
  static_assert(size_of<quant::BlockQ8_0> == 34 && size_of<quant::BlockQ4_0> == 18 &&
                size_of<quant::BlockQ4_1> == 20 && size_of<quant::BlockQ5_0> == 22 &&
                size_of<quant::BlockQ5_1> == 24 && size_of<quant::BlockQ2_K> == 84 &&
                size_of<quant::BlockQ3_K> == 110 && size_of<quant::BlockQ4_K> == 144 &&
                size_of<quant::BlockQ5_K> == 176 && size_of<quant::BlockQ6_K> == 210);
  switch (type) {
    case TensorType::F32:
      return kF32;
    case TensorType::F16:
    case TensorType::BF16:
      return kHalf;
    case TensorType::Q8_0:
      return kQ8_0;
    case TensorType::Q4_0:
      return kQ4_0;
    case TensorType::Q4_1:
      return kQ4_1;
    case TensorType::Q5_0:
      return kQ5_0;
    case TensorType::Q5_1:
      return kQ5_1;
    case TensorType::Q2_K:
      return kQ2_K;
    case TensorType::Q3_K:
      return kQ3_K;
    case TensorType::Q4_K:
      return kQ4_K;
    case TensorType::Q5_K:
      return kQ5_K;
    case TensorType::Q6_K:
      return kQ6_K;
  }
  ASSAY_ASSERT(false);
  return {};
}

PlaneLayout plane_layout(TensorType type, std::int64_t rows, std::int64_t cols) {
  PlaneLayout layout;
  layout.permuted = is_permuted(type, cols);
  const std::int64_t blocks = rows * (cols / block_layout(type).elements);
  int plane = 0;
  for (const BlockField& field : block_fields(type)) {
    layout.offsets[plane++] = layout.bytes;
    const std::int64_t bytes = blocks * field.bytes;
    layout.bytes += (bytes + kPlaneAlignment - 1) / kPlaneAlignment * kPlaneAlignment;
  }
  return layout;
}

void pack_rows(const WeightView& view, std::int64_t first, std::int64_t count,
               std::span<std::byte> out) {
  const PlaneLayout layout = plane_layout(view.type, count, view.cols);
  ASSAY_ASSERT(std::ssize(out) >= layout.bytes);
  const std::int64_t row = row_bytes(view.type, view.cols);
  const std::byte* from = view.bytes.data() + first * row;
  if (layout.permuted) {
    for (std::int64_t r = 0; r < count; ++r) {
      permute_row(from + r * row, view.cols, out.data() + r * row);
    }
    return;
  }
  const int block_bytes = block_layout(view.type).bytes;
  const std::int64_t blocks = count * (row / block_bytes);
  int plane = 0;
  for (const BlockField& field : block_fields(view.type)) {
    std::byte* to = out.data() + layout.offsets[plane++];
    if (field.bytes == block_bytes) {
      std::memcpy(to, from, static_cast<std::size_t>(blocks * block_bytes));
      continue;
    }
    for (std::int64_t b = 0; b < blocks; ++b) {
      std::memcpy(to + b * field.bytes, from + b * block_bytes + field.offset,
                  static_cast<std::size_t>(field.bytes));
    }
  }
}

}  // namespace assay::cuda
