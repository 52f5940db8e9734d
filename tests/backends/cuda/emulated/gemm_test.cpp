// Batches on tensor cores: the products are right, and a row alone has the bits it has in a batch.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "backends/cuda/fast/batch_gemm.cu"
#include "backends/cuda/fast/tile_gemm.cu"
#include "core/numerics/half.h"
#include "tests/backends/cuda/emulated/random_model.h"

namespace assay::cuda::test {
namespace {

using namespace fast;  // NOLINT: what is tested

struct Rows {
  std::uint16_t* device = nullptr;
  std::vector<std::vector<float>> host;
};
Rows random_rows(std::int32_t m, std::int32_t k, Arena& arena) {
  Rows rows;
  rows.device = arena.take<std::uint16_t>(std::int64_t{m} * k);
  for (std::int32_t t = 0; t < m; ++t) {
    std::vector<float> row;
    for (std::int32_t i = 0; i < k; ++i) {
      const std::uint16_t bits = numerics::float_to_bfloat16(arena.draw(-2, 2));
      rows.device[std::int64_t{t} * k + permuted_index(i)] = bits;
      row.push_back(numerics::bfloat16_to_float(bits));
    }
    rows.host.push_back(std::move(row));
  }
  return rows;
}

double dot(const Matrix& w, std::int32_t row, const std::vector<float>& x) {
  const std::vector<float> weights = row_of(w, row);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += static_cast<double>(weights[i]) * static_cast<double>(x[i]);
  }
  return sum;
}

/// ||got - want|| / ||want||.
class Distance {
 public:
  void add(double got, double want) {
    error_ += (got - want) * (got - want);
    norm_ += want * want;
  }
  double relative() const { return std::sqrt(error_ / norm_); }

 private:
  double error_ = 0;
  double norm_ = 0;
};

struct Gemm {
  Arena arena;
  std::vector<Matrix> weights;
  Rows x;
  GemmArgs args;
};
std::unique_ptr<Gemm> make_gemm(const std::vector<std::int32_t>& rows, std::int32_t k,
                                std::int32_t m, bool with_bias) {
  auto g = std::make_unique<Gemm>();
  std::int32_t all = 0;
  g->args.n_parts = static_cast<std::int32_t>(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    g->weights.push_back(random_matrix(TensorType::BF16, rows[i], k, g->arena));
    g->args.part[i].w =
        reinterpret_cast<const std::uint16_t*>(on_device(g->weights.back(), 0, g->arena).plane[0]);
    g->args.part[i].rows = rows[i];
    if (with_bias) g->args.part[i].bias = g->arena.uniform(rows[i], -1, 1);
    all += rows[i];
  }
  g->x = random_rows(m, k, g->arena);
  g->args.k = k;
  g->args.m = m;
  g->args.x = g->x.device;
  g->args.y = g->arena.uniform(std::int64_t{m} * all, -1, 1);
  g->args.h = g->arena.take<std::uint16_t>(std::int64_t{m} * rows[0]);
  return g;
}

/// Both families of kernels.
using Product = void (*)(GemmKind, const GemmArgs&, int multiprocessors);
void by_mma(GemmKind kind, const GemmArgs& args, int multiprocessors) {
  batch_gemm(kind, args, multiprocessors, nullptr);
}
void by_tiles(GemmKind kind, const GemmArgs& args, int multiprocessors) {
  ASSERT_TRUE(tile_gemm_serves(args));
  tile_gemm(kind, args, Phase::decode, multiprocessors, nullptr);
}

/// Few multiprocessors: K in one part; many: in clusters.
void check_store(Product product, const std::vector<std::int32_t>& rows, std::int32_t m,
                 std::int32_t k, int multiprocessors) {
  const std::int64_t all = rows[0] + rows[1] + rows[2];
  const auto g = make_gemm(rows, k, m, true);
  product(GemmKind::store, g->args, multiprocessors);
  Distance distance;
  for (std::int32_t t = 0; t < m; ++t) {
    std::int64_t at = t * all;
    for (std::size_t p = 0; p < rows.size(); ++p) {
      for (std::int32_t r = 0; r < rows[p]; ++r) {
        distance.add(static_cast<double>(g->args.y[at++]),
                     dot(g->weights[p], r, g->x.host[static_cast<std::size_t>(t)]) +
                         static_cast<double>(g->args.part[p].bias[r]));
      }
    }
  }
  EXPECT_LT(distance.relative(), 1e-5);
  GemmArgs alone = g->args;
  alone.m = 1;
  alone.x = g->x.device + std::int64_t{m - 1} * k;
  alone.y = g->arena.take<float>(all);
  product(GemmKind::store, alone, multiprocessors);
  for (std::int64_t i = 0; i < all; ++i) {
    ASSERT_EQ(numerics::bits_of(alone.y[i]), numerics::bits_of(g->args.y[(m - 1) * all + i])) << i;
  }
}

TEST(EmulatedGemm, StoresWithBias) {
  check_store(by_mma, {96, 40, 64}, 5, 192, 1);
  check_store(by_mma, {96, 40, 64}, 14, 256, 16);
  check_store(by_mma, {96, 40, 64}, 61, 320, 8);
  check_store(by_mma, {96, 40, 64}, 130, 128, 1);
}

TEST(EmulatedGemm, TilesStoreWithBias) {
  check_store(by_tiles, {192, 64, 64}, 5, 64, 1);
  check_store(by_tiles, {128, 64, 64}, 14, 1088, 16);
  check_store(by_tiles, {128, 64, 64}, 61, 576, 8);
  check_store(by_tiles, {64, 64, 64}, 140, 128, 4);
}

void check_residual(Product product, std::int32_t rows, std::int32_t m, std::int32_t k) {
  const auto g = make_gemm({rows}, k, m, false);
  const std::vector<float> before(g->args.y, g->args.y + std::int64_t{m} * rows);
  product(GemmKind::residual, g->args, 8);
  Distance distance;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto row = static_cast<std::size_t>(rows);
    distance.add(static_cast<double>(g->args.y[i]),
                 dot(g->weights[0], static_cast<std::int32_t>(i % row), g->x.host[i / row]) +
                     static_cast<double>(before[i]));
  }
  EXPECT_LT(distance.relative(), 1e-5);
}

