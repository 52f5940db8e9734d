#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <optional>

#include "tests/conformance/case_data.h"
#include "tests/conformance/suite.h"

namespace assay::conformance {
namespace {

struct Shape {
  TensorType type;
  std::int64_t k;
  std::int64_t rows;
  std::int64_t m;
  Phase phase;
  bool bias;
  int misalignment;  ///< bytes for weights, floats for activations
  /// Of every byte of the weights' integers, beside activations of one size: sums are the largest
  /// that there are, and overflow what is too small for them.
  std::optional<std::byte> extreme = std::nullopt;

  std::string text() const {
    return fmt::format(
        "linear type={} k={} rows={} m={} phase={} bias={} misalignment={}{}",
        tensor_type_name(type), k, rows, m, phase == Phase::prefill ? "prefill" : "decode", bias,
        misalignment, extreme ? fmt::format(" extreme={:#x}", std::to_integer<int>(*extreme)) : "");
  }
};

struct Data {
  explicit Data(const Shape& shape)
      : random(shape.text()),
        weight(shape.type, shape.rows, shape.k, shape.misalignment, random),
        bias(TensorType::F32, 1, shape.rows, shape.misalignment, random),
        x(random.wide_values(shape.m * shape.k)) {
    if (!shape.extreme) return;
    weight.fill_integers(*shape.extreme);
    for (std::int64_t i = 0; i < shape.m * shape.k; ++i) {
      x[static_cast<std::size_t>(i)] = i / shape.k % 2 == 0 ? 1.5F : -1.5F;
    }
  }
  Random random;
  WeightBytes weight;
  WeightBytes bias;
  std::vector<float> x;
};

std::vector<float> run(const Shape& shape, Device& device) {
  const Data data(shape);
  const auto weight = device.upload(data.weight.view());
  const auto bias = device.upload(data.bias.view());
  const GuardedTensor x(device, shape.m, shape.k, shape.misalignment, data.x);
  const GuardedTensor y(device, shape.m, shape.rows, shape.misalignment);
  device.linear(*weight, shape.bias ? bias.get() : nullptr, x.tensor(), y.tensor(), shape.phase);
  if (x.read(device) != data.x) throw std::runtime_error("changed its input");
  return y.read(device);
}

/// Both sums, of k products in any order: each within sqrt(k) * 2^-24 of sum |w||x| times a
/// constant (Higham and Mary 2019, SIAM J. Sci. Comput. 41(5): the probabilistic bound).
/// rounding: of each activation, relative.
std::vector<double> bound(const Shape& shape, double rounding) {
  const Data data(shape);
  const double factor = 16 * std::sqrt(static_cast<double>(shape.k)) * 0x1p-24 + rounding;
  std::vector<double> bounds(static_cast<std::size_t>(shape.m * shape.rows));
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    const std::vector<float> w = data.weight.dequantized_row(row);
    for (std::int64_t m = 0; m < shape.m; ++m) {
      double sum = 0;
      for (std::int64_t k = 0; k < shape.k; ++k) {
        sum += std::abs(double{w[static_cast<std::size_t>(k)]} *
                        data.x[static_cast<std::size_t>(m * shape.k + k)]);
      }
      bounds[static_cast<std::size_t>(m * shape.rows + row)] = factor * (sum + 1);
    }
  }
  return bounds;
}

Case make_case(const Shape& shape) {
  Case one{"linear", shape.text(), [shape](Device& device) { return run(shape, device); }, {}, {}};
  if (shape.phase == Phase::prefill) one.library_bound = [shape] { return bound(shape, 0); };
  if (shape.type == TensorType::BF16) {
    one.rounded_bound = [shape] { return bound(shape, 0x1p-8); };
  }
  return one;
}

}  // namespace

std::vector<Case> linear_cases() {
  std::vector<Case> cases;
  for (const TensorType type : all_tensor_types()) {
    // Around vector widths and chunks of 512; a quantised row is a whole number of blocks.
    int variety = 0;
    for (const std::int64_t k :
         {1, 15, 16, 17, 32, 63, 64, 65, 256, 480, 511, 512, 513, 544, 576, 768, 896, 1536}) {
      if (k % block_layout(type).elements != 0) continue;
      for (const std::int64_t m : {1, 2, 5, 32}) {
        const bool odd = ++variety % 2 != 0;
        cases.push_back(
            make_case({type, k, 37, m, odd ? Phase::prefill : Phase::decode, odd, variety % 4}));
      }
    }
    // Few and many rows, and several blocks of columns.
    const std::int64_t k = 256;
    for (const std::int64_t rows : {1, 2, 15, 129, 300}) {
      cases.push_back(make_case({type, k, rows, 1, Phase::decode, false, 0}));
      cases.push_back(make_case({type, k, rows, 7, Phase::prefill, true, 0}));
    }
    cases.push_back(make_case({type, k, 66, 97, Phase::prefill, true, 0}));
    cases.push_back(make_case({type, k, 66, 200, Phase::decode, true, 0}));
    // Several blocks of rows, chunks of which the last is short, and columns that fill no tile.
    cases.push_back(make_case({type, 1280, 163, 45, Phase::prefill, true, 1}));
    if (block_layout(type).elements == 1) continue;
    for (const std::byte extreme : {std::byte{0xff}, std::byte{0x80}, std::byte{0x7f}}) {
      cases.push_back(make_case({type, k, 37, 5, Phase::decode, false, 0, extreme}));
      cases.push_back(make_case({type, k, 37, 45, Phase::prefill, false, 0, extreme}));
    }
  }
  return cases;
}

}  // namespace assay::conformance
