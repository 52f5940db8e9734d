// The speed rule on simulated hosts: seeded, so that it does not depend on this machine.
#include "reports/gate/speed_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/random.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A machine whose speed drifts (an autoregressive process), jumps, and is disturbed now and then.
struct Noise {
  double white;      ///< of every run
  double drift;      ///< standard deviation of the slow part
  double memory;     ///< how much of it is left after one run
  double jump_rate;  ///< a lasting change, by `jump`
  double jump;
  double spike_rate;  ///< a single slow run, by `spike` on average
  double spike;
};
constexpr Noise kQuiet = {0.005, 0.02, 0.97, 0.01, 0.03, 0.03, 0.08};
constexpr Noise kOrdinary = {0.01, 0.04, 0.97, 0.02, 0.05, 0.05, 0.10};
constexpr Noise kVeryNoisy = {0.03, 0.06, 0.95, 0.03, 0.08, 0.08, 0.20};

class Host {
 public:
  Host(const Noise& noise, std::uint64_t seed) : noise_(noise), state_(seed) {
    slow_ = noise_.drift * normal();
  }

  double seconds(double work) {
    const double fresh = std::sqrt(1 - noise_.memory * noise_.memory);
    slow_ = noise_.memory * slow_ + fresh * noise_.drift * normal();
    if (uniform() < noise_.jump_rate) level_ += noise_.jump * normal();
    double log = slow_ + level_ + noise_.white * normal();
    if (uniform() < noise_.spike_rate) log -= noise_.spike * std::log(uniform());
    return work * std::exp(log);
  }

 private:
  double uniform() {
    return (static_cast<double>(next_random(&state_) >> 11U) + 0.5) / 9007199254740992.0;
  }
  double normal() {
    return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
  }

  Noise noise_;
  std::uint64_t state_;
  double slow_ = 0;
  double level_ = 0;
};

double share_failed(const Noise& noise, double slowdown, int trials) {
  int failed = 0;
  for (int trial = 0; trial < trials; ++trial) {
    Host host(noise, 1 + static_cast<std::uint64_t>(trial) * 7919);
    const auto result = run_speed_gate({}, [&](Side side) -> Result<Measurement> {
      return Measurement{{"kernel", host.seconds(side == Side::candidate ? 1 + slowdown : 1)}};
    });
    failed += result->passed() ? 0 : 1;
  }
  return static_cast<double>(failed) / trials;
}

TEST(SpeedGate, NoFalseAlarmIn1500RunsOfADriftingHost) {
  EXPECT_EQ(share_failed(kQuiet, 0, 750), 0);
  EXPECT_EQ(share_failed(kOrdinary, 0, 750), 0);
}

TEST(SpeedGate, AVeryNoisyHostAlarmsHardlyEver) {
  EXPECT_LE(share_failed(kVeryNoisy, 0, 1000), 0.003);
}

TEST(SpeedGate, FindsFivePercent) {
  EXPECT_GE(share_failed(kQuiet, 0.05, 300), 0.97);
  EXPECT_GE(share_failed(kOrdinary, 0.05, 300), 0.97);
  EXPECT_GE(share_failed(kVeryNoisy, 0.05, 300), 0.60);
  EXPECT_GE(share_failed(kVeryNoisy, 0.10, 300), 0.93);
}

TEST(SpeedGate, FasterIsNeverAFailure) {
  EXPECT_EQ(share_failed(kOrdinary, -0.10, 200), 0);
}

/// What one would do otherwise: all runs of one side, then all of the other, and Mann and Whitney's
/// U test (normal approximation).
bool block_ordered_test_alarms(Host* host) {
  constexpr int kRuns = 20;
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 0; i < kRuns; ++i) a.push_back(host->seconds(1));
  for (int i = 0; i < kRuns; ++i) b.push_back(host->seconds(1));
  double u = 0;
  for (const double x : a) {
    for (const double y : b) u += y > x ? 1 : 0;
  }
  const double mean = kRuns * kRuns / 2.0;
  const double sd = std::sqrt(kRuns * kRuns * (2 * kRuns + 1) / 12.0);
  return std::fabs(u - mean) / sd > 1.96;
}

TEST(SpeedGate, BlocksWouldBeWrongHalfOfTheTime) {
  int alarms = 0;
  for (int trial = 0; trial < 500; ++trial) {
    Host host(kOrdinary, 1 + static_cast<std::uint64_t>(trial) * 7919);
    alarms += block_ordered_test_alarms(&host) ? 1 : 0;
  }
  EXPECT_GT(alarms, 200) << "of 500: the reason why runs are interleaved";
}

