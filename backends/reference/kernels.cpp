// The kernels of kernels.h, in the words of core/numerics. Plain loops on purpose: this is what the
// other backends are compared with, and what a reader checks against the rules.
//
// Compiled per level with ASSAY_ISA naming it. No standard library in here: an inline function of
// it that the compiler puts out of line would be linked into code that must run on any CPU.
#include "backends/reference/kernels.h"

#include "core/numerics/attention.h"
#include "core/numerics/functions.h"
#include "core/numerics/norm.h"
#include "core/numerics/rope.h"
#include "core/quant/dequantize.h"
#include "core/quant/exact_dot.h"

namespace assay::reference::ASSAY_ISA {
namespace {

namespace num = ::assay::numerics;

void dequantize_row(TensorType type, const std::byte* row, float* out, std::int64_t n) {
  quant::dequantize_row(type, row, out, n);
}

void rms_norm(const float* x, const float* gain, float eps, std::int64_t n, float* out) {
  num::rms_norm(x, gain, eps, n, out);
}

void linear(const LinearArgs& args) {
  for (std::int64_t n = 0; n < args.n_out; ++n) {
    quant::dequantize_row(args.type, args.weights + n * args.row_bytes, args.weight_row, args.n_in);
    for (std::int64_t r = 0; r < args.n_rows; ++r) {
      const float product = num::dot(args.weight_row, args.x + r * args.n_in, args.n_in);
      args.y[r * args.n_out + n] = args.bias == nullptr ? product : product + args.bias[n];
    }
  }
}

template <class Block>
void linear_exact_of(const LinearArgs& args) {
  const quant::ActivationLayout layout(args.n_in, Block::kElements);
  for (std::int64_t r = 0; r < args.n_rows; ++r) {
    quant::quantize_row(args.x + r * args.n_in, layout, args.activations + r * layout.bytes());
  }
  for (std::int64_t n = 0; n < args.n_out; ++n) {
    const std::byte* weights = args.weights + n * args.row_bytes;
    quant::row_integers<Block>(weights, args.n_in, args.integers);
    for (std::int64_t r = 0; r < args.n_rows; ++r) {
      const quant::ActivationRow x(args.activations + r * layout.bytes(), layout);
      const float product = quant::exact_dot<Block>(weights, args.integers, x, args.n_in);
      args.y[r * args.n_out + n] = args.bias == nullptr ? product : product + args.bias[n];
    }
  }
}

void linear_exact(const LinearArgs& args) {
  quant::visit_block(args.type, [&]<class Block>() {
    if constexpr (Block::kElements > 1) linear_exact_of<Block>(args);
  });
}

void rotate_head(float* head, const float* cos, const float* sin, std::int64_t half_dim,
                 bool interleaved) {
  num::rotate_head(head, cos, sin, half_dim, interleaved);
}

float to_float(float value) {
  return value;
}
float to_float(std::uint16_t half) {
  return num::half_to_float(half);
}
void round_to(float value, float* out) {
  *out = value;
}
void round_to(float value, std::uint16_t* out) {
  *out = num::float_to_half(value);
}

/// Where the keys of a page's head start; its values follow them.
template <class Element>
Element* keys_of(const LayerCache& cache, std::int32_t page, std::int64_t kv_head) {
  const std::int64_t index = page * cache.n_kv_heads + kv_head;
  return reinterpret_cast<Element*>(cache.data) + index * 2 * num::kSplitPositions * cache.head_dim;
}

template <class Element>
void store_as(const StoreArgs& args) {
  const std::int64_t head_dim = args.cache.head_dim;
  for (std::int64_t head = 0; head < args.cache.n_kv_heads; ++head) {
    Element* k = keys_of<Element>(args.cache, args.page, head);
    Element* v = k + num::kSplitPositions * head_dim;
    for (std::int64_t d = 0; d < head_dim; ++d) {
      round_to(args.k[head * head_dim + d], &k[d * num::kSplitPositions + args.slot]);
      round_to(args.v[head * head_dim + d], &v[args.slot * head_dim + d]);
    }
  }
}

void store(const StoreArgs& args) {
  args.cache.type == KvType::f32 ? store_as<float>(args) : store_as<std::uint16_t>(args);
}

/// The first n positions of a page's head in fp32.
template <class Element>
void load_split(const AttentionArgs& args, std::int32_t page, std::int64_t kv_head, int n) {
  const std::int64_t head_dim = args.cache.head_dim;
  const Element* k = keys_of<const Element>(args.cache, page, kv_head);
  const Element* v = k + num::kSplitPositions * head_dim;
  for (std::int64_t d = 0; d < head_dim; ++d) {
    for (std::int64_t j = 0; j < n; ++j) {
      const std::int64_t at = d * num::kSplitPositions + j;
      args.k_by_dim[at] = to_float(k[at]);
    }
  }
  for (std::int64_t i = 0; i < n * head_dim; ++i) args.v[i] = to_float(v[i]);
}

/// One split's part in the row's attention by the heads that share a kv head.
void attend_row(const AttentionArgs& args, std::int64_t row, std::int64_t kv_head, bool first_split,
                int n) {
  const auto head_dim = static_cast<int>(args.cache.head_dim);
  const std::int64_t group = args.n_heads / args.cache.n_kv_heads;
  const float scale = num::attention_scale(head_dim);
  for (std::int64_t g = 0; g < group; ++g) {
    const std::int64_t at = (row * args.n_heads + kv_head * group + g) * head_dim;
    RowState& kept = args.states[row * group + g];
    float* o = args.out + at;
    const num::SoftmaxState split = num::attend_split(args.q + at, args.k_by_dim, args.v, n,
                                                      head_dim, scale, first_split ? o : args.next);
    num::SoftmaxState state = split;
    if (!first_split) {
      state = {kept.max, kept.sum};
      num::merge_split(split, args.next, head_dim, &state, o);
    }
    kept = {state.max, state.sum};
  }
}

void finish_rows(const AttentionArgs& args, std::int64_t kv_head) {
  const auto head_dim = static_cast<int>(args.cache.head_dim);
  const std::int64_t group = args.n_heads / args.cache.n_kv_heads;
  for (std::int64_t row = 0; row < args.n_rows; ++row) {
    for (std::int64_t g = 0; g < group; ++g) {
      float* o = args.out + (row * args.n_heads + kv_head * group + g) * head_dim;
      const RowState& state = args.states[row * group + g];
      num::finish_attention({state.max, state.sum}, o, head_dim, o);
    }
  }
}

void attention(const AttentionArgs& args) {
  constexpr std::int64_t kSplit = num::kSplitPositions;
  const std::int64_t length = args.first_position + args.n_rows;  // seen by the last row
  for (std::int64_t kv_head = 0; kv_head < args.cache.n_kv_heads; ++kv_head) {
    for (std::int64_t start = 0; start < length; start += kSplit) {
      const std::int64_t present = length - start < kSplit ? length - start : kSplit;
      const std::int32_t page = args.pages[start / kSplit];
      if (args.cache.type == KvType::f32) {
        load_split<float>(args, page, kv_head, static_cast<int>(present));
      } else {
        load_split<std::uint16_t>(args, page, kv_head, static_cast<int>(present));
      }
      for (std::int64_t row = 0; row < args.n_rows; ++row) {
        const std::int64_t seen = args.first_position + row + 1 - start;  // causal
        if (seen <= 0) continue;
        attend_row(args, row, kv_head, start == 0, static_cast<int>(seen < kSplit ? seen : kSplit));
      }
    }
    finish_rows(args, kv_head);
  }
}

void swiglu(const float* gate, const float* up, std::int64_t n, float* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = num::swiglu(gate[i], up[i]);
}

void add(const float* x, std::int64_t n, float* inout) {
  for (std::int64_t i = 0; i < n; ++i) inout[i] += x[i];
}

}  // namespace

const Kernels kKernels = {ASSAY_REFERENCE_LEVEL, dequantize_row, rms_norm,  linear, linear_exact,
                          rotate_head,           store,          attention, swiglu, add};

}  // namespace assay::reference::ASSAY_ISA
