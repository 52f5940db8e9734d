// A device's own forward pass: the session takes it where it serves, and keeps it only if its first
// step gives the bits of the single kernels.
#include "core/fused.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/model_file.h"
#include "model/transformer/session.h"
#include "tests/support/backends.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<TokenId> kPrompt = {1, 2, 3, 4, 5};

std::unique_ptr<Device> reference_device() {
  BackendRequest request;
  request.numerics = Numerics::exact;
  request.threads = 1;
  return value_or_throw(testing::find_backend_plugin("reference")->create(request));
}

/// A pass that computes what another session computes, or not quite.
class TwinPass final : public FusedForward {
 public:
  TwinPass(std::unique_ptr<Session> twin, bool spoilt, int* calls)
      : twin_(std::move(twin)), spoilt_(spoilt), calls_(calls) {
    logits_.resize(static_cast<std::size_t>(twin_->config().vocab));
    sequence_ = twin_->open();
    twin_->prefill(sequence_, kPrompt, false, logits_);
  }
  bool equals_single_kernels() const override { return true; }
  bool serves(const Batch& batch) const override { return batch.n_rows == 1; }
  ConstTensor decode(const Batch& /*batch*/, std::span<const TokenId> ids) override {
    ++*calls_;
    const DecodeItem item{sequence_, ids[0]};
    twin_->decode({&item, 1}, logits_);
    if (spoilt_) logits_[7] += 1;
    return {logits_.data(), 1, twin_->config().vocab};
  }

 private:
  std::unique_ptr<Session> twin_;
  bool spoilt_;
  int* calls_;
  SequenceId sequence_ = 0;
  std::vector<float> logits_;
};

/// `reference` with a pass of its own.
class DeviceWithPass final : public Device {
 public:
  DeviceWithPass(std::shared_ptr<FusedForward> pass)  // NOLINT: a test's shorthand
      : inner_(reference_device()), pass_(std::move(pass)) {}
  DeviceInfo info() const override { return inner_->info(); }
  std::int64_t free_bytes() const override { return inner_->free_bytes(); }
  std::int64_t scratch_bytes(const StepSizes& most) const override {
    return inner_->scratch_bytes(most);
  }
  std::unique_ptr<DeviceBuffer> allocate(std::int64_t floats) override {
    return inner_->allocate(floats);
  }
  std::unique_ptr<DeviceWeight> upload(const WeightView& view) override {
    return inner_->upload(view);
  }
  std::unique_ptr<KvCache> create_kv(const KvLayout& layout) override {
    return inner_->create_kv(layout);
  }
  std::shared_ptr<FusedForward> fuse(const FusedParts& parts) override {
    EXPECT_EQ(parts.weights.layers.size(), static_cast<std::size_t>(parts.config.n_layers));
    return pass_;
  }
  void embed(const DeviceWeight& table, std::span<const TokenId> ids, Tensor out) override {
    inner_->embed(table, ids, out);
  }
  void rms_norm(ConstTensor x, const DeviceWeight& gain, float eps, Tensor out) override {
    inner_->rms_norm(x, gain, eps, out);
  }
  void linear(const DeviceWeight& w, const DeviceWeight* bias, ConstTensor x, Tensor y,
              Phase phase) override {
    inner_->linear(w, bias, x, y, phase);
  }
  void rope(Tensor x, std::int64_t head_dim, std::span<const std::int32_t> positions,
            const numerics::RopeTable& table) override {
    inner_->rope(x, head_dim, positions, table);
  }
  void kv_store(KvCache& cache, std::int64_t layer, const Batch& batch, ConstTensor k,
                ConstTensor v) override {
    inner_->kv_store(cache, layer, batch, k, v);
  }
  void attention(const KvCache& cache, std::int64_t layer, const Batch& batch, ConstTensor q,
                 std::int64_t n_heads, Tensor out) override {
    inner_->attention(cache, layer, batch, q, n_heads, out);
  }
  void swiglu(ConstTensor gate, ConstTensor up, Tensor out) override {
    inner_->swiglu(gate, up, out);
  }
  void add(ConstTensor x, Tensor inout) override { inner_->add(x, inout); }
  void gather_rows(ConstTensor x, std::span<const std::int32_t> rows, Tensor out) override {
    inner_->gather_rows(x, rows, out);
  }
  void read(ConstTensor x, std::span<float> out) override { inner_->read(x, out); }

 private:
  std::unique_ptr<Device> inner_;
  std::shared_ptr<FusedForward> pass_;
};

class FusedPass : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto path = dir_.path() / "tiny.gguf";
    testing::tiny_gguf(testing::tiny_model(Arch::qwen2, TensorType::Q8_0)).write(path);
    model_ = std::make_shared<const ModelFile>(value_or_throw(load_model_file(path.string())));
  }
  std::unique_ptr<Session> session(std::unique_ptr<Device> device) const {
    SessionOptions options;
    options.max_context = 128;
    return value_or_throw(make_session(model_, std::move(device), options));
  }
  /// Logits of three steps.
  std::vector<std::vector<float>> decode(Session& s) const {
    std::vector<float> logits(static_cast<std::size_t>(model_->config.vocab));
    const SequenceId sequence = s.open();
    s.prefill(sequence, kPrompt, false, logits);
    std::vector<std::vector<float>> out;
    for (const TokenId token : {9, 8, 7}) {
      const DecodeItem item{sequence, token};
      s.decode({&item, 1}, logits);
      out.push_back(logits);
    }
    EXPECT_EQ(s.length(sequence), static_cast<std::int64_t>(kPrompt.size()) + 3);
    return out;
  }
  std::unique_ptr<Session> with_pass(bool spoilt) {
    return session(std::make_unique<DeviceWithPass>(
        std::make_shared<TwinPass>(session(reference_device()), spoilt, &calls_)));
  }

  testing::TempDir dir_;
  std::shared_ptr<const ModelFile> model_;
  int calls_ = 0;
};

TEST_F(FusedPass, ServesTheStepsThatItMay) {
  const auto plain = session(reference_device());
  const auto fused = with_pass(false);
  EXPECT_EQ(decode(*fused), decode(*plain));
  EXPECT_EQ(calls_, 3);
  EXPECT_THAT(fused->device_info().isa, Not(HasSubstr("is off")));
}

TEST_F(FusedPass, IsGivenUpWithAWordWhenItsFirstStepHasOtherBits) {
  const auto plain = session(reference_device());
  const auto fused = with_pass(true);
  EXPECT_EQ(decode(*fused), decode(*plain));
  EXPECT_EQ(calls_, 1);
  EXPECT_THAT(fused->device_info().isa, HasSubstr("gave other bits and is off"));
}

}  // namespace
}  // namespace assay
