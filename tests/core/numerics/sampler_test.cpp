// The sampler: filters against Hugging Face's (outside fixture), ties, keyed draws, statistics.
#include "core/numerics/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <vector>

#include "core/checked_sampling.h"
#include "core/error.h"
#include "tests/support/test_data.h"

namespace assay::numerics {
namespace {

std::vector<TokenId> ids_of(std::span<const Candidate> candidates) {
  std::vector<TokenId> out;
  for (const Candidate& candidate : candidates) out.push_back(candidate.id);
  return out;
}

TEST(SamplerFilters, EqualHuggingFacesProcessors) {
  ASSAY_REQUIRE_TEST_DATA(folder, "golden/sampling_filters");
  const auto golden = nlohmann::json::parse(testing::read_text(folder / "golden.json"));
  const std::string npy = testing::read_text(folder / "logits.npy");
  const std::size_t data = npy.find('\n') + 1;  // .npy version 1: the header is one line
  ASSERT_EQ(npy.size() - data, 3 * 512 * sizeof(float));
  std::vector<float> logits(3 * 512);
  std::memcpy(logits.data(), npy.data() + data, npy.size() - data);

  Sampler sampler;
  ASSERT_GE(golden["cases"].size(), 21U);
  for (const auto& expected : golden["cases"]) {
    const auto row = expected["row"].get<std::size_t>();
    const auto context = golden["context_ids"][row].get<std::vector<TokenId>>();
    const FilterOptions options{.temperature = expected["temperature"].get<double>(),
                                .top_p = expected.value("top_p", 1.0),
                                .min_p = expected.value("min_p", 0.0),
                                .top_k = expected.value("top_k", std::int64_t{0}),
                                .repetition_penalty = expected.value("repetition_penalty", 1.0)};
    const auto kept = sampler.filter(std::span(logits).subspan(row * 512, 512), options, context);
    EXPECT_EQ(ids_of(kept), expected["kept_ids"].get<std::vector<TokenId>>()) << expected.dump();
    double total = 0;
    for (const Candidate& candidate : kept) total += static_cast<double>(candidate.weight);
    const auto probabilities = expected["probs"].get<std::vector<double>>();
    for (std::size_t i = 0; i < std::min(kept.size(), probabilities.size()); ++i) {
      EXPECT_NEAR(static_cast<double>(kept[i].weight) / total, probabilities[i], 1e-6);
    }
  }
}

TEST(SamplerFilters, TiesAtTheEdgeGoToTheLowestIds) {
  const std::vector<float> equal(10, 2.5F);
  Sampler sampler;
  EXPECT_EQ(ids_of(sampler.filter(equal, {.top_k = 3})), (std::vector<TokenId>{0, 1, 2}));
  EXPECT_EQ(ids_of(sampler.filter(equal, {.top_p = 0.2})), (std::vector<TokenId>{0, 1}));
  // The mass before candidate 2 is exactly 0.2 of all; just above, it is kept.
  EXPECT_EQ(sampler.filter(equal, {.top_p = 0.2 + 0x1p-52}).size(), 3U);
  EXPECT_EQ(sampler.filter(equal, {.top_p = 1e-300}).size(), 1U);
  EXPECT_EQ(sampler.filter(equal, {}).size(), 10U);
  EXPECT_EQ(sampler.filter(equal, {.min_p = 1}).size(), 10U);
}

TEST(SamplerFilters, TopPOneKeepsEvenWhatHasNoWeight) {
  const std::vector<float> logits = {0, 100, -100, 50};
  Sampler sampler;
  EXPECT_EQ(ids_of(sampler.filter(logits, {})), (std::vector<TokenId>{1, 3, 0, 2}));
  EXPECT_EQ(ids_of(sampler.filter(logits, {.top_k = 100})), (std::vector<TokenId>{1, 3, 0, 2}));
  EXPECT_EQ(ids_of(sampler.filter(logits, {.top_p = 0.999999})), (std::vector<TokenId>{1}));
}

TEST(SamplerFilters, LargeVocabulariesDoNotOverflow) {
  const std::vector<float> equal(152064, 1.0F);
  Sampler sampler;
  const auto kept = sampler.filter(equal, {.top_p = 0.5});
  EXPECT_EQ(kept.size(), 76032U);
  EXPECT_EQ(kept.back().id, 76031);
}

TEST(SamplerFilters, RefuseOptionsOutOfRange) {
  const std::vector<float> logits = {1, 2};
  Sampler sampler;
  EXPECT_THROW(sampler.filter({}, {}), Error);
  EXPECT_THROW(sampler.filter(logits, {.temperature = 0}), Error);
  EXPECT_THROW(sampler.filter(logits, {.top_p = 0}), Error);
  EXPECT_THROW(sampler.filter(logits, {.min_p = 1.5}), Error);
  EXPECT_THROW(sampler.filter(logits, {.top_k = -1}), Error);
}

TEST(Sampler, GreedyTiesGoToTheLowestId) {
  const std::vector<float> logits = {1, 7, 3, 7};
  Sampler sampler;
  EXPECT_EQ(sampler.draw(logits, {.temperature = 0}, 1, 0), 1);
  EXPECT_EQ(argmax(logits), 1);
  EXPECT_EQ(top2_margin(logits), 0.0F);
  EXPECT_EQ(top2_margin(std::vector<float>{1, 4.5F, 3}), 1.5F);
  EXPECT_EQ(top2_margin(std::vector<float>{1}), std::numeric_limits<float>::infinity());
}

TEST(Sampler, OnePassSeesWhatTheSingleOnesSee) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal(0, 2);
  Sampler sampler;
  for (const std::size_t n : {1U, 2U, 15U, 16U, 17U, 63U, 64U, 65U, 127U, 1000U, 49152U}) {
    for (int turn = 0; turn < 12; ++turn) {
      std::vector<float> logits(n);
      for (float& logit : logits) {
        logit = normal(random);
        if (turn % 3 == 1) logit = std::round(logit);  // ties everywhere
        if (turn % 3 == 2)
          logit = std::copysign(std::min(logit, 0.0F), logit);  // zeros of both signs
      }
      const Drawn drawn = sampler.draw(logits, DrawRequest{});
      EXPECT_EQ(drawn.token, argmax(logits));
      EXPECT_EQ(std::bit_cast<std::uint32_t>(drawn.top2_margin),
                std::bit_cast<std::uint32_t>(top2_margin(logits)));
      EXPECT_FALSE(drawn.non_finite);
      const std::size_t at = random() % n;
      logits[at] = turn % 2 == 0 ? std::numeric_limits<float>::quiet_NaN()
                                 : -std::numeric_limits<float>::infinity();
      EXPECT_EQ(sampler.draw(logits, DrawRequest{}).non_finite, static_cast<std::int64_t>(at));
    }
  }
}

TEST(Sampler, FindsTheFirstNaNOrInfinity) {
  std::vector<float> logits(100);
  EXPECT_FALSE(find_non_finite(logits).has_value());
  logits[70] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(find_non_finite(logits), 70);
  logits[3] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(find_non_finite(logits), 3);
}

TEST(Sampler, ADrawDependsOnItsKeyAlone) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> logits(1000);
  for (float& logit : logits) logit = normal(random);
  const Sampling sampling{.temperature = 0.7, .top_p = 0.95};
  const std::uint64_t seed = request_seed(1, "mini-math/3", 0);
  Sampler one;
  Sampler other;
  const TokenId first = one.draw(logits, sampling, seed, 17);
  for (int index = 0; index < 50; ++index) other.draw(logits, sampling, seed, index);
  EXPECT_EQ(other.draw(logits, sampling, seed, 17), first);
  std::set<TokenId> over_indices;
  std::set<TokenId> over_seeds;
  for (int i = 0; i < 50; ++i) {
    over_indices.insert(one.draw(logits, sampling, seed, i));
    over_seeds.insert(one.draw(logits, sampling, request_seed(1, "mini-math/3", i), 17));
  }
  EXPECT_GT(over_indices.size(), 5U);
  EXPECT_GT(over_seeds.size(), 5U);
}

