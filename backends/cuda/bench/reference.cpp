#include "backends/cuda/bench/reference.h"

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstring>

#include "backends/cuda/bench/synthetic.h"
#include "core/numerics/attention.h"
#include "core/numerics/half.h"
#include "core/numerics/norm.h"
#include "core/numerics/rope.h"
#include "core/quant/blocks.h"
#include "core/quant/exact_dot.h"

namespace assay::cuda::bench {
namespace {

template <class T>
std::vector<T> copy_out(const void* device, std::int64_t n) {
  std::vector<T> out(static_cast<std::size_t>(n));
  check(cudaMemcpy(out.data(), device, out.size() * sizeof(T), cudaMemcpyDeviceToHost), "copy");
  return out;
}

/// The row's blocks as the file has them.
std::vector<std::uint8_t> file_row(const WeightPlanes& w, std::int64_t row) {
  const PlaneSizes sizes = plane_sizes(w.type);
  const std::int64_t blocks = w.cols / sizes.elements;
  std::vector<std::vector<std::uint8_t>> planes;
  for (std::size_t p = 0; p < sizes.bytes.size(); ++p) {
    const std::int64_t bytes = blocks * sizes.bytes[p];
    planes.push_back(copy_out<std::uint8_t>(w.plane[p] + row * bytes, bytes));
  }
  std::vector<std::uint8_t> out;
  const auto append = [&](std::size_t plane, std::int64_t block) {
    const auto* from = planes[plane].data() + block * sizes.bytes[plane];
    out.insert(out.end(), from, from + sizes.bytes[plane]);
  };
  for (std::int64_t b = 0; b < blocks; ++b) {
    if (w.type == TensorType::Q6_K) {
      for (std::size_t p = 0; p < 4; ++p) append(p, b);
    } else {  // the scale, or the header, comes first
      append(1, b);
      append(0, b);
    }
  }
  return out;
}

template <class Block>
float quantised_dot(const std::vector<std::uint8_t>& row, const std::vector<float>& x) {
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

template <class Block>
void dequantise(const std::vector<std::uint8_t>& row, std::vector<float>& out) {
  for (std::size_t i = 0; i < out.size(); i += Block::kElements) {
    Block block;
    std::memcpy(&block, row.data() + i / Block::kElements * sizeof(Block), sizeof(Block));
    quant::dequantize(block, out.data() + i);
  }
}

}  // namespace

std::vector<float> to_host(const float* device, std::int64_t n) {
  return copy_out<float>(device, n);
}

std::vector<float> reference_row(const WeightPlanes& w, std::int64_t row) {
  std::vector<float> out(static_cast<std::size_t>(w.cols));
  if (w.type == TensorType::BF16) {
    const auto bits = copy_out<std::uint16_t>(w.plane[0] + row * w.cols * 2, w.cols);
    for (std::int64_t k = 0; k < w.cols; ++k) {
      out[static_cast<std::size_t>(k)] =
          numerics::bfloat16_to_float(bits[static_cast<std::size_t>(permuted_index(k))]);
    }
    return out;
  }
  const auto bytes = file_row(w, row);
  if (w.type == TensorType::Q8_0) dequantise<quant::BlockQ8_0>(bytes, out);
  if (w.type == TensorType::Q4_K) dequantise<quant::BlockQ4_K>(bytes, out);
  if (w.type == TensorType::Q6_K) dequantise<quant::BlockQ6_K>(bytes, out);
  return out;
}

float reference_dot(const WeightPlanes& w, std::int64_t row, const std::vector<float>& x) {
  switch (w.type) {
    case TensorType::Q8_0:
      return quantised_dot<quant::BlockQ8_0>(file_row(w, row), x);
    case TensorType::Q4_K:
      return quantised_dot<quant::BlockQ4_K>(file_row(w, row), x);
    case TensorType::Q6_K:
      return quantised_dot<quant::BlockQ6_K>(file_row(w, row), x);
    default:
      return numerics::dot(reference_row(w, row).data(), x.data(), w.cols);
  }
}

std::vector<float> reference_attention(const fast::AttentionArgs& a, int row) {
  const std::int64_t dim = a.kv.head_dim;
  const std::int64_t group = a.n_heads / a.kv.n_kv_heads;
  const std::int64_t width = (a.n_heads + 2 * a.kv.n_kv_heads) * dim;
  std::vector<float> qkv = to_host(a.qkv + row * width, width);
  const auto positions = copy_out<std::int32_t>(a.positions + row, 1);
  const std::int64_t position = positions[0];
  const auto pages =
      copy_out<std::int32_t>(a.pages + std::int64_t{row} * a.max_pages, position / 64 + 1);
  const auto cos = to_host(a.rope_cos + position * (dim / 2), dim / 2);
  const auto sin = to_host(a.rope_sin + position * (dim / 2), dim / 2);
  for (std::int64_t h = 0; h < a.n_heads + a.kv.n_kv_heads; ++h) {
    const float* gain = h < a.n_heads ? a.q_norm : a.k_norm;
    float* head = qkv.data() + h * dim;
    if (gain != nullptr) {
      numerics::rms_norm(head, to_host(gain, dim).data(), a.eps, dim, head);
    }
    numerics::rotate_head(head, cos.data(), sin.data(), dim / 2, a.interleaved);
  }
  std::vector<float> out(static_cast<std::size_t>(a.n_heads * dim));
  const auto round = [](float x) { return numerics::half_to_float(numerics::float_to_half(x)); };
  for (std::int64_t kv_head = 0; kv_head < a.kv.n_kv_heads; ++kv_head) {
    std::vector<numerics::SoftmaxState> state(static_cast<std::size_t>(group));
    for (std::int64_t split = 0; split * 64 <= position; ++split) {
      const std::int64_t at =
          ((std::int64_t{pages[static_cast<std::size_t>(split)]} * a.kv.n_layers + a.layer) *
               a.kv.n_kv_heads +
           kv_head) *
          2 * 64 * dim;
      const auto page = copy_out<std::uint16_t>(a.kv.data + at, 2 * 64 * dim);
      const auto n =
          static_cast<int>(position + 1 - split * 64 < 64 ? position + 1 - split * 64 : 64);
      std::vector<float> keys(static_cast<std::size_t>(64 * dim));
      std::vector<float> values(static_cast<std::size_t>(64 * dim));
      for (std::int64_t j = 0; j < n; ++j) {
        const bool own = split * 64 + j == position;
        for (std::int64_t d = 0; d < dim; ++d) {
          const auto key_at = static_cast<std::size_t>((d / 8 * 64 + j) * 8 + d % 8);
          const auto value_at = static_cast<std::size_t>(64 * dim + j * dim + d);
          keys[static_cast<std::size_t>(d * 64 + j)] =
              own ? round(qkv[static_cast<std::size_t>((a.n_heads + kv_head) * dim + d)])
                  : numerics::half_to_float(page[key_at]);
          values[static_cast<std::size_t>(j * dim + d)] =
              own ? round(qkv[static_cast<std::size_t>(
                        (a.n_heads + a.kv.n_kv_heads + kv_head) * dim + d)])
                  : numerics::half_to_float(page[value_at]);
        }
      }
      for (std::int64_t g = 0; g < group; ++g) {
        const std::int64_t head = kv_head * group + g;
        float* to = out.data() + head * dim;
        std::vector<float> o(static_cast<std::size_t>(dim));
        const auto next =
            numerics::attend_split(qkv.data() + head * dim, keys.data(), values.data(), n,
                                   static_cast<int>(dim), numerics::attention_scale(dim), o.data());
        auto& s = state[static_cast<std::size_t>(g)];
        if (split == 0) {
          s = next;
          std::memcpy(to, o.data(), o.size() * sizeof(float));
        } else {
          numerics::merge_split(next, o.data(), static_cast<int>(dim), &s, to);
        }
      }
    }
    for (std::int64_t g = 0; g < group; ++g) {
      float* to = out.data() + (kv_head * group + g) * dim;
      numerics::finish_attention(state[static_cast<std::size_t>(g)], to, static_cast<int>(dim), to);
    }
  }
  return out;
}

}  // namespace assay::cuda::bench
