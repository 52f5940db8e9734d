// One head's attention (attention.h) against a naive softmax in double.
#include "core/numerics/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace assay::numerics {
namespace {

struct Case {
  int head_dim;
  int length;
  std::vector<float> q, k, v;  // k and v [length][head_dim]
};

Case make_case(int head_dim, int length, float spread) {
  Case out{head_dim, length, {}, {}, {}};
  std::mt19937 random(static_cast<unsigned>(head_dim * 1000 + length));
  std::normal_distribution<float> normal(0, spread);
  const auto fill = [&](std::vector<float>* x, int n) {
    for (int i = 0; i < n; ++i) x->push_back(normal(random));
  };
  fill(&out.q, head_dim);
  fill(&out.k, head_dim * length);
  fill(&out.v, head_dim * length);
  return out;
}

std::vector<float> attend(const Case& in) {
  const auto dim = static_cast<std::size_t>(in.head_dim);
  std::vector<float> o(dim);
  std::vector<float> next(dim);
  SoftmaxState state;
  for (int first = 0; first < in.length; first += kSplitPositions) {
    const int n = std::min(kSplitPositions, in.length - first);
    // Entries beyond n are poison: a correct split never reads them.
    std::vector<float> k_by_dim(dim * kSplitPositions, std::nanf(""));
    for (int j = 0; j < n; ++j) {
      for (int d = 0; d < in.head_dim; ++d) {
        k_by_dim[static_cast<std::size_t>(d * kSplitPositions + j)] =
            in.k[static_cast<std::size_t>((first + j) * in.head_dim + d)];
      }
    }
    const SoftmaxState split =
        attend_split(in.q.data(), k_by_dim.data(), in.v.data() + first * in.head_dim, n,
                     in.head_dim, attention_scale(in.head_dim), next.data());
    if (first == 0) {
      state = split;
      o = next;
    } else {
      merge_split(split, next.data(), in.head_dim, &state, o.data());
    }
  }
  finish_attention(state, o.data(), in.head_dim, o.data());
  return o;
}

std::vector<double> attend_in_double(const Case& in) {
  std::vector<double> weights;
  double largest = -INFINITY;
  for (int j = 0; j < in.length; ++j) {
    double score = 0;
    for (int d = 0; d < in.head_dim; ++d) {
      score += static_cast<double>(in.q[static_cast<std::size_t>(d)]) *
               static_cast<double>(in.k[static_cast<std::size_t>(j * in.head_dim + d)]);
    }
    weights.push_back(score / std::sqrt(in.head_dim));
    largest = std::max(largest, weights.back());
  }
  double total = 0;
  for (double& weight : weights) total += weight = std::exp(weight - largest);
  std::vector<double> out(static_cast<std::size_t>(in.head_dim));
  for (int j = 0; j < in.length; ++j) {
    for (int d = 0; d < in.head_dim; ++d) {
      out[static_cast<std::size_t>(d)] +=
          weights[static_cast<std::size_t>(j)] / total *
          static_cast<double>(in.v[static_cast<std::size_t>(j * in.head_dim + d)]);
    }
  }
  return out;
}

TEST(Attention, IsNearTheSoftmaxInDouble) {
  for (const int head_dim : {2, 16, 48, 64, 128}) {
    for (const int length : {1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 511, 512, 513}) {
      const Case in = make_case(head_dim, length, 1.0F);
      const auto got = attend(in);
      const auto want = attend_in_double(in);
      for (std::size_t d = 0; d < got.size(); ++d) {
        EXPECT_NEAR(got[d], want[d], 2e-5) << "head_dim " << head_dim << " length " << length;
      }
    }
  }
}

TEST(Attention, OnePositionReturnsItsValue) {
  const Case in = make_case(64, 1, 10.0F);
  EXPECT_EQ(attend(in), in.v);
}

TEST(Attention, ALateMaximumSwitchesOffWhatCameBefore) {
  Case in = make_case(16, 130, 1.0F);
  for (std::size_t d = 0; d < 16; ++d) in.k[129 * 16 + d] = in.q[d] * 1000;
  const auto got = attend(in);
  for (std::size_t d = 0; d < 16; ++d) EXPECT_EQ(got[d], in.v[129 * 16 + d]);
}

TEST(Attention, ScoresTooFarBelowTheMaximumAddNothingAndNoNaN) {
  Case in = make_case(16, 70, 1.0F);
  for (std::size_t d = 0; d < 16; ++d) in.k[d] = in.q[d] * 1e6F;
  for (const float value : attend(in)) EXPECT_TRUE(is_finite(value));
}

}  // namespace
}  // namespace assay::numerics
