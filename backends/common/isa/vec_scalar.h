// 16 lanes of fp32 as a plain array: what each operation of a level means, and the level that runs
// on any CPU. A level is a struct of types and static functions; kernels are templates over it.
//
//   F   16 floats; lane i holds element i.        I   16 32-bit integers.
// Loads and stores need no alignment. The forms with `_n` touch the first n (0..16) elements only;
// absent lanes read as +0.
#pragma once

#include <cstdint>

#include "backends/common/isa/inline.h"
#include "core/numerics/dot.h"
#include "core/numerics/half.h"

namespace assay::host {

struct Scalar {
  struct F {
    float lane[16];
  };
  struct I {
    std::uint32_t lane[16];
  };
  /// Rows and columns of outputs that linear's inner loop holds in registers.
  static constexpr int kTileRows = 1;
  static constexpr int kTileColumns = 1;

  static F zero() { return broadcast(0); }
  static F broadcast(float value) {
    return each([&](int) { return value; });
  }
  static F load(const void* from) { return load_n(from, 16); }
  static F load_n(const void* from, int n) {
    F a = zero();
    __builtin_memcpy(a.lane, from, static_cast<unsigned>(n) * sizeof(float));
    return a;
  }
  static void store(float* to, F a) { store_n(to, a, 16); }
  static void store_n(float* to, F a, int n) {
    __builtin_memcpy(to, a.lane, static_cast<unsigned>(n) * sizeof(float));
  }

  // Each rounds once.
  static F add(F a, F b) {
    return each([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static F sub(F a, F b) {
    return each([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  static F mul(F a, F b) {
    return each([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  static F div(F a, F b) {
    return each([&](int i) { return a.lane[i] / b.lane[i]; });
  }
  static F fma(F a, F b, F c) {
    return each([&](int i) { return numerics::fma(a.lane[i], b.lane[i], c.lane[i]); });
  }
  /// a < b ? a : b, and a > b ? a : b: the second where either is NaN.
  static F min(F a, F b) { return select_less(a, b, a, b); }
  static F max(F a, F b) { return select_less(b, a, a, b); }
  /// a < b ? yes : no.
  static F select_less(F a, F b, F yes, F no) {
    return each([&](int i) { return a.lane[i] < b.lane[i] ? yes.lane[i] : no.lane[i]; });
  }
  /// a is NaN ? a : other.
  static F keep_nan(F a, F other) {
    return each([&](int i) { return numerics::is_nan(a.lane[i]) ? a.lane[i] : other.lane[i]; });
  }
  /// The first n lanes of a, then `other`'s.
  static F first_n(F a, F other, int n) {
    return each([&](int i) { return i < n ? a.lane[i] : other.lane[i]; });
  }
  /// Keeps a value in its register where the compiler would load it again for every use.
  static void pin(F&) {}
  /// Lane 0.
  static float first(F a) { return a.lane[0]; }
  /// a[i] += a[i + w] for w = 8, 4, 2, 1.
  static float fold(F a) { return numerics::fold_lanes(a.lane); }
  /// Lane i is the fold of the vector at from + i * stride.
  static F fold_16(const float* from, std::int64_t stride) {
    return each([&](int i) { return fold(load(from + i * stride)); });
  }
  /// The largest lane.
  static float fold_max(F a) {
    float most = a.lane[0];
    for (int i = 1; i < 16; ++i) most = a.lane[i] > most ? a.lane[i] : most;
    return most;
  }

  static F load_f16(const void* from) { return load_f16_n(from, 16); }
  static F load_f16_n(const void* from, int n) {
    return each([&](int i) { return i < n ? f16(halves(from, i)) : 0.0F; });
  }
  /// Rounds to nearest even.
  static void store_f16_n(void* to, F a, int n) {
    for (int i = 0; i < n; ++i) {
      const std::uint16_t half = numerics::float_to_half(a.lane[i]);
      __builtin_memcpy(static_cast<std::uint16_t*>(to) + i, &half, sizeof half);
    }
  }
  static F load_bf16(const void* from) { return load_bf16_n(from, 16); }
  static F load_bf16_n(const void* from, int n) {
    return each([&](int i) { return i < n ? numerics::bfloat16_to_float(halves(from, i)) : 0.0F; });
  }
  static float f16(std::uint16_t bits) { return numerics::half_to_float(bits); }

  static I broadcast_i(std::int32_t value) {
    return each_i([&](int) { return static_cast<std::uint32_t>(value); });
  }
  /// 16 bytes, widened without and with sign.
  static I load_u8(const void* from) {
    return each_i([&](int i) { return static_cast<const std::uint8_t*>(from)[i]; });
  }
  static I load_i8(const void* from) {
    return each_i([&](int i) {
      return static_cast<std::uint32_t>(std::int32_t{static_cast<const std::int8_t*>(from)[i]});
    });
  }
  template <int kBits>
  static I shift_right(I a) {
    return each_i([&](int i) { return a.lane[i] >> kBits; });
  }
  template <int kBits>
  static I shift_left(I a) {
    return each_i([&](int i) { return a.lane[i] << kBits; });
  }
  static I add_i(I a, I b) {
    return each_i([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static I sub_i(I a, I b) {
    return each_i([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  /// a where the mask's bit is set, else b, bit by bit.
  static I select_bits(I mask, I a, I b) {
    return each_i([&](int i) { return (mask.lane[i] & a.lane[i]) | (~mask.lane[i] & b.lane[i]); });
  }
  /// Bit kBit of lane i becomes bit i of `lanes`.
  template <int kBit>
  static I with_bit(I a, std::uint16_t lanes) {
    return each_i([&](int i) { return (a.lane[i] & ~(1U << kBit)) | ((lanes >> i & 1U) << kBit); });
  }
  /// Signed to fp32, to nearest even.
  static F to_float(I a) {
    return each([&](int i) { return static_cast<float>(static_cast<std::int32_t>(a.lane[i])); });
  }
  static I bits(F a) {
    return each_i([&](int i) { return numerics::bits_of(a.lane[i]); });
  }
  static F from_bits(I a) {
    return each([&](int i) { return numerics::float_of(a.lane[i]); });
  }

  /// code -> (code - kBias) * scale, and + add if kAdd: two roundings. Only the low kBits (at most
  /// 5) of a code count.
  template <int kBits, int kBias, bool kAdd>
  class Affine {
   public:
    Affine(float scale, float add) : scale_(scale), add_(add) {}
    F apply(I code) const {
      return each([&](int i) {
        const auto low = static_cast<std::int32_t>(code.lane[i] & ((1U << kBits) - 1U));
        const float scaled = static_cast<float>(low - kBias) * scale_;
        return kAdd ? scaled + add_ : scaled;
      });
    }

   private:
    float scale_;
    float add_;
  };

 private:
  template <class Make>
  static F each(Make make) {
    F a;
    for (int i = 0; i < 16; ++i) a.lane[i] = make(i);
    return a;
  }
  template <class Make>
  static I each_i(Make make) {
    I a;
    for (int i = 0; i < 16; ++i) a.lane[i] = make(i);
    return a;
  }
  static std::uint16_t halves(const void* from, int i) {
    std::uint16_t half;
    __builtin_memcpy(&half, static_cast<const char*>(from) + 2 * i, sizeof half);
    return half;
  }
};

}  // namespace assay::host
