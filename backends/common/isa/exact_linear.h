// exact/1 of quantised weights (core/quant/exact_dot.h), any type: one correct tile, written once
// and compiled for each level. A block is unpacked to its integers once and meets every column.
#pragma once

#include "backends/common/kernel_table.h"
#include "core/quant/dequantize.h"
#include "core/quant/exact_dot.h"

namespace assay::host {

template <class S>
void quantize(const float* x, std::int64_t n, int block, std::byte* row) {
  quant::quantize_row(x, quant::ActivationLayout(n, block), row);
}

template <class S, class Block>
void exact_row(const ExactLinearTask& task, std::int64_t row) {
  const quant::ActivationLayout layout(task.k, Block::kElements);
  float* acc = task.scratch;
  float* total = task.scratch + task.m;
  for (std::int64_t c = 0; c < task.m; ++c) total[c] = 0;
  const std::byte* bytes = task.weights + row * task.row_bytes;
  for (std::int64_t start = 0; start < task.k; start += numerics::kChunkElements) {
    const std::int64_t left = task.k - start;
    const std::int64_t end =
        start + (left < numerics::kChunkElements ? left : numerics::kChunkElements);
    for (std::int64_t c = 0; c < task.m; ++c) acc[c] = 0;
    for (std::int64_t i = start; i < end; i += Block::kElements, bytes += sizeof(Block)) {
      Block block;
      __builtin_memcpy(&block, bytes, sizeof(Block));
      std::int8_t integers[Block::kElements];
      block.integers(integers);
      for (std::int64_t c = 0; c < task.m; ++c) {
        const quant::ActivationRow x(task.activations + c * layout.bytes(), layout);
        const quant::BlockSums sums =
            quant::block_sums(block, integers, x.integers + i, x.sums + i / quant::kSumElements);
        acc[c] = quant::combine(block, sums, x.factors[i / Block::kElements], acc[c]);
      }
    }
    for (std::int64_t c = 0; c < task.m; ++c) total[c] += acc[c];
  }
  const float bias = task.bias == nullptr ? 0 : task.bias[row];
  for (std::int64_t c = 0; c < task.m; ++c) {
    task.y[c * task.ldy + row] = task.bias == nullptr ? total[c] : total[c] + bias;
  }
}

template <class S>
void exact_linear(const ExactLinearTask& task) {
  quant::visit_block(task.type, [&]<class Block>() {
    if constexpr (Block::kElements > 1) {
      for (std::int64_t row = task.row_begin; row < task.row_end; ++row) {
        exact_row<S, Block>(task, row);
      }
    }
  });
}

}  // namespace assay::host
