// Weights of every type as vectors of 16 fp32 values, in the order of the elements; the bits are
// those of core/quant/blocks.h. Unpack<S, Block> reads one block's scales when constructed, and
// get<j>() gives its elements [16 j, 16 j + 16). The bytes may lie at any address.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/common/isa/inline.h"
#include "core/quant/blocks.h"

namespace assay::host {

/// A little-endian field of a block at any address.
template <class T>
ASSAY_INLINE T read_field(const std::byte* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

template <class S, class Block>
class Unpack;

// Float types: "blocks" of 16 elements; the linear kernels handle what is left of a row.

template <class S>
class Unpack<S, quant::BlockF32> {
 public:
  static constexpr int kElements = 16;
  static constexpr int kBytes = 64;
  explicit ASSAY_INLINE Unpack(const std::byte* block) : block_(block) {}
  template <int>
  ASSAY_INLINE typename S::F get() const {
    return S::load(block_);
  }
  static ASSAY_INLINE typename S::F first(const std::byte* block, int n) {
    return S::load_n(block, n);
  }

 private:
  const std::byte* block_;
};

template <class S>
class Unpack<S, quant::BlockF16> {
 public:
  static constexpr int kElements = 16;
  static constexpr int kBytes = 32;
  explicit ASSAY_INLINE Unpack(const std::byte* block) : block_(block) {}
  template <int>
  ASSAY_INLINE typename S::F get() const {
    return S::load_f16(block_);
  }
  static ASSAY_INLINE typename S::F first(const std::byte* block, int n) {
    return S::load_f16_n(block, n);
  }

 private:
  const std::byte* block_;
};

template <class S>
class Unpack<S, quant::BlockBF16> {
 public:
  static constexpr int kElements = 16;
  static constexpr int kBytes = 32;
  explicit ASSAY_INLINE Unpack(const std::byte* block) : block_(block) {}
  template <int>
  ASSAY_INLINE typename S::F get() const {
    return S::load_bf16(block_);
  }
  static ASSAY_INLINE typename S::F first(const std::byte* block, int n) {
    return S::load_bf16_n(block, n);
  }

 private:
  const std::byte* block_;
};

/// Elements [16 j, 16 j + 16) of 32 nibbles: the low halves of 16 bytes, then the high halves. The
/// upper bits of a lane are left as they come: Affine looks at the low ones.
template <class S, int kIndex>
ASSAY_INLINE typename S::I nibbles(const std::byte* bytes) {
  const auto code = S::load_u8(bytes);
  if constexpr (kIndex == 0) return code;
  return S::template shift_right<4>(code);
}

template <class S>
class Unpack<S, quant::BlockQ4_0> {
  using Block = quant::BlockQ4_0;

 public:
  static constexpr int kElements = Block::kElements;
  static constexpr int kBytes = sizeof(Block);
  explicit ASSAY_INLINE Unpack(const std::byte* block)
      : value_(S::f16(read_field<std::uint16_t>(block + offsetof(Block, scale))), 0),
        nibbles_(block + offsetof(Block, nibbles)) {}
  template <int kIndex>
  ASSAY_INLINE typename S::F get() const {
    return value_.apply(nibbles<S, kIndex>(nibbles_));
  }

 private:
  typename S::template Affine<4, 8, false> value_;
  const std::byte* nibbles_;
};

template <class S>
class Unpack<S, quant::BlockQ4_1> {
  using Block = quant::BlockQ4_1;

 public:
  static constexpr int kElements = Block::kElements;
  static constexpr int kBytes = sizeof(Block);
  explicit ASSAY_INLINE Unpack(const std::byte* block)
      : value_(S::f16(read_field<std::uint16_t>(block + offsetof(Block, scale))),
               S::f16(read_field<std::uint16_t>(block + offsetof(Block, minimum)))),
        nibbles_(block + offsetof(Block, nibbles)) {}
  template <int kIndex>
  ASSAY_INLINE typename S::F get() const {
    return value_.apply(nibbles<S, kIndex>(nibbles_));
  }

 private:
  typename S::template Affine<4, 0, true> value_;
  const std::byte* nibbles_;
};

template <class S>
class Unpack<S, quant::BlockQ5_0> {
  using Block = quant::BlockQ5_0;

 public:
  static constexpr int kElements = Block::kElements;
  static constexpr int kBytes = sizeof(Block);
  explicit ASSAY_INLINE Unpack(const std::byte* block)
      : value_(S::f16(read_field<std::uint16_t>(block + offsetof(Block, scale))), 0),
        fifth_(block + offsetof(Block, high_bits)),
        nibbles_(block + offsetof(Block, nibbles)) {}
  template <int kIndex>
  ASSAY_INLINE typename S::F get() const {
    const auto fifth = read_field<std::uint16_t>(fifth_ + 2 * kIndex);
    return value_.apply(S::template with_bit<4>(nibbles<S, kIndex>(nibbles_), fifth));
  }

 private:
  typename S::template Affine<5, 16, false> value_;
  const std::byte* fifth_;
  const std::byte* nibbles_;
};

template <class S>
class Unpack<S, quant::BlockQ5_1> {
  using Block = quant::BlockQ5_1;

 public:
  static constexpr int kElements = Block::kElements;
  static constexpr int kBytes = sizeof(Block);
  explicit ASSAY_INLINE Unpack(const std::byte* block)
      : value_(S::f16(read_field<std::uint16_t>(block + offsetof(Block, scale))),
               S::f16(read_field<std::uint16_t>(block + offsetof(Block, minimum)))),
        fifth_(block + offsetof(Block, high_bits)),
        nibbles_(block + offsetof(Block, nibbles)) {}
  template <int kIndex>
  ASSAY_INLINE typename S::F get() const {
    const auto fifth = read_field<std::uint16_t>(fifth_ + 2 * kIndex);
    return value_.apply(S::template with_bit<4>(nibbles<S, kIndex>(nibbles_), fifth));
  }

 private:
  typename S::template Affine<5, 0, true> value_;
  const std::byte* fifth_;
  const std::byte* nibbles_;
};

template <class S>
class Unpack<S, quant::BlockQ8_0> {
  using Block = quant::BlockQ8_0;

 public:
  static constexpr int kElements = Block::kElements;
  static constexpr int kBytes = sizeof(Block);
  explicit ASSAY_INLINE Unpack(const std::byte* block)
      : scale_(S::broadcast(S::f16(read_field<std::uint16_t>(block + offsetof(Block, scale))))),
        values_(block + offsetof(Block, values)) {}
  template <int kIndex>
  ASSAY_INLINE typename S::F get() const {
    return S::mul(S::to_float(S::load_i8(values_ + 16 * kIndex)), scale_);
  }

 private:
  typename S::F scale_;
  const std::byte* values_;
};

}  // namespace assay::host
