#include "core/parting.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace assay {
namespace {

using nlohmann::json;

json sample(const std::vector<int>& tokens, const char* stop = "eos") {
  json margins = json::array();
  for (std::size_t i = 0; i < tokens.size(); ++i) margins.push_back(i == 1 ? 0.05 : 2.0);
  return {{"tokens", tokens}, {"stop", stop}, {"sample", 0}, {"top2_margin", margins}};
}

TEST(Parting, IsTheFirstTokenThatDiffers) {
  const Parting at = parting_of(sample({1, 2, 3}), sample({1, 9, 3}));
  EXPECT_EQ(at.token, 1);
  EXPECT_TRUE(at.parted);
  EXPECT_FALSE(at.identical);
}

TEST(Parting, EqualIsIdenticalAndACutOneIsNotParted) {
  EXPECT_TRUE(parting_of(sample({1, 2}), sample({1, 2})).identical);
  EXPECT_FALSE(parting_of(sample({1, 2}), sample({1, 2})).parted);
  EXPECT_FALSE(parting_of(sample({1, 2}, "length"), sample({1, 2, 3})).parted);
  EXPECT_TRUE(parting_of(sample({1, 2}), sample({1, 2, 3})).parted) << "it ended by itself";
}

TEST(Parting, RecordsWithoutTokensDoNoHarm) {
  EXPECT_TRUE(parting_of(json::object(), nullptr).identical);
  EXPECT_FALSE(margin_at(json::object(), 3));
  EXPECT_FALSE(margin_at(sample({1}), -1));
}

TEST(Parting, KindsNeedAMarginAndGreedyDecoding) {
  EXPECT_EQ(parting_kind(0.05, true), "near_tie");
  EXPECT_EQ(parting_kind(0.1, true), "material");
  EXPECT_EQ(parting_kind(0.05, false), "unknown");
  EXPECT_EQ(parting_kind(std::nullopt, true), "unknown");
}

TEST(Parting, ManyAreCountedByKindAndSurvival) {
  Partings partings(true);
  EXPECT_TRUE(partings.empty());
  partings.add("a", sample({1, 2, 3}), sample({1, 9, 3}));  // at a near tie
  partings.add("b", sample({7, 2, 3}), sample({1, 2, 3}));  // at once
  partings.add("c", sample({1, 2, 3}), sample({1, 2, 3}));
  const json out = partings.to_json();
  EXPECT_EQ(out["samples"], 3);
  EXPECT_EQ(out["identical"], 1);
  EXPECT_EQ(out["divergences"], json({{"near_tie", 1}, {"material", 1}, {"unknown", 0}}));
  EXPECT_EQ(out["survival"][0]["tokens"], 0);
  EXPECT_EQ(out["first"][0]["problem"], "a");
  EXPECT_EQ(no_partings("why").size(), out.size());
}

TEST(Parting, DrawsAreTheSameUnderTheSameSettings) {
  const json greedy = {{"temperature", 0.0}, {"seed", 1}};
  EXPECT_EQ(why_draws_differ(greedy, {{"temperature", 0.0}, {"seed", 2}}), "");
  EXPECT_EQ(
      why_draws_differ({{"temperature", 0.6}, {"seed", 1}}, {{"temperature", 0.6}, {"seed", 2}}),
      "the runs draw by another seed");
}

}  // namespace
}  // namespace assay
