#include "tests/backends/cuda/emulated/random_model.h"

#include <cstddef>
#include <cstring>
#include <utility>

#include "backends/cuda/kernels/planes.h"
#include "core/numerics/dot.h"
#include "core/numerics/half.h"
#include "core/quant/exact_dot.h"

namespace assay::cuda::test {
namespace {

/// Where the fields of a block lie in the file.
struct Field {
  int at;
  int bytes;
};
std::vector<Field> fields_of(TensorType type) {
  switch (type) {
    case TensorType::Q8_0:
      return {{2, 32}, {0, 2}};
    case TensorType::Q4_K:
      return {{16, 128}, {0, 16}};
    case TensorType::Q6_K:
      return {{0, 128}, {128, 64}, {192, 16}, {208, 2}};
    default:
      return {{0, 2}};
  }
}

void append(std::uint16_t value, std::vector<std::uint8_t>* to) {
  to->push_back(static_cast<std::uint8_t>(value));
  to->push_back(static_cast<std::uint8_t>(value >> 8));
}

void append_block(TensorType type, Arena& arena, std::vector<std::uint8_t>* to) {
  const auto half = [&](float x) { append(numerics::float_to_half(x), to); };
  const auto bytes = [&](int n) {
    for (int i = 0; i < n; ++i) to->push_back(arena.byte());
  };
  switch (type) {
    case TensorType::Q8_0:
      half(arena.draw(2e-4F, 7e-4F)), bytes(32);
      break;
    case TensorType::Q4_K: {
      const float scale = arena.draw(1e-4F, 3e-4F);
      half(scale), half(scale * 7), bytes(140);
      break;
    }
    case TensorType::Q6_K:
      bytes(208), half(arena.draw(1e-5F, 4e-5F));
      break;
    default:
      append(numerics::float_to_bfloat16(arena.draw(-0.08F, 0.08F)), to);
  }
}

template <class Block>
float exact_product(const std::vector<std::uint8_t>& row, const std::vector<float>& x) {
  const auto n = static_cast<std::int64_t>(x.size());
  const quant::ActivationLayout layout(n, Block::kElements);
  std::vector<float> buffer(static_cast<std::size_t>(layout.bytes()) / 4 + 1);
  auto* bytes = reinterpret_cast<std::byte*>(buffer.data());
  quant::quantize_row(x.data(), layout, bytes);
  std::vector<std::int8_t> integers(x.size());
  const auto* weights = reinterpret_cast<const std::byte*>(row.data());
  quant::row_integers<Block>(weights, n, integers.data());
  return quant::exact_dot<Block>(weights, integers.data(), quant::ActivationRow(bytes, layout), n);
}

}  // namespace

std::uint8_t* Arena::bytes(std::int64_t n) {
  constexpr std::size_t kAligned = 256;
  const auto size = static_cast<std::size_t>(n) + 2 * kAligned;
  memory_.push_back(std::make_unique<std::uint8_t[]>(size));
  const auto at = reinterpret_cast<std::uintptr_t>(memory_.back().get());
  return memory_.back().get() + (kAligned - at % kAligned) % kAligned;
}

float* Arena::uniform(std::int64_t n, float low, float high) {
  auto* out = take<float>(n);
  for (std::int64_t i = 0; i < n; ++i) out[i] = draw(low, high);
  return out;
}

Matrix random_matrix(TensorType type, std::int32_t rows, std::int32_t cols, Arena& arena) {
  Matrix m{type, rows, cols, {}};
  m.file_rows.resize(static_cast<std::size_t>(rows));
  for (auto& row : m.file_rows) {
    for (int b = 0; b < cols / block_layout(type).elements; ++b) append_block(type, arena, &row);
  }
  return m;
}

fast::MatrixAt on_device(const Matrix& m, std::int32_t type_index, Arena& arena) {
  fast::MatrixAt out;
  out.type = type_index;
  const auto layout = block_layout(m.type);
  const std::int64_t blocks = m.cols / layout.elements;
  const auto fields = fields_of(m.type);
  for (std::size_t p = 0; p < fields.size(); ++p) {
    const Field f = fields[p];
    auto* plane = arena.take<std::uint8_t>(m.rows * blocks * f.bytes);
    out.plane[p] = plane;
    for (std::int64_t r = 0; r < m.rows; ++r) {
      for (std::int64_t b = 0; b < blocks; ++b) {
        const std::int64_t to = m.type == TensorType::BF16 ? permuted_index(b) : b;
        std::memcpy(plane + (r * blocks + to) * f.bytes,
                    m.file_rows[static_cast<std::size_t>(r)].data() + b * layout.bytes + f.at,
                    static_cast<std::size_t>(f.bytes));
      }
    }
  }
  return out;
}

std::vector<float> row_of(const Matrix& m, std::int32_t row) {
  std::vector<float> out;
  for (std::size_t k = 0; k < static_cast<std::size_t>(m.cols); ++k) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, m.file_rows[static_cast<std::size_t>(row)].data() + 2 * k, sizeof(bits));
    out.push_back(numerics::bfloat16_to_float(bits));
  }
  return out;
}

std::vector<float> product(const Matrix& m, const std::vector<float>& x) {
  std::vector<float> y;
  for (std::int32_t r = 0; r < m.rows; ++r) {
    const auto& row = m.file_rows[static_cast<std::size_t>(r)];
    switch (m.type) {
      case TensorType::Q8_0:
        y.push_back(exact_product<quant::BlockQ8_0>(row, x));
        break;
      case TensorType::Q4_K:
        y.push_back(exact_product<quant::BlockQ4_K>(row, x));
        break;
      case TensorType::Q6_K:
        y.push_back(exact_product<quant::BlockQ6_K>(row, x));
        break;
      default:
        y.push_back(numerics::dot(row_of(m, r).data(), x.data(), m.cols));
    }
  }
  return y;
}

}  // namespace assay::cuda::test
