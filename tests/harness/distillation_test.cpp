#include "harness/distillation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "harness/divergence.h"
#include "tests/support/npy.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using Row = std::vector<float>;

TEST(Divergence, IsTheDefinition) {
  const Row p = {std::log(0.5F), std::log(0.25F), std::log(0.25F)};
  const Row q = {std::log(0.25F), std::log(0.25F), std::log(0.5F)};
  EXPECT_NEAR(kl_divergence(p, q), 0.25 * std::log(2.0), 1e-7);
  EXPECT_EQ(kl_divergence(p, p), 0);
  Row shifted = p;
  for (float& logit : shifted) logit += 100;
  EXPECT_NEAR(kl_divergence(shifted, q), 0.25 * std::log(2.0), 1e-5) << "logits have no origin";
  EXPECT_LT(kl_divergence(p, q, 2), kl_divergence(p, q)) << "softer is nearer";
}

TEST(Divergence, HugeLogitsStayFinite) {
  const Row p = {3e38F, -3e38F, 0};
  const Row q = {-3e38F, 3e38F, 0};
  EXPECT_GT(kl_divergence(p, q), 1e38);
  EXPECT_TRUE(std::isfinite(kl_divergence(p, q)));
  EXPECT_EQ(kl_divergence(p, p), 0);
}

TEST(DistillationLoss, SaysNothingWithoutItsParts) {
  DistillationLoss loss;
  EXPECT_FALSE(loss.value() || loss.kl() || loss.mse());
  loss.add_logits(Row{0, 1}, Row{1, 0});
  EXPECT_TRUE(loss.kl());
  EXPECT_FALSE(loss.value()) << "no hidden states";
  loss.add_hidden(Row{1, 2}, Row{1, 4});
  EXPECT_EQ(loss.mse(), 2.0);
  EXPECT_DOUBLE_EQ(*loss.value(), 0.7 * *loss.kl() * 4 + 0.3 * 2);
  loss.add_logits(Row{0, 1}, Row{1, 0});
  EXPECT_FALSE(loss.value()) << "hidden states of one token of two";
  EXPECT_TRUE(loss.to_json()["value"].is_null());
}

class Fixture {
 public:
  explicit Fixture(const std::filesystem::path& folder)
      : teacher_logits_(testing::read_npy(folder / "teacher_logits.npy")),
        student_logits_(testing::read_npy(folder / "student_logits.npy")),
        teacher_hidden_(testing::read_npy(folder / "teacher_hidden.npy")),
        student_hidden_(testing::read_npy(folder / "student_hidden.npy")),
        mask_(testing::read_npy(folder / "mask.npy")) {}

  std::size_t batch() const { return static_cast<std::size_t>(mask_.shape[0]); }
  std::size_t tokens() const { return mask_.values.size(); }
  bool padding(std::size_t token) const { return mask_.values[token] == 0; }
  void add(std::size_t token, DistillationLoss* loss) const {
    loss->add_logits(row(teacher_logits_, token), row(student_logits_, token));
    loss->add_hidden(row(teacher_hidden_, token), row(student_hidden_, token));
  }

 private:
  static Row row(const testing::NpyArray& array, std::size_t token) {
    const auto width = static_cast<std::ptrdiff_t>(array.shape.back());
    const auto begin = array.values.begin() + static_cast<std::ptrdiff_t>(token) * width;
    return {begin, begin + width};
  }
  testing::NpyArray teacher_logits_, student_logits_, teacher_hidden_, student_hidden_, mask_;
};

// The reference values were computed by PyTorch in float64 (make_golden.py).
TEST(DistillationLoss, IsPyTorchs) {
  ASSAY_REQUIRE_TEST_DATA(folder, "golden/distill_loss");
  const auto golden = nlohmann::json::parse(testing::read_text(folder / "golden.json"));
  const Fixture fixture(folder);
  DistillationLoss all;
  DistillationLoss unpadded;
  for (std::size_t token = 0; token < fixture.tokens(); ++token) {
    fixture.add(token, &all);
    if (!fixture.padding(token)) fixture.add(token, &unpadded);
    DistillationLoss one;
    fixture.add(token, &one);
    const std::size_t length = fixture.tokens() / fixture.batch();
    const double expected = golden.at("per_token_kl").at(token / length).at(token % length);
    EXPECT_NEAR(*one.kl(), expected, 1e-12) << token;
  }
  const auto& conventions = golden.at("conventions");
  const auto expect = [](const DistillationLoss& loss, const nlohmann::json& convention) {
    EXPECT_NEAR(*loss.kl(), convention.at("kl").get<double>(), 1e-12);
    EXPECT_NEAR(*loss.mse(), convention.at("mse").get<double>(), 1e-12);
    EXPECT_NEAR(*loss.value(), convention.at("loss").get<double>(), 1e-12);
  };
  expect(all, conventions.at("batchmean_flattened"));
  expect(unpadded, conventions.at("masked_token_mean"));
  // Divided by the batch alone, the divergence is the length times larger.
  const double tokens = static_cast<double>(fixture.tokens());
  EXPECT_NEAR(*all.kl() * tokens / static_cast<double>(fixture.batch()),
              conventions.at("batchmean_unflattened").at("kl").get<double>(), 1e-11);
}

}  // namespace
}  // namespace assay
