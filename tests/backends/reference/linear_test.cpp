// linear and embed: every type against sums in double, the same bits at every level.
#include "core/quant/dequantize.h"
#include "tests/backends/reference/support.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace assay::reference::testing {
namespace {

std::vector<float> dequantized(const OwnedWeight& w) {
  std::vector<float> out(static_cast<std::size_t>((*w).rows() * (*w).cols()));
  quant::dequantize_row((*w).type(), w.bytes.data(), out.data(),
                        static_cast<std::int64_t>(out.size()));
  return out;
}

/// Whole blocks, around the lanes and chunks where the type allows it.
std::vector<std::int64_t> lengths(TensorType type) {
  const std::int64_t block = block_layout(type).elements;
  if (block == 1) return {1, 15, 16, 17, 63, 64, 65, 511, 512, 513, 1553};
  if (block == 32) return {32, 64, 480, 512, 544, 1568};
  return {256, 512, 768, 1792};
}

TEST(ReferenceLinear, EveryTypeIsNearTheSumInDouble) {
  const auto reference = device();
  for (const TensorType type : all_tensor_types()) {
    for (const std::int64_t n_in : lengths(type)) {
      constexpr std::int64_t kOut = 5;
      constexpr std::int64_t kRows = 3;
      const OwnedWeight w = random_weight(*reference, type, kOut, n_in, 11);
      const OwnedWeight bias = float_weight(*reference, values(kOut, 12), 1, kOut);
      const std::vector<float> rows = dequantized(w);
      const std::vector<float> biases = dequantized(bias);
      const std::vector<float> x = values(kRows * n_in, 13);
      std::vector<float> y(kRows * kOut);
      reference->linear(*w, bias.get(), tensor(x, kRows), tensor(y, kRows), Phase::decode);
      for (std::int64_t r = 0; r < kRows; ++r) {
        for (std::int64_t n = 0; n < kOut; ++n) {
          double sum = 0;
          double magnitude = 0;
          for (std::int64_t k = 0; k < n_in; ++k) {
            const double product =
                static_cast<double>(rows[static_cast<std::size_t>(n * n_in + k)]) *
                static_cast<double>(x[static_cast<std::size_t>(r * n_in + k)]);
            sum += product;
            magnitude += std::fabs(product);
          }
          const double bias_n = static_cast<double>(biases[static_cast<std::size_t>(n)]);
          EXPECT_NEAR(y[static_cast<std::size_t>(r * kOut + n)], sum + bias_n,
                      44 * 0x1p-24 * (magnitude + std::fabs(bias_n)))
              << tensor_type_name(type) << " n_in " << n_in;
        }
      }
    }
  }
}

TEST(ReferenceLinear, LevelsGiveTheSameBits) {
  for (const TensorType type : all_tensor_types()) {
    for (const std::int64_t n_in : lengths(type)) {
      std::vector<float> first;
      for (const auto& [level, reference] : all_levels()) {
        const OwnedWeight w = random_weight(*reference, type, 7, n_in, 21);
        const std::vector<float> x = values(2 * n_in, 22);
        std::vector<float> y(14);
        reference->linear(*w, nullptr, tensor(x, 2), tensor(y, 2), Phase::prefill);
        if (first.empty()) first = y;
        EXPECT_TRUE(same_bits(y, first)) << tensor_type_name(type) << " " << n_in << " " << level;
      }
    }
  }
}

TEST(ReferenceLinear, ARowDoesNotDependOnTheOthersNorOnThePhase) {
  const auto reference = device();
  const OwnedWeight w = random_weight(*reference, TensorType::Q4_1, 33, 544, 31);
  const std::vector<float> x = values(9 * 544, 32);
  std::vector<float> together(9 * 33);
  reference->linear(*w, nullptr, tensor(x, 9), tensor(together, 9), Phase::prefill);
  for (std::int64_t r = 0; r < 9; ++r) {
    std::vector<float> alone(33);
    reference->linear(*w, nullptr, {x.data() + r * 544, 1, 544}, tensor(alone, 1), Phase::decode);
    EXPECT_EQ(std::memcmp(alone.data(), together.data() + r * 33, 33 * sizeof(float)), 0) << r;
  }
}

#if defined(__x86_64__)
TEST(ReferenceLinear, APoisonedCallerChangesNoBit) {
  const auto reference = device();
  const OwnedWeight w = random_weight(*reference, TensorType::F32, 4, 64, 41);
  std::vector<float> x = values(64, 42);
  for (float& value : x) value *= 1e-38F;  // products that a flush to zero would lose
  std::vector<float> clean(4);
  std::vector<float> poisoned(4);
  reference->linear(*w, nullptr, tensor(x, 1), tensor(clean, 1), Phase::decode);
  const unsigned saved = _mm_getcsr();
  _mm_setcsr(0x1f80 | 0x8000 | 0x0040 | 0x6000);  // FTZ, DAZ, round towards zero
  reference->linear(*w, nullptr, tensor(x, 1), tensor(poisoned, 1), Phase::decode);
  _mm_setcsr(saved);
  EXPECT_TRUE(same_bits(clean, poisoned));
}
#endif

TEST(ReferenceEmbed, DequantisesTheRowsAskedFor) {
  const auto reference = device();
  for (const TensorType type : all_tensor_types()) {
    const OwnedWeight table = random_weight(*reference, type, 6, 256, 51);
    const std::vector<float> rows = dequantized(table);
    const std::vector<TokenId> ids = {5, 0, 5};
    std::vector<float> out(3 * 256);
    reference->embed(*table, ids, tensor(out, 3));
    for (std::size_t r = 0; r < ids.size(); ++r) {
      EXPECT_EQ(std::memcmp(out.data() + r * 256, rows.data() + ids[r] * 256, 256 * sizeof(float)),
                0)
          << tensor_type_name(type);
    }
    EXPECT_THROW(reference->embed(*table, std::vector<TokenId>{6, 0, 0}, tensor(out, 3)), Error);
    EXPECT_THROW(reference->embed(*table, std::vector<TokenId>{-1, 0, 0}, tensor(out, 3)), Error);
  }
}

}  // namespace
}  // namespace assay::reference::testing
