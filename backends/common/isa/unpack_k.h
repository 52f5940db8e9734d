// Unpack for the K types: blocks of 256 elements in groups of 16 or 32 with small integer scales,
// which become fp32 for the whole block at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/common/isa/unpack.h"

namespace assay::host {

/// 2 bits an element: byte i of each half holds elements i, i + 32, i + 64 and i + 96 of 128.
template <class S, int kIndex>
ASSAY_INLINE typename S::I pairs(const std::byte* bytes) {
  const auto code = S::load_u8(bytes + kIndex / 8 * 32 + kIndex % 2 * 16);
  return S::template shift_right<kIndex % 8 / 2 * 2>(code);
}

template <class S>
class Unpack<S, quant::BlockQ2_K> {
  using Block = quant::BlockQ2_K;

 public:
  static constexpr int kElements = Block::kElements;
  static constexpr int kBytes = sizeof(Block);
  explicit ASSAY_INLINE Unpack(const std::byte* block) : pairs_(block + offsetof(Block, pairs)) {
    const float d = S::f16(read_field<std::uint16_t>(block + offsetof(Block, scale)));
    const float dmin = S::f16(read_field<std::uint16_t>(block + offsetof(Block, minimum)));
    const auto packed = S::load_u8(block + offsetof(Block, scales));
    const auto low = S::select_bits(S::broadcast_i(15), packed, S::broadcast_i(0));
    const auto high = S::template shift_right<4>(packed);
    S::store(scales_, S::mul(S::broadcast(d), S::to_float(low)));
    S::store(minima_, S::mul(S::broadcast(-dmin), S::to_float(high)));
  }
  template <int kIndex>
  ASSAY_INLINE typename S::F get() const {
    const typename S::template Affine<2, 0, true> value(scales_[kIndex], minima_[kIndex]);
    return value.apply(pairs<S, kIndex>(pairs_));
  }

 private:
  alignas(64) float scales_[16];
  alignas(64) float minima_[16];  ///< negated
  const std::byte* pairs_;
};

template <class S>
class Unpack<S, quant::BlockQ3_K> {
  using Block = quant::BlockQ3_K;

 public:
  static constexpr int kElements = Block::kElements;
  static constexpr int kBytes = sizeof(Block);
  explicit ASSAY_INLINE Unpack(const std::byte* block)
      : pairs_(block + offsetof(Block, pairs)), high_bits_(block + offsetof(Block, high_bits)) {
    const float d = S::f16(read_field<std::uint16_t>(block + offsetof(Block, scale)));
    // 16 scales of 6 bits: nibbles in bytes 0..7, the two high bits in bytes 8..11.
    const std::byte* packed = block + offsetof(Block, scales);
    const auto low = read_field<std::uint64_t>(packed);
    const auto high = std::uint64_t{read_field<std::uint32_t>(packed + 8)};
    constexpr std::uint64_t kNibble = 0x0f0f0f0f0f0f0f0fULL;
    constexpr std::uint64_t kPair = 0x3030303030303030ULL;
    const std::uint64_t codes[2] = {(low & kNibble) | (((high << 4) | (high << 34)) & kPair),
                                    (low >> 4 & kNibble) | ((high | (high << 30)) & kPair)};
    const auto scales = S::to_float(S::sub_i(S::load_u8(codes), S::broadcast_i(32)));
    S::store(scales_, S::mul(S::broadcast(d), scales));
  }
  template <int kIndex>
  ASSAY_INLINE typename S::F get() const {
    const typename S::template Affine<3, 4, false> value(scales_[kIndex], 0);
    const auto high = S::template shift_right<kIndex / 2>(S::load_u8(high_bits_ + kIndex % 2 * 16));
    return value.apply(S::select_bits(S::broadcast_i(4), S::template shift_left<2>(high),
                                      pairs<S, kIndex>(pairs_)));
  }

 private:
  alignas(64) float scales_[16];
  const std::byte* pairs_;
  const std::byte* high_bits_;
};

/// Scales and negated minima of the eight groups of Q4_K and Q5_K, in fp32.
template <class S>
class GroupScales {
 public:
  ASSAY_INLINE GroupScales(float d, float dmin, const std::byte* packed) {
    const auto a = read_field<std::uint32_t>(packed);
    const auto b = read_field<std::uint32_t>(packed + 4);
    const auto c = read_field<std::uint32_t>(packed + 8);
    constexpr std::uint32_t kSix = 0x3f3f3f3fU;
    constexpr std::uint32_t kFour = 0x0f0f0f0fU;
    constexpr std::uint32_t kTwo = 0x30303030U;
    const std::uint32_t codes[4] = {a & kSix, (c & kFour) | (a >> 2 & kTwo),  // scales
                                    b & kSix, (c >> 4 & kFour) | (b >> 2 & kTwo)};
    const auto factor = S::first_n(S::broadcast(d), S::broadcast(-dmin), 8);
    S::store(values_, S::mul(factor, S::to_float(S::load_u8(codes))));
  }
  ASSAY_INLINE float scale(int group) const { return values_[group]; }
  ASSAY_INLINE float minimum(int group) const { return values_[8 + group]; }

