// The sampler on the device equals the host's, token by token, margin and hash included.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "core/device.h"
#include "core/numerics/sampler.h"
#include "tests/support/backends.h"

namespace assay {
namespace {

using numerics::Drawn;
using numerics::DrawRequest;

class CudaDraw : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = testing::find_backend_plugin("cuda")->create({});
    if (!made) GTEST_SKIP() << made.error().line();
    device_ = std::move(*made);
  }

  /// Rows of logits, each drawn as each of the requests says.
  void expect_equal(const std::vector<std::vector<float>>& rows,
                    const std::vector<DrawRequest>& requests, const std::string& what) {
    const auto vocab = static_cast<std::int64_t>(rows.front().size());
    const auto n = static_cast<std::int64_t>(rows.size());
    std::vector<float> all;
    for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
    const auto buffer = device_->allocate(n * vocab);
    const Tensor logits{buffer->data(), n, vocab};
    device_->write(all, logits);
    std::vector<Drawn> drawn(rows.size());
    device_->draw(logits, requests, drawn);
    numerics::Sampler sampler;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Drawn expected = sampler.draw(rows[i], requests[i]);
      const auto where = fmt::format("{}, row {}", what, i);
      ASSERT_EQ(drawn[i].non_finite, expected.non_finite) << where;
      EXPECT_EQ(drawn[i].token, expected.token) << where;
      EXPECT_EQ(drawn[i].hash, expected.hash) << where;
      EXPECT_EQ(std::bit_cast<std::uint32_t>(drawn[i].top2_margin),
                std::bit_cast<std::uint32_t>(expected.top2_margin))
          << where;
    }
  }

  std::unique_ptr<Device> device_;
  std::mt19937 random_{7};
};

std::vector<Sampling> samplings() {
  std::vector<Sampling> all = {{}};  // greedy
  for (const double temperature : {0.6, 1.0, 0.05, 30.0}) {
    for (const double top_p : {1.0, 0.95, 0.5, 1e-9}) {
      for (const std::int64_t top_k : {0, 1, 20, 1000}) {
        for (const double min_p : {0.0, 0.05}) {
          all.push_back(
              {.temperature = temperature, .top_p = top_p, .top_k = top_k, .min_p = min_p});
        }
      }
    }
  }
  return all;
}

TEST_F(CudaDraw, EqualsTheHostForEverySampling) {
  const std::vector<Sampling> all = samplings();
  for (const std::int64_t vocab : {1, 2, 31, 1000, 49152, 151936}) {
    std::normal_distribution<float> normal(0, 4);
    std::vector<std::vector<float>> rows;
    std::vector<DrawRequest> requests;
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::vector<float> row(static_cast<std::size_t>(vocab));
      for (float& logit : row) {
        logit = normal(random_);
        if (i % 3 == 1) logit = std::round(logit);  // ties everywhere
        if (i % 7 == 2) logit = 2;                  // all equal
      }
      if (i % 5 == 3) row[0] = -0.0F;
      rows.push_back(std::move(row));
      requests.push_back({all[i], 0x1fffffffffffULL * (i + 1), static_cast<std::int64_t>(i), true});
    }
    expect_equal(rows, requests, fmt::format("vocabulary of {}", vocab));
  }
}

TEST_F(CudaDraw, FindsTheFirstThatIsNotFinite) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<std::vector<float>> rows(4, std::vector<float>(5000, 1.0F));
  rows[1][4999] = kNan;
  rows[1][4321] = kInfinity;
  rows[2][0] = -kInfinity;
  rows[3][77] = kNan;
  std::vector<DrawRequest> requests(4);
  requests[1].sampling.temperature = 1;
  requests[3].sampling.temperature = 1;
  expect_equal(rows, requests, "not finite");
}

TEST_F(CudaDraw, ManyRowsAndManyDraws) {
  std::normal_distribution<float> normal(0, 2);
  for (int turn = 0; turn < 4; ++turn) {
    std::vector<std::vector<float>> rows(67, std::vector<float>(2048));
    std::vector<DrawRequest> requests;
    for (auto& row : rows) {
      for (float& logit : row) logit = normal(random_);
      const auto i = static_cast<std::int64_t>(requests.size());
      requests.push_back({{.temperature = 0.6, .top_p = 0.95}, 12345ULL + random_(), i, true});
    }
    expect_equal(rows, requests, fmt::format("turn {}", turn));
  }
}

}  // namespace
}  // namespace assay
