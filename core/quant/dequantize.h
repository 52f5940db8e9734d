// Rows of any supported type to fp32: what `f32` semantics computes with, and what embeddings are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/quant/blocks.h"
#include "core/types.h"

namespace assay::quant {
inline namespace ASSAY_ISA {

/// out[0 .. n-1] from whole blocks at any address; n is a multiple of Block::kElements.
template <class Block>
inline void dequantize_blocks(const std::byte* bytes, float* ASSAY_RESTRICT out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i += Block::kElements) {
    Block block;
    __builtin_memcpy(&block, bytes, sizeof(Block));
    dequantize(block, out + i);
    bytes += sizeof(Block);
  }
}

/// Calls visitor.template operator()<Block>() with the block of `type`: the one place where a
/// type's number becomes a type of the language, once a row or once a matrix, never in an inner
/// loop.
template <class Visitor>
inline void visit_block(TensorType type, Visitor&& visitor) {
  switch (type) {
    case TensorType::F32:
      return visitor.template operator()<BlockF32>();
    case TensorType::F16:
      return visitor.template operator()<BlockF16>();
    case TensorType::BF16:
      return visitor.template operator()<BlockBF16>();
    case TensorType::Q4_0:
      return visitor.template operator()<BlockQ4_0>();
    case TensorType::Q4_1:
      return visitor.template operator()<BlockQ4_1>();
    case TensorType::Q5_0:
      return visitor.template operator()<BlockQ5_0>();
    case TensorType::Q5_1:
      return visitor.template operator()<BlockQ5_1>();
    case TensorType::Q8_0:
      return visitor.template operator()<BlockQ8_0>();
    case TensorType::Q2_K:
      return visitor.template operator()<BlockQ2_K>();
    case TensorType::Q3_K:
      return visitor.template operator()<BlockQ3_K>();
    case TensorType::Q4_K:
      return visitor.template operator()<BlockQ4_K>();
    case TensorType::Q5_K:
      return visitor.template operator()<BlockQ5_K>();
    case TensorType::Q6_K:
      return visitor.template operator()<BlockQ6_K>();
  }
}

/// One row, or a part of one that starts and ends at whole blocks. Reads n elements' bytes.
inline void dequantize_row(TensorType type, const std::byte* bytes, float* ASSAY_RESTRICT out,
                           std::int64_t n) {
  visit_block(type, [&]<class Block>() { dequantize_blocks<Block>(bytes, out, n); });
}

}  // namespace ASSAY_ISA
}  // namespace assay::quant