 private:
  alignas(64) float values_[16];
};

/// Q4_K and Q5_K: byte 32 g + i holds element i of groups 2g (low half) and 2g + 1.
template <class S, int kIndex>
ASSAY_INLINE typename S::I group_nibbles(const std::byte* bytes) {
  const auto code = S::load_u8(bytes + kIndex / 4 * 32 + kIndex % 2 * 16);
  return S::template shift_right<kIndex % 4 / 2 * 4>(code);
}

template <class S>
class Unpack<S, quant::BlockQ4_K> {
  using Block = quant::BlockQ4_K;

 public:
  static constexpr int kElements = Block::kElements;
  static constexpr int kBytes = sizeof(Block);
  explicit ASSAY_INLINE Unpack(const std::byte* block)
      : scales_(S::f16(read_field<std::uint16_t>(block + offsetof(Block, scale))),
                S::f16(read_field<std::uint16_t>(block + offsetof(Block, minimum))),
                block + offsetof(Block, packed)),
        nibbles_(block + offsetof(Block, nibbles)) {}
  template <int kIndex>
  ASSAY_INLINE typename S::F get() const {
    const typename S::template Affine<4, 0, true> value(scales_.scale(kIndex / 2),
                                                        scales_.minimum(kIndex / 2));
    return value.apply(group_nibbles<S, kIndex>(nibbles_));
  }

 private:
  GroupScales<S> scales_;
  const std::byte* nibbles_;
};

template <class S>
class Unpack<S, quant::BlockQ5_K> {
  using Block = quant::BlockQ5_K;

 public:
  static constexpr int kElements = Block::kElements;
  static constexpr int kBytes = sizeof(Block);
  explicit ASSAY_INLINE Unpack(const std::byte* block)
      : scales_(S::f16(read_field<std::uint16_t>(block + offsetof(Block, scale))),
                S::f16(read_field<std::uint16_t>(block + offsetof(Block, minimum))),
                block + offsetof(Block, packed)),
        high_bits_(block + offsetof(Block, high_bits)),
        nibbles_(block + offsetof(Block, nibbles)) {}
  template <int kIndex>
  ASSAY_INLINE typename S::F get() const {
    const typename S::template Affine<5, 0, true> value(scales_.scale(kIndex / 2),
                                                        scales_.minimum(kIndex / 2));
    constexpr int kGroup = kIndex / 2;
    const auto bytes = S::load_u8(high_bits_ + kIndex % 2 * 16);
    const auto at_bit_4 = [&] {
      if constexpr (kGroup <= 4) {
        return S::template shift_left<4 - kGroup>(bytes);
      } else {
        return S::template shift_right<kGroup - 4>(bytes);
      }
    }();
    return value.apply(
        S::select_bits(S::broadcast_i(16), at_bit_4, group_nibbles<S, kIndex>(nibbles_)));
  }

 private:
  GroupScales<S> scales_;
  const std::byte* high_bits_;
  const std::byte* nibbles_;
};

template <class S>
class Unpack<S, quant::BlockQ6_K> {
  using Block = quant::BlockQ6_K;

 public:
  static constexpr int kElements = Block::kElements;
  static constexpr int kBytes = sizeof(Block);
  explicit ASSAY_INLINE Unpack(const std::byte* block)
      : nibbles_(block + offsetof(Block, nibbles)), pairs_(block + offsetof(Block, high_pairs)) {
    const float d = S::f16(read_field<std::uint16_t>(block + offsetof(Block, scale)));
    const auto scales = S::to_float(S::load_i8(block + offsetof(Block, scales)));
    S::store(scales_, S::mul(S::broadcast(d), scales));
  }
  template <int kIndex>
  ASSAY_INLINE typename S::F get() const {
    constexpr int kWithin = kIndex % 8;  // of its half of 128 elements
    const auto low = S::template shift_right<kWithin / 4 * 4>(
        S::load_u8(nibbles_ + kIndex / 8 * 64 + kWithin % 4 * 16));
    const auto high = S::template shift_left<4>(pairs<S, kIndex>(pairs_));
    const auto code = S::select_bits(S::broadcast_i(15), low,
                                     S::select_bits(S::broadcast_i(0x30), high, S::broadcast_i(0)));
    return S::mul(S::to_float(S::sub_i(code, S::broadcast_i(32))), S::broadcast(scales_[kIndex]));
  }

 private:
  alignas(64) float scales_[16];
  const std::byte* nibbles_;
  const std::byte* pairs_;
};

}  // namespace assay::host