TEST(EmulatedGemm, AddsToTheResidual) {
  check_residual(by_mma, 200, 30, 320);
  check_residual(by_tiles, 192, 30, 576);
  check_residual(by_tiles, 128, 70, 64);
}

void check_swiglu(Product product, std::int32_t m, std::int32_t k, int multiprocessors) {
  const auto g = make_gemm({128, 128}, k, m, false);
  product(GemmKind::swiglu, g->args, multiprocessors);
  Distance distance;
  for (std::int32_t t = 0; t < m; ++t) {
    for (std::int32_t r = 0; r < 128; ++r) {
      const auto& x = g->x.host[static_cast<std::size_t>(t)];
      const double gate = dot(g->weights[0], r, x);
      const std::uint16_t bits = g->args.h[std::int64_t{t} * 128 + permuted_index(r)];
      distance.add(static_cast<double>(numerics::bfloat16_to_float(bits)),
                   gate / (1 + std::exp(-gate)) * dot(g->weights[1], r, x));
    }
  }
  EXPECT_LT(distance.relative(), 4e-3);
}

TEST(EmulatedGemm, SwigluRoundsToBf16) {
  check_swiglu(by_mma, 9, 256, 1);
  check_swiglu(by_mma, 9, 256, 16);
  check_swiglu(by_tiles, 9, 64, 1);
  check_swiglu(by_tiles, 17, 576, 16);
}

TEST(EmulatedGemm, NormRoundsToBf16) {
  Arena arena;
  constexpr std::int32_t kN = 576;
  const float* x = arena.uniform(3 * kN, -2, 2);
  const float* gain = arena.uniform(kN, 0.5F, 1.5F);
  auto* out = arena.take<std::uint16_t>(3 * kN);
  batch_norm(x, gain, 1e-6F, 3, kN, out, nullptr);
  Distance distance;
  for (std::int32_t r = 0; r < 3; ++r) {
    double squares = 0;
    for (std::int32_t i = 0; i < kN; ++i)
      squares += std::pow(static_cast<double>(x[r * kN + i]), 2);
    for (std::int32_t i = 0; i < kN; ++i) {
      distance.add(
          static_cast<double>(numerics::bfloat16_to_float(out[r * kN + permuted_index(i)])),
          static_cast<double>(x[r * kN + i]) / std::sqrt(squares / kN + 1e-6) *
              static_cast<double>(gain[i]));
    }
  }
  EXPECT_LT(distance.relative(), 4e-3);
}

}  // namespace
}  // namespace assay::cuda::test
