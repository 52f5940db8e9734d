#include <gtest/gtest.h>

#include <set>

#include "tests/conformance/suite.h"
#include "tests/support/required_isa.h"

namespace assay::conformance {
namespace {

class Conformance : public ::testing::TestWithParam<Variant> {};

TEST_P(Conformance, EveryOperationEqualsReference) {
  const Variant& variant = GetParam();
  auto device = create_variant(variant);
  if (!device) {
    // What this machine or build lacks; a backend that refuses otherwise is broken.
    ASSERT_EQ(device.error().kind(), ErrorKind::environment) << device.error().line();
    ASSERT_FALSE(testing::isa_is_required(variant.isa)) << device.error().line();
    GTEST_SKIP() << device.error().line();
  }
  const DeviceInfo info = (*device)->info();
  EXPECT_EQ(info.backend, variant.backend);
  EXPECT_EQ(info.threads, variant.threads);
  // Kernels of another level than the forced one would pass for its.
  if (!variant.isa.empty()) {
    ASSERT_EQ(info.isa, variant.isa) << "the forced ISA did not run";
  }
  const bool library = !variant.gemm.empty() && variant.gemm != "own";
  ASSERT_EQ(library, !info.gemm_library.empty());
  if (library) {
    ASSERT_TRUE(info.gemm_library.starts_with(variant.gemm + " ")) << info.gemm_library;
  }
  // A backend may serve `fast` by exact/1.
  const auto reference =
      create_reference(info.semantics.starts_with("exact/1") ? Numerics::exact : variant.numerics);
  int failures = 0;
  for (const Case& one : all_cases()) {
    if (const auto difference = compare(one, **device, *reference, library)) {
      ADD_FAILURE() << *difference;
      if (++failures == 20) FAIL() << "more than 20 cases fail; the rest was not run";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, Conformance, ::testing::ValuesIn(all_variants()),
                         [](const auto& info) { return info.param.name(); });

TEST(ConformanceCases, CoverEveryOperationAndHaveNamesOfTheirOwn) {
  std::set<std::string> ops;
  std::set<std::string> texts;
  std::size_t n = 0;
  for (const auto& part : {linear_cases(), row_cases(), attention_cases()}) {
    for (const Case& one : part) {
      ops.insert(one.op);
      texts.insert(one.text);
      ++n;
    }
  }
  EXPECT_EQ(texts.size(), n);
  EXPECT_EQ(ops, (std::set<std::string>{"linear", "embed", "rms_norm", "rope", "swiglu", "add",
                                        "gather_rows", "kv_store", "attention"}));
}

}  // namespace
}  // namespace assay::conformance
