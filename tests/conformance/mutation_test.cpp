// The suite must be able to fail: a device whose one operation is off by one unit in the last
// place, in one element, is caught, and caught in that operation; be it `reference` or the best
// kernels that this machine runs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "tests/conformance/suite.h"

namespace assay::conformance {
namespace {

/// Passes everything on, and spoils the middle element of one operation's result.
class Mutant final : public Device {
 public:
  Mutant(Device& inner, std::string op) : inner_(inner), op_(std::move(op)) {}

  DeviceInfo info() const override { return inner_.info(); }
  std::int64_t free_bytes() const override { return inner_.free_bytes(); }
  std::int64_t scratch_bytes(const StepSizes& most) const override {
    return inner_.scratch_bytes(most);
  }
  std::unique_ptr<DeviceBuffer> allocate(std::int64_t floats) override {
    return inner_.allocate(floats);
  }
  std::unique_ptr<DeviceWeight> upload(const WeightView& view) override {
    return inner_.upload(view);
  }
  std::unique_ptr<KvCache> create_kv(const KvLayout& layout) override {
    return inner_.create_kv(layout);
  }
  void embed(const DeviceWeight& table, std::span<const TokenId> ids, Tensor out) override {
    inner_.embed(table, ids, out);
    spoil("embed", out);
  }
  void rms_norm(ConstTensor x, const DeviceWeight& gain, float eps, Tensor out) override {
    inner_.rms_norm(x, gain, eps, out);
    spoil("rms_norm", out);
  }
  void linear(const DeviceWeight& w, const DeviceWeight* bias, ConstTensor x, Tensor y,
              Phase phase) override {
    inner_.linear(w, bias, x, y, phase);
    spoil("linear", y);
  }
  void rope(Tensor x, std::int64_t head_dim, std::span<const std::int32_t> positions,
            const numerics::RopeTable& table) override {
    inner_.rope(x, head_dim, positions, table);
    spoil("rope", x);
  }
  void kv_store(KvCache& cache, std::int64_t layer, const Batch& batch, ConstTensor k,
                ConstTensor v) override {
    std::vector<float> changed(v.data, v.data + v.size());
    const Tensor copy{changed.data(), v.rows, v.cols};
    spoil("kv_store", copy);
    inner_.kv_store(cache, layer, batch, k, copy);
  }
  void attention(const KvCache& cache, std::int64_t layer, const Batch& batch, ConstTensor q,
                 std::int64_t n_heads, Tensor out) override {
    inner_.attention(cache, layer, batch, q, n_heads, out);
    spoil("attention", out);
  }
  void swiglu(ConstTensor gate, ConstTensor up, Tensor out) override {
    inner_.swiglu(gate, up, out);
    spoil("swiglu", out);
  }
  void add(ConstTensor x, Tensor inout) override {
    inner_.add(x, inout);
    spoil("add", inout);
  }
  void gather_rows(ConstTensor x, std::span<const std::int32_t> rows, Tensor out) override {
    inner_.gather_rows(x, rows, out);
    spoil("gather_rows", out);
  }
  void read(ConstTensor x, std::span<float> out) override { inner_.read(x, out); }

 private:
  void spoil(std::string_view op, Tensor out) const {
    if (op != op_ || out.size() == 0) return;
    float& element = out.data[out.size() / 2];
    element = std::nextafter(element, std::numeric_limits<float>::infinity());
  }

  Device& inner_;
  std::string op_;
};

/// An operation of a backend.
using Target = std::tuple<std::string, std::string>;

class Mutation : public ::testing::TestWithParam<Target> {};

TEST_P(Mutation, OfOneUnitInTheLastPlaceIsCaughtAndLocated) {
  const std::string op = std::get<1>(GetParam());
  const auto reference = create_reference(Numerics::exact);
  Variant variant;
  variant.backend = std::get<0>(GetParam());
  variant.numerics = Numerics::exact;
  const auto device = create_variant(variant);
  if (!device) {
    ASSERT_EQ(device.error().kind(), ErrorKind::environment) << device.error().line();
    GTEST_SKIP() << device.error().line();
  }
  Mutant mutant(**device, op);
  // kv_store is seen through attention, so each of the two spoils the other's cases as well.
  const auto sees = [&](const std::string& other) {
    const auto is_cache = [](const std::string& name) {
      return name == "kv_store" || name == "attention";
    };
    return other == op || (is_cache(op) && is_cache(other));
  };
  int caught = 0;
  for (const auto& part : {linear_cases(), row_cases(), attention_cases()}) {
    int tried = 0;
    for (const Case& one : part) {
      // A few cases suffice here.
      if (sees(one.op) ? caught > 3 : ++tried > 20) continue;
      const auto difference = compare(one, mutant, *reference, false);
      if (!sees(one.op)) {
        EXPECT_FALSE(difference) << *difference;
      } else if (difference) {
        ++caught;
        EXPECT_NE(difference->find("repro: ASSAY_CONFORMANCE_CASE='" + one.op + " "),
                  std::string::npos);
      }
    }
  }
  EXPECT_GT(caught, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Ops, Mutation,
    ::testing::Combine(::testing::Values("reference", "cpu", "neon"),
                       ::testing::Values("linear", "embed", "rms_norm", "rope", "swiglu", "add",
                                         "gather_rows", "kv_store", "attention")),
    [](const auto& info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); });

}  // namespace
}  // namespace assay::conformance