TEST(Sampler, DrawsSurviveSmallDifferencesOfLogits) {
  std::mt19937 random(6);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> logits(500);
  for (float& logit : logits) logit = normal(random);
  auto nearby = logits;
  for (float& logit : nearby) logit += normal(random) * 1e-5F;
  Sampler sampler;
  int same = 0;
  for (int index = 0; index < 500; ++index) {
    same += sampler.draw(logits, {.temperature = 1}, 9, index) ==
            sampler.draw(nearby, {.temperature = 1}, 9, index);
  }
  EXPECT_GE(same, 499);
}

TEST(Sampler, FrequenciesFollowTheProbabilities) {
  const std::vector<float> logits = {0, std::log(2.0F), std::log(5.0F), -100};
  constexpr int kDraws = 40000;
  std::vector<int> counts(4);
  Sampler sampler;
  for (int i = 0; i < kDraws; ++i) {
    ++counts[static_cast<std::size_t>(sampler.draw(logits, {.temperature = 1}, 77, i))];
  }
  const std::vector<double> expected = {0.125, 0.25, 0.625};
  for (std::size_t i = 0; i < 3; ++i) {  // fixed seeds: five standard deviations, always the same
    const double deviation = std::sqrt(kDraws * expected[i] * (1 - expected[i]));
    EXPECT_NEAR(counts[i], kDraws * expected[i], 5 * deviation);
  }
  EXPECT_EQ(counts[3], 0);
}

