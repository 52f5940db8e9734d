// Attention over the paged cache: against a softmax in double, pages anywhere, poison beyond the
// length, unequal sequences in a batch, prefill equal to decode, forks.
#include <limits>
#include <numeric>

#include "tests/backends/reference/support.h"

namespace assay::reference::testing {
namespace {

constexpr std::int64_t kKvHeads = 2;
constexpr std::int64_t kHeads = 6;
constexpr std::int64_t kDim = 16;
constexpr std::int64_t kKvWidth = kKvHeads * kDim;
constexpr std::int64_t kQWidth = kHeads * kDim;
constexpr std::int64_t kLayers = 2;
constexpr std::int64_t kLayer = 1;

/// One sequence's queries, keys and values, [length, width].
struct Sequence {
  std::int32_t length;
  std::vector<std::int32_t> pages;
  std::vector<float> q, k, v;
};

Sequence make_sequence(std::int32_t length, std::vector<std::int32_t> pages, unsigned seed) {
  return {length, std::move(pages), values(length * kQWidth, seed),
          values(length * kKvWidth, seed + 1), values(length * kKvWidth, seed + 2)};
}

KvLayout layout(KvType type, std::int32_t pages) {
  return {.n_layers = kLayers,
          .n_kv_heads = kKvHeads,
          .head_dim = kDim,
          .n_pages = pages,
          .type = type};
}

/// Rows [first, first + n) of a sequence, stored and attended to in one call.
std::vector<float> step(Device& device, KvCache& cache, const Sequence& s, std::int32_t first,
                        std::int32_t n, Phase phase) {
  std::vector<std::int32_t> positions(static_cast<std::size_t>(n));
  std::iota(positions.begin(), positions.end(), first);
  const BatchSpan span{.first_row = 0, .n_rows = n, .first_position = first, .pages = s.pages};
  const Batch batch{.phase = phase, .n_rows = n, .spans = {&span, 1}, .positions = positions};
  device.kv_store(cache, kLayer, batch, {s.k.data() + first * kKvWidth, n, kKvWidth},
                  {s.v.data() + first * kKvWidth, n, kKvWidth});
  std::vector<float> out(static_cast<std::size_t>(n * kQWidth));
  device.attention(cache, kLayer, batch, {s.q.data() + first * kQWidth, n, kQWidth}, kHeads,
                   tensor(out, n));
  return out;
}

/// NaN in every position of every page and layer.
void poison(Device& device, KvCache& cache) {
  const std::vector<float> nan(static_cast<std::size_t>(kKvPageTokens * kKvWidth),
                               std::numeric_limits<float>::quiet_NaN());
  for (std::int32_t page = 0; page < cache.layout().n_pages; ++page) {
    const BatchSpan span{
        .first_row = 0, .n_rows = kKvPageTokens, .first_position = 0, .pages = {&page, 1}};
    const Batch batch{
        .phase = Phase::prefill, .n_rows = kKvPageTokens, .spans = {&span, 1}, .positions = {}};
    for (std::int64_t layer = 0; layer < kLayers; ++layer) {
      device.kv_store(cache, layer, batch, tensor(nan, kKvPageTokens), tensor(nan, kKvPageTokens));
    }
  }
}

double stored(float x, KvType type) {
  return static_cast<double>(
      type == KvType::f32 ? x : numerics::half_to_float(numerics::float_to_half(x)));
}

/// The last row's attention by one head, in double.
std::vector<double> last_row(const Sequence& s, std::int64_t head, KvType type) {
  const std::int64_t kv = head / (kHeads / kKvHeads) * kDim;
  const float* q = s.q.data() + (s.length - 1) * kQWidth + head * kDim;
  std::vector<double> weights;
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int32_t j = 0; j < s.length; ++j) {
    double score = 0;
    for (std::int64_t d = 0; d < kDim; ++d) {
      score += static_cast<double>(q[d]) *
               stored(s.k[static_cast<std::size_t>(j * kKvWidth + kv + d)], type);
    }
    weights.push_back(score / std::sqrt(static_cast<double>(kDim)));
    largest = std::max(largest, weights.back());
  }
  double total = 0;
  for (double& weight : weights) total += weight = std::exp(weight - largest);
  std::vector<double> out(kDim);
  for (std::int32_t j = 0; j < s.length; ++j) {
    for (std::int64_t d = 0; d < kDim; ++d) {
      out[static_cast<std::size_t>(d)] +=
          weights[static_cast<std::size_t>(j)] / total *
          stored(s.v[static_cast<std::size_t>(j * kKvWidth + kv + d)], type);
    }
  }
  return out;
}

TEST(ReferenceAttention, IsNearTheSoftmaxInDoubleWithPoisonBeyondTheLength) {
  const auto reference = device();
  for (const KvType type : {KvType::f32, KvType::f16}) {
    for (const std::int32_t length : {1, 2, 15, 16, 17, 63, 64, 65, 128, 129, 200}) {
      const auto cache = reference->create_kv(layout(type, 5));
      poison(*reference, *cache);
      Sequence s = make_sequence(length, {3, 0, 4, 1}, 100);
      for (float& x : s.q) x *= 0.05F;  // weights spread over many positions
      const std::vector<float> out = step(*reference, *cache, s, 0, length, Phase::prefill);
      for (std::int64_t head = 0; head < kHeads; ++head) {
        const std::vector<double> want = last_row(s, head, type);
        for (std::int64_t d = 0; d < kDim; ++d) {
          const float got = out[static_cast<std::size_t>((length - 1) * kQWidth + head * kDim + d)];
          EXPECT_NEAR(got, want[static_cast<std::size_t>(d)], 2e-3)
              << "length " << length << " head " << head;
        }
      }
    }
  }
}

TEST(ReferenceAttention, PrefillInAnyChunksEqualsDecodeAtEveryLevelBitForBit) {
  const Sequence s = make_sequence(150, {2, 0, 1}, 200);
  std::vector<float> first;
  for (const auto& [level, reference] : all_levels()) {
    const auto whole_cache = reference->create_kv(layout(KvType::f16, 3));
    const auto whole = step(*reference, *whole_cache, s, 0, 150, Phase::prefill);
    if (first.empty()) first = whole;
    EXPECT_TRUE(same_bits(whole, first)) << level;
    for (const std::int32_t chunk : {1, 7, 64, 100}) {
      const auto cache = reference->create_kv(layout(KvType::f16, 3));
      poison(*reference, *cache);
      std::vector<float> joined;
      for (std::int32_t at = 0; at < 150; at += chunk) {
        const std::int32_t n = std::min(chunk, 150 - at);
        const auto part =
            step(*reference, *cache, s, at, n, chunk == 1 ? Phase::decode : Phase::prefill);
        joined.insert(joined.end(), part.begin(), part.end());
      }
      EXPECT_TRUE(same_bits(joined, first)) << level << " chunk " << chunk;
    }
  }
}

TEST(ReferenceAttention, UnequalSequencesInABatchDoNotTouchOneAnother) {
  const auto reference = device();
  const std::vector<Sequence> all = {make_sequence(1, {4}, 300), make_sequence(64, {1}, 310),
                                     make_sequence(65, {0, 5}, 320),
                                     make_sequence(130, {6, 2, 3}, 330)};
  const auto cache = reference->create_kv(layout(KvType::f16, 7));
  poison(*reference, *cache);
  std::vector<std::vector<float>> alone;
  for (const Sequence& s : all) {
    const auto rows = step(*reference, *cache, s, 0, s.length, Phase::prefill);
    alone.emplace_back(rows.end() - kQWidth, rows.end());
  }
  // The last token of each again, all in one decode step.
  std::vector<BatchSpan> spans;
  std::vector<std::int32_t> positions;
  std::vector<float> q;
  std::vector<float> k;
  std::vector<float> v;
  for (const Sequence& s : all) {
    spans.push_back({.first_row = static_cast<std::int32_t>(spans.size()),
                     .n_rows = 1,
                     .first_position = s.length - 1,
                     .pages = s.pages});
    positions.push_back(s.length - 1);
    q.insert(q.end(), s.q.end() - kQWidth, s.q.end());
    k.insert(k.end(), s.k.end() - kKvWidth, s.k.end());
    v.insert(v.end(), s.v.end() - kKvWidth, s.v.end());
  }
  const Batch batch{.phase = Phase::decode, .n_rows = 4, .spans = spans, .positions = positions};
  std::vector<float> out(4 * kQWidth);
  reference->kv_store(*cache, kLayer, batch, tensor(k, 4), tensor(v, 4));
  reference->attention(*cache, kLayer, batch, tensor(q, 4), kHeads, tensor(out, 4));
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(std::memcmp(out.data() + i * kQWidth, alone[i].data(), kQWidth * sizeof(float)), 0)
        << i;
  }
}

