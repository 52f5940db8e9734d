#include "harness/kernel_probe.h"

#include <algorithm>
#include <cmath>

#include "core/clock.h"
#include "core/plugins.h"
#include "harness/names.h"

namespace assay {
namespace {

constexpr std::int64_t kRows = 576;
constexpr std::int64_t kCols = 1536;
constexpr TensorType kType = TensorType::Q8_0;
/// Calls come in multiples of this, so that 5 % more is a whole number of calls.
constexpr std::int64_t kCallStep = 20;

}  // namespace

Result<KernelProbe> KernelProbe::create(double seconds) {
  const auto plugin = find_backend("cpu");
  if (!plugin) return tl::unexpected(plugin.error());
  BackendRequest request;
  request.numerics = Numerics::exact;
  request.threads = 1;
  auto device = (*plugin)->create(request);
  if (!device) return tl::unexpected(device.error());
  KernelProbe probe;
  probe.device_ = std::move(*device);
  probe.isa_ = probe.device_->info().isa;
  // Any bytes are harmless numbers in Q8_0 if its fp16 scales are: 0x2020 and the like are.
  probe.bytes_ = std::make_shared<std::vector<std::byte>>(
      static_cast<std::size_t>(kRows * row_bytes(kType, kCols)));
  std::uint32_t state = 1;
  for (std::byte& byte : *probe.bytes_) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(0x20U + (state >> 24U & 0x1FU));
  }
  probe.weight_ = probe.device_->upload({"w", kType, kRows, kCols, *probe.bytes_});
  probe.x_ = probe.device_->allocate(kCols);
  probe.y_ = probe.device_->allocate(kRows);
  for (std::int64_t i = 0; i < kCols; ++i) {
    probe.x_->data()[i] = 0.01F * static_cast<float>(i % 201 - 100);
  }
  probe.timed(kCallStep);  // brings pages and clocks up
  double fastest = probe.timed(kCallStep);
  for (int i = 0; i < 5; ++i) fastest = std::min(fastest, probe.timed(kCallStep));
  const double steps = std::clamp(std::round(seconds / std::max(fastest, 1e-7)), 1.0, 1e6);
  probe.calls_ = static_cast<std::int64_t>(steps) * kCallStep;
  return probe;
}

double KernelProbe::run(double slowdown) {
  return timed(std::llround(static_cast<double>(calls_) * (1 + slowdown)));
}

double KernelProbe::timed(std::int64_t calls) {
  const ConstTensor x{x_->data(), 1, kCols};
  const Tensor y{y_->data(), 1, kRows};
  const double start = now_seconds();
  for (std::int64_t i = 0; i < calls; ++i) {
    device_->linear(*weight_, nullptr, x, y, Phase::decode);
  }
  return now_seconds() - start;
}

}  // namespace assay