TEST(Sampler, DrawsAreHeldStill) {
  std::mt19937 random(7);
  std::vector<float> logits(152064);
  for (float& logit : logits) logit = static_cast<float>(random() % 4096) / 256;
  Sampler sampler;
  std::vector<TokenId> draws;
  for (int index = 0; index < 3; ++index) {
    const std::uint64_t seed = request_seed(42, "AIME/2024/1", index);
    draws.push_back(sampler.draw(logits, {.temperature = 1}, seed, index));
    draws.push_back(sampler.draw(logits, {.temperature = 0.6, .top_p = 0.95}, seed, index));
    draws.push_back(sampler.draw(logits, {.temperature = 0.7, .top_k = 20}, seed, index));
    draws.push_back(sampler.draw(logits, {.temperature = 1.5, .min_p = 0.05}, seed, index));
  }
  EXPECT_EQ(draws, (std::vector<TokenId>{39446, 6324, 70173, 39446, 144568, 144568, 52139, 144568,
                                         52660, 52660, 50410, 52660}));
}

TEST(CheckedSampling, TakesWhatCanBeDrawnAndNamesWhatCannot) {
  const auto fault = [](const Sampling& sampling) {
    const auto checked = checked_sampling(sampling);
    return checked ? std::string() : checked.error().field + " " + checked.error().problem;
  };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(fault({.temperature = kNan}), "temperature is nan, expected 0 to 100");
  EXPECT_EQ(fault({.temperature = kInf}), "temperature is inf, expected 0 to 100");
  EXPECT_EQ(fault({.temperature = -1}), "temperature is -1, expected 0 to 100");
  EXPECT_EQ(fault({.temperature = 1, .top_p = kNan}), "top_p is nan, expected 0 to 1");
  EXPECT_EQ(fault({.temperature = 1, .top_p = 1.5}), "top_p is 1.5, expected 0 to 1");
  EXPECT_EQ(fault({.temperature = 1, .min_p = kNan}), "min_p is nan, expected 0 to 1");
  EXPECT_EQ(fault({.temperature = 1, .top_k = -1}), "top_k is -1, expected 0 or more");
  // Every sampling that passes can be drawn with.
  const std::vector<float> logits = {1, 3, 2};
  Sampler sampler;
  for (const double temperature : {0.0, 1e-300, 1e-38, 1e-9, 0.9e-6, 1e-6, 1.0, 100.0}) {
    for (const double top_p : {0.0, 1e-300, 1e-9, 0.5, 1.0}) {
      const auto checked = checked_sampling({.temperature = temperature, .top_p = top_p});
      ASSERT_TRUE(checked);
      EXPECT_EQ(checked->greedy(), temperature < kMinTemperature);
      if (top_p > 0.5) continue;
      EXPECT_EQ(sampler.draw(logits, *checked, 1, 0), 1) << temperature;
    }
  }
}

TEST(RequestSeed, Has53BitsAndTellsAllThreeApart) {
  const std::uint64_t seed = request_seed(7, "HumanEval/1", 3);
  EXPECT_EQ(seed, 6575767319206260U);
  EXPECT_LT(seed, std::uint64_t{1} << 53);
  EXPECT_NE(seed, request_seed(8, "HumanEval/1", 3));
  EXPECT_NE(seed, request_seed(7, "HumanEval/13", 3));
  EXPECT_NE(seed, request_seed(7, "HumanEval/1", 4));
  EXPECT_NE(request_seed(1, "1\nx", 2), request_seed(1, "x", 21));
}

}  // namespace
}  // namespace assay::numerics