TEST(ReferenceAttention, AForkedPageIsACopyOfItsOwn) {
  const auto reference = device();
  const auto cache = reference->create_kv(layout(KvType::f32, 4));
  const Sequence original = make_sequence(100, {0, 1}, 400);
  const auto before = step(*reference, *cache, original, 0, 100, Phase::prefill);
  Sequence fork = original;  // shares the full page 0; page 1 is copied to 3
  fork.pages = {0, 3};
  cache->copy_page(1, 3);
  Sequence other = make_sequence(100, {0, 1}, 500);  // the original goes on otherwise
  other.pages = {2, 1};
  step(*reference, *cache, other, 64, 36, Phase::prefill);
  const auto after = step(*reference, *cache, fork, 99, 1, Phase::decode);
  EXPECT_EQ(std::memcmp(after.data(), before.data() + 99 * kQWidth, kQWidth * sizeof(float)), 0);
}

TEST(ReferenceAttention, RefusesPagesThatAreNotThere) {
  const auto reference = device();
  const auto cache = reference->create_kv(layout(KvType::f16, 2));
  EXPECT_THROW(step(*reference, *cache, make_sequence(3, {2}, 1), 0, 3, Phase::prefill), Error);
  EXPECT_THROW(step(*reference, *cache, make_sequence(65, {0}, 1), 0, 65, Phase::prefill), Error);
  EXPECT_THROW(cache->copy_page(0, 2), Error);
}

}  // namespace
}  // namespace assay::reference::testing
