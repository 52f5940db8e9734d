// A step in one kernel against the same step in the words of core/numerics: every bit.
#include "backends/cuda/fast/persistent_kernel.cuh"

#include <gtest/gtest.h>

#include <string>

#include "core/numerics/norm.h"
#include "core/numerics/rope.h"
#include "tests/backends/cuda/emulated/random_model.h"

namespace assay::cuda::test {
namespace {

using namespace fast;  // NOLINT: what is tested

constexpr int kLayers = 2;
constexpr int kVocab = 264;
constexpr int kPages = 24;

struct Case {
  std::string name;
  TensorType most;
  TensorType others;  ///< v, the first layer's down, the head
  int hidden, n_heads, n_kv_heads, ffn;
  int position;
  int blocks;
  bool norms = false;
  bool interleaved = false;
};

struct LayerOnHost {
  Matrix q, k, v, out, gate, up, down;
};

/// A model of random weights and its state before a step.
struct Model {
  Arena arena;
  std::vector<LayerOnHost> layers;
  Matrix head;
  StepParams params;
  std::vector<std::uint16_t> kv_before;
  std::vector<std::int32_t> pages;
  std::unique_ptr<numerics::RopeTable> rope;
  int head_dim = 0;
};

LayerAt place_layer(const LayerOnHost& l, const Case& c, int head_dim, Arena& arena) {
  const auto at = [&](const Matrix& m) { return on_device(m, m.type == c.most ? 0 : 1, arena); };
  LayerAt out;
  out.matrix[kQ] = at(l.q), out.matrix[kK] = at(l.k), out.matrix[kV] = at(l.v);
  out.matrix[kAttnOut] = at(l.out), out.matrix[kGate] = at(l.gate), out.matrix[kUp] = at(l.up);
  out.matrix[kFfnDown] = at(l.down);
  out.bias[0] = arena.uniform(l.q.rows, -1, 1);
  out.bias[1] = arena.uniform(l.k.rows, -1, 1);  // v goes without
  out.attn_norm = arena.uniform(c.hidden, 0.5F, 1.5F);
  out.ffn_norm = arena.uniform(c.hidden, 0.5F, 1.5F);
  if (c.norms) out.q_norm = arena.uniform(head_dim, 0.5F, 1.5F);
  if (c.norms) out.k_norm = arena.uniform(head_dim, 0.5F, 1.5F);
  return out;
}

void make_attention(const Case& c, Model* m) {
  Arena& arena = m->arena;
  StepParams& p = m->params;
  AttentionArgs& a = p.attention;
  a.kv.n_layers = kLayers;
  a.kv.n_kv_heads = c.n_kv_heads;
  a.kv.head_dim = m->head_dim;
  const std::int64_t halves = std::int64_t{kPages} * kLayers * c.n_kv_heads * 2 * 64 * m->head_dim;
  a.kv.data = arena.take<std::uint16_t>(halves);
  for (std::int64_t i = 0; i < halves; ++i) {
    a.kv.data[i] = numerics::float_to_half(arena.draw(-1, 1));
  }
  m->kv_before.assign(a.kv.data, a.kv.data + halves);
  for (int i = 0; i < kPages; ++i) m->pages.push_back((i * 5 + 3) % kPages);
  auto* position = arena.take<std::int32_t>(1);
  *position = c.position;
  ModelConfig config;
  config.head_dim = m->head_dim;
  config.rope_style = c.interleaved ? RopeStyle::interleaved : RopeStyle::half;
  m->rope = std::make_unique<numerics::RopeTable>(config, kPages * 64);
  a.n_heads = c.n_heads;
  a.eps = p.eps;
  a.rope_cos = m->rope->cos_row(0);
  a.rope_sin = m->rope->sin_row(0);
  a.interleaved = c.interleaved;
  a.positions = position;
  a.pages = m->pages.data();
  a.max_pages = kPages;
  a.parts = arena.uniform(attention_parts_floats(1, c.n_heads, m->head_dim, kPages), -9, 9);
  a.arrivals = arena.take<std::int32_t>(c.n_kv_heads);
}

std::unique_ptr<Model> make_model(const Case& c, int head_dim) {
  auto m = std::make_unique<Model>();
  m->head_dim = head_dim;
  Arena& arena = m->arena;
  StepParams& p = m->params;
  const int q = c.n_heads * head_dim;
  const int kv = c.n_kv_heads * head_dim;
  LayerAt* layers = arena.take<LayerAt>(kLayers + 1);
  p.layers = layers;
  p.has_second = c.others != c.most;
  for (int l = 0; l < kLayers; ++l) {
    m->layers.push_back(
        {random_matrix(c.most, q, c.hidden, arena), random_matrix(c.most, kv, c.hidden, arena),
         random_matrix(c.others, kv, c.hidden, arena), random_matrix(c.most, c.hidden, q, arena),
         random_matrix(c.most, c.ffn, c.hidden, arena),
         random_matrix(c.most, c.ffn, c.hidden, arena),
         random_matrix(l == 0 ? c.others : c.most, c.hidden, c.ffn, arena)});
    layers[l] = place_layer(m->layers.back(), c, head_dim, arena);
  }
  m->head = random_matrix(c.others, kVocab, c.hidden, arena);
  layers[kLayers].matrix[0] = on_device(m->head, c.others == c.most ? 0 : 1, arena);
  p.final_norm = arena.uniform(c.hidden, 0.5F, 1.5F);
  p.n_layers = kLayers;
  p.qkv_rows[0] = q, p.qkv_rows[1] = p.qkv_rows[2] = kv;
  const int k[kParts] = {c.hidden, q, c.hidden, c.ffn, c.hidden};
  const int rows[kParts] = {q + 2 * kv, c.hidden, 2 * c.ffn, c.hidden, kVocab};
  std::copy(std::begin(k), std::end(k), std::begin(p.k));
  std::copy(std::begin(rows), std::end(rows), std::begin(p.groups));
  p.eps = 1e-6F;
  p.n_splits = kPages;
  p.residual = arena.uniform(c.hidden, -2, 2);
  ModelConfig config;
  config.hidden = c.hidden;
  config.n_heads = c.n_heads;
  config.n_kv_heads = c.n_kv_heads;
  config.head_dim = head_dim;
  config.ffn = c.ffn;
  p.at = exchange_layout(config);
  p.exchange = arena.take<float>(std::int64_t{p.at.floats} * kLayers);
  std::fill_n(p.exchange, std::int64_t{p.at.floats} * kLayers, numerics::float_of(kAbsent));
  p.logits = arena.take<float>(kVocab);
  p.result = arena.take<HeadResult>(1);
  make_attention(c, m.get());
  return m;
}

/// Keys [dim][64] and values [64][dim] of one split as the step sees them.
struct SplitOnHost {
  std::vector<float> keys, values;
  int n = 0;
};
SplitOnHost split_of(const Model& m, const Case& c, int layer, int kv_head, int split,
                     const float* own_key, const float* own_value) {
  const int dim = m.head_dim;
  const auto page = static_cast<std::size_t>(m.pages[static_cast<std::size_t>(split)]);
  const std::uint16_t* at =
      m.kv_before.data() +
      ((page * kLayers + static_cast<std::size_t>(layer)) * static_cast<std::size_t>(c.n_kv_heads) +
       static_cast<std::size_t>(kv_head)) *
          static_cast<std::size_t>(2 * 64 * dim);
  const auto rounded = [](float x) { return numerics::half_to_float(numerics::float_to_half(x)); };
  SplitOnHost out{std::vector<float>(static_cast<std::size_t>(64 * dim)),
                  std::vector<float>(static_cast<std::size_t>(64 * dim)),
                  std::min(64, c.position + 1 - split * 64)};
  for (int j = 0; j < out.n; ++j) {
    const bool own = split * 64 + j == c.position;
    for (int d = 0; d < dim; ++d) {
      out.keys[static_cast<std::size_t>(d * 64 + j)] =
          own ? rounded(own_key[d]) : numerics::half_to_float(at[(d / 8 * 64 + j) * 8 + d % 8]);
      out.values[static_cast<std::size_t>(j * dim + d)] =
          own ? rounded(own_value[d]) : numerics::half_to_float(at[64 * dim + j * dim + d]);
    }
  }
  return out;
}

std::vector<float> attend(const Model& m, const Case& c, int layer, std::vector<float> q,
                          std::vector<float> k, const std::vector<float>& v) {
  const int dim = m.head_dim;
  const LayerAt& at = m.params.layers[layer];
  const auto turn = [&](std::vector<float>& heads, const float* gain) {
    for (std::size_t h = 0; h < heads.size(); h += static_cast<std::size_t>(dim)) {
      if (gain != nullptr) numerics::rms_norm(&heads[h], gain, m.params.eps, dim, &heads[h]);
      numerics::rotate_head(&heads[h], m.rope->cos_row(c.position), m.rope->sin_row(c.position),
                            dim / 2, c.interleaved);
    }
  };
  turn(q, at.q_norm);
  turn(k, at.k_norm);
  std::vector<float> out(q.size());
  for (int head = 0; head < c.n_heads; ++head) {
    const int kv_head = head / (c.n_heads / c.n_kv_heads);
    numerics::SoftmaxState state;
    float* to = &out[static_cast<std::size_t>(head * dim)];
    for (int split = 0; split * 64 <= c.position; ++split) {
      const SplitOnHost s =
          split_of(m, c, layer, kv_head, split, &k[static_cast<std::size_t>(kv_head * dim)],
                   &v[static_cast<std::size_t>(kv_head * dim)]);
      std::vector<float> o(static_cast<std::size_t>(dim));
      const auto next = numerics::attend_split(&q[static_cast<std::size_t>(head * dim)],
                                               s.keys.data(), s.values.data(), s.n, dim,
                                               numerics::attention_scale(dim), o.data());
      if (split == 0) {
        state = next;
        std::copy(o.begin(), o.end(), to);
      } else {
        numerics::merge_split(next, o.data(), dim, &state, to);
      }
    }
    numerics::finish_attention(state, to, dim, to);
  }
  return out;
}

std::vector<float> expected_logits(const Model& m, const Case& c) {
  const StepParams& p = m.params;
  std::vector<float> x(p.residual, p.residual + c.hidden);
  std::vector<float> normed(x.size());
  const auto norm = [&](const float* gain) {
    numerics::rms_norm(x.data(), gain, p.eps, c.hidden, normed.data());
  };
  const auto add = [](std::vector<float> y, const float* other) {
    for (std::size_t i = 0; other != nullptr && i < y.size(); ++i) y[i] += other[i];
    return y;
  };
  for (int l = 0; l < kLayers; ++l) {
    const LayerOnHost& w = m.layers[static_cast<std::size_t>(l)];
    const LayerAt& at = p.layers[l];
    norm(at.attn_norm);
    const auto attended = attend(m, c, l, add(product(w.q, normed), at.bias[0]),
                                 add(product(w.k, normed), at.bias[1]), product(w.v, normed));
    x = add(x, product(w.out, attended).data());
    norm(at.ffn_norm);
    std::vector<float> ffn = product(w.gate, normed);
    const auto up = product(w.up, normed);
    for (std::size_t i = 0; i < ffn.size(); ++i) ffn[i] = numerics::swiglu(ffn[i], up[i]);
    x = add(x, product(w.down, ffn).data());
  }
  norm(p.final_norm);
  return product(m.head, normed);
}

template <class Setup>
void check_step(const Case& c, int head_dim) {
  SCOPED_TRACE(c.name);
  const auto m = make_model(c, head_dim);
  ASSERT_TRUE(setup_fits<Setup>(m->params, c.blocks));
  const std::vector<float> want = expected_logits(*m, c);
  queue_setup<Setup>(m->params, c.blocks, nullptr);
  unsigned long long hash[2] = {0, 0};
  std::int32_t best = 0;
  for (int i = 0; i < kVocab; ++i) {
    const float expected = want[static_cast<std::size_t>(i)];
    ASSERT_EQ(numerics::bits_of(m->params.logits[i]), numerics::bits_of(expected)) << i;
    const auto id = static_cast<std::uint32_t>(i);
    hash[0] += numerics::mix64(numerics::bits_of(expected), id, numerics::kLogitsHashSeedA);
    hash[1] += numerics::mix64(numerics::bits_of(expected), id, numerics::kLogitsHashSeedB);
    if (expected > want[static_cast<std::size_t>(best)]) best = i;
  }
  EXPECT_EQ(m->params.result->hash[0], hash[0]);
  EXPECT_EQ(m->params.result->hash[1], hash[1]);
  EXPECT_EQ(best_id(m->params.result->best), best);
}

TEST(EmulatedStep, Bf16) {
  using Setup = StepSetup<GemvBf16, GemvBf16, 12, 1, 1>;
  constexpr auto kType = TensorType::BF16;
  check_step<Setup>({"first position", kType, kType, 640, 8, 2, 1088, 0, 6}, 64);
  check_step<Setup>({"norms of heads", kType, kType, 576, 4, 2, 640, 70, 4, true}, 128);
  check_step<Setup>({"merged by the last", kType, kType, 128, 2, 1, 128, 1300, 2, false, true}, 64);
}

TEST(EmulatedStep, Q8_0) {
  using Setup = StepSetup<GemvQ8_0, GemvQ8_0, 8, 1, 1>;
  constexpr auto kType = TensorType::Q8_0;
  check_step<Setup>({"merged by all", kType, kType, 640, 8, 2, 1152, 130, 5}, 64);
}

TEST(EmulatedStep, Q4_KWithQ6_K) {
  using Setup = StepSetup<GemvQ4_K, GemvQ6_K, 8, 1, 2>;
  check_step<Setup>({"mixed", TensorType::Q4_K, TensorType::Q6_K, 768, 8, 2, 1280, 130, 5}, 64);
  check_step<Setup>(
      {"one chunk and a half", TensorType::Q4_K, TensorType::Q6_K, 512, 4, 1, 768, 63, 3}, 128);
}

}  // namespace
}  // namespace assay::cuda::test