TEST(SpeedGate, RunsAreABBAAfterAWarmUp) {
  std::string order;
  const auto result = run_speed_gate({}, [&](Side side) -> Result<Measurement> {
    order += side == Side::baseline ? 'A' : 'B';
    return Measurement{{"x", 1 + 0.001 * static_cast<double>(order.size() % 3)}};
  });
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(order.substr(0, 2), "AB") << "warm-up";
  EXPECT_EQ(order.substr(2), "ABBAABBAABBAABBAABBA") << "ten pairs; equal sides need no more";
}

TEST(SpeedGate, ExtendsWhereItIsUnclearAndMeasuresASuspectAnew) {
  int runs = 0;
  const auto slower = run_speed_gate({}, [&](Side side) -> Result<Measurement> {
    ++runs;
    const double wobble = runs % 2 == 0 ? 1.001 : 1.0;
    return Measurement{{"slow", side == Side::candidate ? 1.06 * wobble : wobble},
                       {"same", wobble}};
  });
  ASSERT_TRUE(slower.has_value());
  EXPECT_THAT(slower->failed, ElementsAre("slow"));
  EXPECT_EQ(slower->first.pairs, 10);
  EXPECT_EQ(slower->confirmation.pairs, 10);
  ASSERT_EQ(slower->confirmation.metrics.size(), 1) << "only the suspect is judged again";
  EXPECT_EQ(runs, 44);
  EXPECT_EQ(slower->noise, "quiet");

  // Slower in the first series only: a neighbour came and went.
  runs = 0;
  const auto once = run_speed_gate({}, [&](Side side) -> Result<Measurement> {
    const bool disturbed = ++runs <= 22 && side == Side::candidate;
    return Measurement{{"x", disturbed ? 1.08 : 1.0 + 0.0001 * (runs % 5)}};
  });
  EXPECT_THAT(once->failed, IsEmpty());
  EXPECT_THAT(once->unconfirmed, ElementsAre("x"));
  EXPECT_TRUE(once->passed());
}

TEST(SpeedGate, SmallButCertainIsNotEnough) {
  int runs = 0;
  const auto result = run_speed_gate({}, [&](Side side) -> Result<Measurement> {
    ++runs;
    return Measurement{{"x", side == Side::candidate ? 1.015 : 1.0}};
  });
  EXPECT_TRUE(result->passed());
  EXPECT_LT(result->first.metrics[0].p_value, 0.001);
  EXPECT_NEAR(result->first.metrics[0].ratio, 1.015, 1e-9);
}

TEST(SpeedGate, OtherMetricsInOneRunAreAnError) {
  int runs = 0;
  const auto changing = run_speed_gate({}, [&](Side) -> Result<Measurement> {
    return ++runs < 5 ? Measurement{{"a", 1}, {"b", 1}} : Measurement{{"a", 1}};
  });
  ASSERT_FALSE(changing.has_value());
  EXPECT_EQ(changing.error().kind(), ErrorKind::environment);
  EXPECT_THAT(changing.error().line(), HasSubstr("'b' is missing in a run of the"));
  const auto extra = run_speed_gate({}, [](Side side) -> Result<Measurement> {
    return side == Side::baseline ? Measurement{{"a", 1}} : Measurement{{"a", 1}, {"c", 1}};
  });
  EXPECT_THAT(extra.error().line(), HasSubstr("'c' is new in a run of the candidate"));
  const auto none = run_speed_gate({}, [](Side) -> Result<Measurement> { return Measurement{}; });
  EXPECT_THAT(none.error().line(), HasSubstr("gave no metric"));
  const auto zero = run_speed_gate({}, [](Side) -> Result<Measurement> {
    return Measurement{{"a", 0.0}};
  });
  EXPECT_THAT(zero.error().line(), HasSubstr("not a positive number"));
}

TEST(SpeedGate, HolmHoldsForManyMetrics) {
  // 200 equal metrics with independent noise: at p < 0.01 alone two would fail in the first series.
  Host host({0.02, 0, 0, 0, 0, 0, 0}, 99);
  const auto result = run_speed_gate({}, [&](Side) -> Result<Measurement> {
    Measurement out;
    for (int i = 0; i < 200; ++i) out["m" + std::to_string(i)] = host.seconds(1);
    return out;
  });
  EXPECT_THAT(result->failed, IsEmpty());
  EXPECT_THAT(result->unconfirmed, IsEmpty());
}

}  // namespace
}  // namespace assay
