// Attention under `fast` against the same in double: prompts behind earlier context, and decode.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "backends/cuda/fast/flash.cu"
#include "backends/cuda/fast/flash_decode.cu"
#include "core/numerics/half.h"
#include "core/numerics/rope.h"
#include "tests/backends/cuda/emulated/random_model.h"

namespace assay::cuda::test {
namespace {

using namespace fast;  // NOLINT: what is tested

constexpr int kPages = 20;

struct Case {
  int head_dim, n_heads, n_kv_heads;
  bool norms = false;
  bool interleaved = false;
};

/// A sequence of n positions whose keys and values are all in the cache; noise behind them.
struct Sequence {
  Arena arena;
  Case c;
  int n = 0;
  KvView kv;
  std::vector<std::int32_t> pages;
  std::vector<std::vector<float>> keys, values;  ///< [position][kv_head * head_dim]
};

std::uint16_t* place(const Sequence& s, int position, int kv_head, int d, bool value) {
  const int page = s.pages[static_cast<std::size_t>(position / 64)];
  auto* at = reinterpret_cast<std::uint16_t*>(s.kv.pages + page * s.kv.page_bytes) +
             std::int64_t{kv_head} * 2 * 64 * s.c.head_dim;
  const int slot = position % 64;
  return value ? at + 64 * s.c.head_dim + slot * s.c.head_dim + d
               : at + (d / 8 * 64 + slot) * 8 + d % 8;
}

std::unique_ptr<Sequence> make_sequence(const Case& c, int n) {
  auto s = std::make_unique<Sequence>();
  s->c = c;
  s->n = n;
  const std::int64_t page_bytes = std::int64_t{c.n_kv_heads} * 2 * 64 * c.head_dim * 2;
  auto* memory = s->arena.take<std::uint16_t>(kPages * page_bytes / 2);
  const std::uint16_t poison = numerics::float_to_half(std::numeric_limits<float>::quiet_NaN());
  std::fill_n(memory, kPages * page_bytes / 2, poison);
  s->kv = {reinterpret_cast<std::uint8_t*>(memory),
           page_bytes,
           0,
           c.n_kv_heads,
           c.head_dim,
           KvType::f16};
  for (int i = 0; i < kPages; ++i) s->pages.push_back((i * 7 + 3) % kPages);
  for (int position = 0; position < n; ++position) {
    for (auto* of : {&s->keys, &s->values}) {
      auto& row = of->emplace_back();
      for (int i = 0; i < c.n_kv_heads * c.head_dim; ++i) {
        const std::uint16_t bits = numerics::float_to_half(s->arena.draw(-2, 2));
        row.push_back(numerics::half_to_float(bits));
        *place(*s, position, i / c.head_dim, i % c.head_dim, of == &s->values) = bits;
      }
    }
  }
  return s;
}

/// What a query at `position` gets.
std::vector<double> attend(const Sequence& s, const float* q, int head, int position) {
  const int dim = s.c.head_dim;
  const int first = head / (s.c.n_heads / s.c.n_kv_heads) * dim;
  std::vector<double> out(static_cast<std::size_t>(dim));
  double total = 0;
  for (int j = 0; j <= position; ++j) {
    const auto at = static_cast<std::size_t>(j);
    double score = 0;
    for (int d = 0; d < dim; ++d) {
      score += static_cast<double>(q[d]) *
               static_cast<double>(s.keys[at][static_cast<std::size_t>(first + d)]);
    }
    const double weight = std::exp(score / std::sqrt(dim));
    total += weight;
    for (int d = 0; d < dim; ++d) {
      out[static_cast<std::size_t>(d)] +=
          weight * static_cast<double>(s.values[at][static_cast<std::size_t>(first + d)]);
    }
  }
  for (double& x : out) x /= total;
  return out;
}

void expect_near(const std::vector<double>& want, const std::vector<double>& got) {
  double error = 0;
  double norm = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    error += (want[i] - got[i]) * (want[i] - got[i]);
    norm += want[i] * want[i];
  }
  EXPECT_LT(std::sqrt(error / norm), 6e-3);
}

/// Rows [first, n) of a prompt.
void check_prompt(const Case& c, int first, int n) {
  const auto s = make_sequence(c, n);
  const int rows = n - first;
  const std::int64_t width = std::int64_t{c.n_heads} * c.head_dim;
  const float* q = s->arena.uniform(rows * width, -2, 2);
  auto* scaled = s->arena.take<std::uint16_t>(rows * width);
  scale_queries(q, rows * width, flash_scale(c.head_dim), scaled, nullptr);
  std::vector<AttentionTile> tiles;
  const int of_tile = flash_rows_of_tile(c.n_heads / c.n_kv_heads);
  for (int i = 0; i < rows; i += of_tile) {
    tiles.push_back({i, std::min(of_tile, rows - i), first + i, 0});
  }
  FlashArgs args;
  args.kv = s->kv;
  args.n_heads = c.n_heads;
  args.q = scaled;
  args.pages = s->pages.data();
  args.out = s->arena.take<float>(rows * width);
  args.out_bf16 = s->arena.take<std::uint16_t>(rows * width);
  flash_prefill(args, tiles.data(), static_cast<std::int32_t>(tiles.size()), false, nullptr);
  for (const int row : {0, rows / 2, rows - 1}) {
    for (int head = 0; head < c.n_heads; ++head) {
      const std::int64_t at = row * width + std::int64_t{head} * c.head_dim;
      std::vector<double> plain;
      std::vector<double> rounded;
      for (int d = 0; d < c.head_dim; ++d) {
        plain.push_back(static_cast<double>(args.out[at + d]));
        rounded.push_back(static_cast<double>(
            numerics::bfloat16_to_float(args.out_bf16[permuted_index(at + d)])));
      }
      const auto want = attend(*s, q + at, head, first + row);
      expect_near(want, plain);
      expect_near(want, rounded);
    }
  }
}

TEST(EmulatedFlash, Prompts) {
  check_prompt({64, 4, 2}, 0, 70);
  check_prompt({128, 6, 1}, 37, 110);
  check_prompt({64, 3, 3}, 64, 65);
}

/// What the kernel must make of q, k and v.
std::vector<float> turned_heads(const Case& c, const HeadsArgs& a, const numerics::RopeTable& rope,
                                int position) {
  std::vector<float> turned(a.qkv, a.qkv + (c.n_heads + 2 * c.n_kv_heads) * c.head_dim);
  for (int head = 0; head < c.n_heads + c.n_kv_heads; ++head) {
    float* x = &turned[static_cast<std::size_t>(head * c.head_dim)];
    const float* gain = head < c.n_heads ? a.q_norm : a.k_norm;
    double squares = 0;
    for (int d = 0; d < c.head_dim; ++d) squares += std::pow(static_cast<double>(x[d]), 2);
    for (int d = 0; gain != nullptr && d < c.head_dim; ++d) {
      x[d] = static_cast<float>(static_cast<double>(x[d] * gain[d]) /
                                std::sqrt(squares / c.head_dim + 1e-6));
    }
    numerics::rotate_head(x, rope.cos_row(position), rope.sin_row(position), c.head_dim / 2,
                          c.interleaved);
  }
  return turned;
}

/// The last position's row: its key and value are not in the cache yet.
void check_decode(const Case& c, const std::vector<int>& lengths) {
  const std::int64_t width = std::int64_t{c.n_heads + 2 * c.n_kv_heads} * c.head_dim;
  for (const int n : lengths) {
    SCOPED_TRACE(n);
    const auto s = make_sequence(c, n);
    ModelConfig config;
    config.head_dim = c.head_dim;
    config.rope_style = c.interleaved ? RopeStyle::interleaved : RopeStyle::half;
    const numerics::RopeTable rope(config, kPages * 64);
    FlashDecodeArgs a;
    a.heads.kv = s->kv;
    a.heads.n_heads = c.n_heads;
    float* qkv = s->arena.uniform(2 * width, -2, 2);
    a.heads.qkv = qkv;
    if (c.norms) a.heads.q_norm = s->arena.uniform(c.head_dim, 0.5F, 1.5F);
    if (c.norms) a.heads.k_norm = s->arena.uniform(c.head_dim, 0.5F, 1.5F);
    a.heads.eps = 1e-6F;
    a.heads.rope_cos = rope.cos_row(0);
    a.heads.rope_sin = rope.sin_row(0);
    a.heads.interleaved = c.interleaved;
    const std::int32_t positions[2] = {n - 1, -1};  // and a row that is none
    std::vector<std::int32_t> pages = s->pages;
    pages.resize(2 * kPages);
    a.heads.positions = positions;
    a.heads.pages = pages.data();
    a.pages_stride = kPages;
    a.out_bf16 = s->arena.take<std::uint16_t>(2 * c.n_heads * c.head_dim);
    a.parts = s->arena.uniform(flash_parts_floats(2, c.n_heads, c.head_dim, kPages), -9, 9);
    a.arrivals = s->arena.take<std::int32_t>(2 * c.n_kv_heads);
    const std::vector<float> turned = turned_heads(c, a.heads, rope, n - 1);
    const auto kept = static_cast<std::size_t>(n - 1);
    const auto kv_width = static_cast<std::ptrdiff_t>(c.n_kv_heads * c.head_dim);
    const auto own = turned.begin() + c.n_heads * c.head_dim;
    s->keys[kept].assign(own, own + kv_width);
    s->values[kept].assign(own + kv_width, own + 2 * kv_width);
    for (int i = 0; i < kv_width; ++i) {
      *place(*s, n - 1, i / c.head_dim, i % c.head_dim, false) = 0x7e00;  // NaN until appended
      *place(*s, n - 1, i / c.head_dim, i % c.head_dim, true) = 0x7e00;
    }
    flash_decode(a, 2, nullptr);
    for (int head = 0; head < c.n_heads; ++head) {
      std::vector<double> got;
      for (int d = 0; d < c.head_dim; ++d) {
        got.push_back(static_cast<double>(
            numerics::bfloat16_to_float(a.out_bf16[permuted_index(head * c.head_dim + d)])));
      }
      expect_near(attend(*s, &turned[static_cast<std::size_t>(head * c.head_dim)], head, n - 1),
                  got);
    }
    for (int i = 0; i < kv_width; ++i) {
      const auto at = static_cast<std::size_t>(i);
      EXPECT_NEAR(numerics::half_to_float(*place(*s, n - 1, i / c.head_dim, i % c.head_dim, false)),
                  s->keys[kept][at], 4e-3);
      EXPECT_NEAR(numerics::half_to_float(*place(*s, n - 1, i / c.head_dim, i % c.head_dim, true)),
                  s->values[kept][at], 4e-3);
    }
    for (int i = 0; i < 2 * c.n_kv_heads; ++i) EXPECT_EQ(a.arrivals[i], 0);
  }
}

TEST(EmulatedFlash, Decode) {
  check_decode({64, 4, 2}, {1, 17, 64, 65});
  check_decode({128, 6, 1, true}, {130, 300});
  check_decode({64, 2, 1, false, true}, {700, 1200});
}

}  // namespace
}  // namespace assay::cuda::test
