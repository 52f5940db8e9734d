// A KV cache that cannot hold every sequence at full length is made as large as memory allows; what
// cannot hold one is refused with the numbers.
#include <gmock/gmock.h>

#include <map>

#include "model/transformer/session.h"
#include "tests/support/backends.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using ::testing::HasSubstr;

class MemoryFit : public ::testing::Test {
 protected:
  MemoryFit() {
    testing::tiny_gguf(testing::tiny_model(Arch::llama, TensorType::F32)).write(path_);
    model_ = value_or_throw(load_model_file(path_.string()));
    BackendRequest request;
    request.numerics = Numerics::exact;
    device_ = value_or_throw(testing::find_backend_plugin("reference")->create(request));
    options_.max_context = std::int64_t{1} << 20;
    options_.max_batch = 4;
    // So many that all of them need twice what is free.
    const MemoryPlan few = plan_memory(model_, *device_, options_);
    options_.kv_sequences = options_.max_batch * 2 * (device_->free_bytes() / few.kv_bytes + 1);
  }

  testing::TempDir dir_;
  std::filesystem::path path_ = dir_.path() / "tiny.gguf";
  ModelFile model_;
  std::unique_ptr<Device> device_;
  SessionOptions options_;
};

TEST_F(MemoryFit, SharesWhatThereIs) {
  ASSERT_FALSE(check_memory(plan_memory(model_, *device_, options_), *device_, options_));
  SessionOptions fitted = options_;
  const Result<MemoryPlan> plan = fit_memory(model_, *device_, &fitted);
  ASSERT_TRUE(plan) << plan.error().line();
  EXPECT_GT(fitted.kv_pages, fitted.max_context / kKvPageTokens);
  EXPECT_LT(plan->total(), device_->free_bytes());
  EXPECT_GT(plan->total(), device_->free_bytes() / 2);
}

TEST_F(MemoryFit, LeavesAloneWhatFits) {
  options_.kv_sequences = 1;
  options_.max_context = 1000;
  ASSERT_TRUE(fit_memory(model_, *device_, &options_));
  EXPECT_EQ(options_.kv_pages, 0);
}

TEST_F(MemoryFit, RefusesWhatCannotHoldOneSequence) {
  options_.max_context = std::int64_t{1} << 40;
  const Result<MemoryPlan> plan = fit_memory(model_, *device_, &options_);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind(), ErrorKind::environment);
  EXPECT_THAT(plan.error().line(), HasSubstr("it does not fit: weights "));
  EXPECT_EQ(options_.kv_pages, 0);
}

}  // namespace
}  // namespace assay
