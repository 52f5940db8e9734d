// Operations on rows: embed, rms_norm, rope, swiglu, add, gather_rows.
#include <fmt/format.h>

#include <numeric>

#include "core/numerics/rope.h"
#include "tests/conformance/case_data.h"
#include "tests/conformance/suite.h"

namespace assay::conformance {
namespace {

constexpr std::int64_t kLengths[] = {1,   15,  16,  17,  63,  64,   65,
                                     511, 512, 513, 576, 896, 1536, 8960};
constexpr std::int64_t kRows[] = {1, 5, 32};

Case embed_case(TensorType type, std::int64_t cols, int misalignment) {
  const auto text = fmt::format("embed type={} cols={} misalignment={}", tensor_type_name(type),
                                cols, misalignment);
  return {"embed",
          text,
          [=](Device& device) {
            Random random(text);
            const WeightBytes table(type, 19, cols, misalignment, random);
            const auto weight = device.upload(table.view());
            const std::vector<TokenId> ids = {0, 18, 7, 7, 1};
            const GuardedTensor out(device, static_cast<std::int64_t>(ids.size()), cols,
                                    misalignment);
            device.embed(*weight, ids, out.tensor());
            return out.read(device);
          },
          {},
          {}};
}

Case norm_case(TensorType gain_type, std::int64_t rows, std::int64_t cols, bool in_place) {
  const auto text = fmt::format("rms_norm gain={} rows={} cols={} in_place={}",
                                tensor_type_name(gain_type), rows, cols, in_place);
  return {"rms_norm",
          text,
          [=](Device& device) {
            Random random(text);
            const WeightBytes gain(gain_type, 1, cols, 1, random);
            const auto weight = device.upload(gain.view());
            const auto values = random.wide_values(rows * cols);
            const GuardedTensor x(device, rows, cols, 1, values);
            const GuardedTensor out(device, rows, cols, 3);
            const GuardedTensor& to = in_place ? x : out;
            device.rms_norm(x.tensor(), *weight, 1e-5F, to.tensor());
            return to.read(device);
          },
          {},
          {}};
}

Case rope_case(RopeStyle style, std::int64_t head_dim, std::int64_t n_heads, std::int64_t rows) {
  const auto text =
      fmt::format("rope style={} head_dim={} heads={} rows={}",
                  style == RopeStyle::half ? "half" : "interleaved", head_dim, n_heads, rows);
  return {"rope",
          text,
          [=](Device& device) {
            Random random(text);
            ModelConfig config;
            config.head_dim = head_dim;
            config.rope_style = style;
            const numerics::RopeTable table(config, 600);
            std::vector<std::int32_t> positions(static_cast<std::size_t>(rows));
            for (auto& position : positions)
              position = static_cast<std::int32_t>(random.below(600));
            const auto values = random.wide_values(rows * n_heads * head_dim);
            const GuardedTensor x(device, rows, n_heads * head_dim, 1, values);
            device.rope(x.tensor(), head_dim, positions, table);
            return x.read(device);
          },
          {},
          {}};
}

/// Arguments for silu: both tails of exp, its cut-offs, and everything between.
std::vector<float> gate_values(Random& random, std::int64_t n) {
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& value : values) value = random.symmetric() * (random.below(2) == 0 ? 100.0F : 4.0F);
  const float special[] = {0.0F,   -0.0F, 87.33F,  -87.33F, 87.34F, 88.8F,
                           -88.8F, 89.5F, -104.0F, 1e30F,   -1e30F, 1e-30F};
  for (std::size_t i = 0; i < values.size() && i < std::size(special); ++i) {
    values[values.size() - 1 - i] = special[i];
  }
  return values;
}

Case swiglu_case(std::int64_t rows, std::int64_t cols, bool in_place) {
  const auto text = fmt::format("swiglu rows={} cols={} in_place={}", rows, cols, in_place);
  return {"swiglu",
          text,
          [=](Device& device) {
            Random random(text);
            const GuardedTensor gate(device, rows, cols, 1, gate_values(random, rows * cols));
            const GuardedTensor up(device, rows, cols, 2, random.wide_values(rows * cols));
            const GuardedTensor out(device, rows, cols, 3);
            const GuardedTensor& to = in_place ? gate : out;
            device.swiglu(gate.tensor(), up.tensor(), to.tensor());
            return to.read(device);
          },
          {},
          {}};
}

Case add_case(std::int64_t rows, std::int64_t cols) {
  const auto text = fmt::format("add rows={} cols={}", rows, cols);
  return {"add",
          text,
          [=](Device& device) {
            Random random(text);
            const GuardedTensor x(device, rows, cols, 1, random.wide_values(rows * cols));
            const GuardedTensor sum(device, rows, cols, 2, random.wide_values(rows * cols));
            device.add(x.tensor(), sum.tensor());
            return sum.read(device);
          },
          {},
          {}};
}

Case gather_case(std::int64_t cols) {
  const auto text = fmt::format("gather_rows cols={}", cols);
  return {"gather_rows",
          text,
          [=](Device& device) {
            Random random(text);
            const GuardedTensor x(device, 9, cols, 1, random.wide_values(9 * cols));
            const std::vector<std::int32_t> rows = {8, 0, 3, 3};
            const GuardedTensor out(device, 4, cols, 1);
            device.gather_rows(x.tensor(), rows, out.tensor());
            return out.read(device);
          },
          {},
          {}};
}

}  // namespace

std::vector<Case> row_cases() {
  std::vector<Case> cases;
  int variety = 0;
  for (const TensorType type : all_tensor_types()) {
    for (const std::int64_t cols : kLengths) {
      if (cols % block_layout(type).elements == 0) {
        cases.push_back(embed_case(type, cols, ++variety % 4));
      }
    }
  }
  for (const std::int64_t cols : kLengths) {
    for (const std::int64_t rows : kRows) {
      const bool odd = ++variety % 2 != 0;
      cases.push_back(norm_case(odd ? TensorType::F32 : TensorType::BF16, rows, cols, odd));
      cases.push_back(swiglu_case(rows, cols, odd));
      cases.push_back(add_case(rows, cols));
    }
    cases.push_back(gather_case(cols));
  }
  for (const RopeStyle style : {RopeStyle::half, RopeStyle::interleaved}) {
    for (const std::int64_t head_dim : {2, 8, 30, 32, 64, 80, 128}) {
      for (const std::int64_t rows : kRows) cases.push_back(rope_case(style, head_dim, 3, rows));
    }
  }
  return cases;
}

}  // namespace assay::conformance
