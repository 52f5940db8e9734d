// The parts of a layer and the head as a block of the step kernel goes through them.
#pragma once

#include <type_traits>

#include "backends/cuda/fast/exchange.cuh"
#include "backends/cuda/fast/head_parts.cuh"
#include "backends/cuda/fast/persistent_ring.cuh"

namespace assay::cuda::fast {

/// Where the sums of each (group of the block, chunk, row) meet.
template <class Setup>
struct SumsOfPart {
  static constexpr int kOfRow = Setup::kQuantised ? 1 : numerics::kLanes;
  float* sums;
  int n_chunks;
  int rows;

  __device__ float* at(int row_of_items) const { return sums + row_of_items * kOfRow; }
  template <class Type, int kRows>
  __device__ void put(int first_row, const typename Type::template Sums<kRows>& s, int lane) {
    const int row = first_row + lane / kLanesOfRow;
    const int j = lane % kLanesOfRow;
    if constexpr (Setup::kQuantised) {
      if (j < kRows) *at(row + j * kRowsOfGroup) = s.v;
    } else {
      *reinterpret_cast<float2*>(at(row) + j * 2) = make_float2(s.v[0][0], s.v[0][1]);
    }
  }
  /// A row's sum over all chunks: eight lanes, which all get it.
  __device__ float total(int local, int row, int lane) const {
    if constexpr (Setup::kQuantised) {
      float sum = 0;
      for (int c = 0; c < n_chunks; ++c) sum += *at((local * n_chunks + c) * rows + row);
      return sum;
    } else {
      float even = 0;
      float odd = 0;
      for (int c = 0; c < n_chunks; ++c) {
        const float2 v = *reinterpret_cast<const float2*>(at((local * n_chunks + c) * rows + row) +
                                                          lane % kLanesOfRow * 2);
        even += v.x;
        odd += v.y;
      }
      return GemvBf16::fold(even, odd);
    }
  }
};

/// The state of one thread through the step.
template <class Setup>
struct Step {
  const StepParams& p;
  const CutOfBlock& cut;
  std::uint8_t* behind;  ///< the ring: sums, input, norm of a part; or a split of attention
  const LayerAt* layers;
  const Item* items;  ///< of a layer
  int warp;
  int lane;
  Stream<Setup> stream;
  int next_item = 0;  ///< of the layer: the part's first
  unsigned kv_parity = 0;

  __device__ int group_of(int local) const {
    return static_cast<int>(blockIdx.x) + static_cast<int>(gridDim.x) * local;
  }
  __device__ int row_of_lane(int local) const {
    return group_of(local) * kRowsOfGroup + lane / kLanesOfRow;
  }
  /// A vector of a layer in the memory of exchange.
  __device__ float* vector(int layer, int at) const {
    return p.exchange + static_cast<std::int64_t>(layer) * p.at.floats + at;
  }
  /// What a layer, or the head, begins with.
  __device__ AwaitedVector residual_before(int layer) const {
    if (layer == 0) return {p.residual, false};
    return {vector(layer - 1, p.at.residual)};
  }
  __device__ typename Setup::Input input_of(int part) const {
    return typename Setup::Input(behind + p.input_at[part], p.k[part]);
  }
  __device__ SumsOfPart<Setup> sums_of(int part) const {
    return {reinterpret_cast<float*>(behind), cut.chunks[part], kRowsOfGroup * Setup::rows(part)};
  }

  /// The input of what begins with a norm: qkv, gate and up, the head.
  __device__ void prepare_normalised(int part, int layer) const {
    const bool is_middle = part == kGateUp;
    const AwaitedVector x =
        is_middle ? AwaitedVector{vector(layer, p.at.middle)} : residual_before(layer);
    const float* gain = part == kHead ? p.final_norm
                        : is_middle   ? layers[layer].ffn_norm
                                      : layers[layer].attn_norm;
    auto input = input_of(part);
    input.fill_normalised(p.k[part], x, gain, p.eps,
                          SquareSums(behind + p.norm_at[part], p.k[part]));
  }
  __device__ void prepare_plain(int part, const float* x) const {
    auto input = input_of(part);
    input.fill_from(p.k[part], AwaitedVector{x});
  }

  /// The items of a part (not the head), and what they give to all. early: the addend of the
  /// lane's first row.
  template <int kRows>
  __device__ __forceinline__ void run_items(int part, int layer, float early) {
    const int n = cut.items[part];
    const bool is_direct = cut.of_group[part] == 1;
    int last = -1;
#pragma unroll 1
    for (int i = warp; i < n; i += Setup::kWarps) {
      if (last >= 0) stream.release(layer, last);
      last = i;
      const Item item = items[next_item + i];
      const std::uint8_t* slot = stream.wait(i);
      bool is_first_type = true;
      if constexpr (!std::is_same_v<typename Setup::A, typename Setup::B>) {
        is_first_type = layers[layer].matrix[item.matrix].type == 0;
      }
      if (is_first_type) {
        take<typename Setup::A, kRows>(part, layer, i, item, slot, is_direct, early);
      } else if constexpr (!std::is_same_v<typename Setup::A, typename Setup::B>) {
        take<typename Setup::B, kRows>(part, layer, i, item, slot, is_direct, early);
      }
    }
    __syncthreads();
    if (!is_direct) {
      if (part == kGateUp) {
        publish_ffn(layer);
      } else {
        publish_rows(part, layer, early);
      }
      __syncthreads();
    }
    // Others wait for what was published, so that comes first.
    if (last >= 0) stream.release(layer, last);
    stream.next_part(n);
    next_item = part == kDown ? 0 : next_item + n;
  }
  template <class Type, int kRows>
  __device__ __forceinline__ void take(int part, int layer, int local, const Item& item,
                                       const std::uint8_t* slot, bool is_direct, float early) {
    const auto input = input_of(part);
    auto rows = rows_in_slot<Type, kRows>(item, item.matrix == kGate, slot, lane);
    auto sums = sums_of(part);
    int at = static_cast<int>(item.sums);
    typename Type::template Sums<kRows> total{};
#pragma unroll 1
    for (int done = 0; done < item.elements; done += kChunk) {
      const int elements = min(kChunk, item.elements - done);
      const auto chunk =
          Type::template multiply<kRows>(rows, input, item.start + done, elements, lane);
      if (is_direct) {
        Type::template add<kRows>(chunk, &total);
      } else {
        sums.template put<Type, kRows>(at, chunk, lane);
      }
      next_chunk<Type, kRows>(&rows);
      at += kRowsOfGroup * kRows;
    }
    if (!is_direct) return;
    float y[2] = {0, 0};
    Type::template finish<kRows>(total, lane, y);
    publish_item<kRows>(part, layer, local, y, early);
  }
  template <class Type, int kRows>
  __device__ static __forceinline__ void next_chunk(RowsAt<kRows, Type::kPlanes>* rows) {
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
#pragma unroll
      for (int plane = 0; plane < Type::kPlanes; ++plane) {
        rows->plane[r][plane] += kChunk / Type::kBlock * Type::plane_bytes(plane);
      }
    }
  }

  /// What a row's product is added to: a bias, or the residual (written long ago, as a rule; maybe
  /// not there yet, so it is asked for early and looked at late).
  __device__ float addend(int part, int layer, int row) const {
    if (part == kQkv) {
      int which = 0;
      while (which < 2 && row >= p.qkv_rows[which]) row -= p.qkv_rows[which++];
      const float* bias = layers[layer].bias[which];
      return bias == nullptr ? 0.0F : __ldg(bias + row);
    }
    return load_one_shared_by_all(addends(part, layer).x + row);
  }
  __device__ AwaitedVector addends(int part, int layer) const {
    return part == kOut ? residual_before(layer) : AwaitedVector{vector(layer, p.at.middle)};
  }
  /// qkv, out and down: publishes a row with what it is added to; by all lanes of it.
  __device__ void publish_row(int part, int layer, int row, float y, float early) const {
    if (part != kQkv && !is_there(early)) {
      const AwaitedVector from = addends(part, layer);
      if (from.is_written_meanwhile) early = await_one(from.x + row);
    }
    float* to = vector(layer, part == kQkv ? p.at.qkv : part == kOut ? p.at.middle : p.at.residual);
    if (lane % kLanesOfRow == 0) store_for_all(to + row, early + y);
  }
  /// What an item of whole rows gives; y: of the lane's rows.
  template <int kRows>
  __device__ __forceinline__ void publish_item(int part, int layer, int local, const float* y,
                                               float early) const {
    if (part != kGateUp) {
      const int row = row_of_lane(local);
      if (local != warp) early = addend(part, layer, row);
      publish_row(part, layer, row, y[0], early);
      return;
    }
    constexpr int kOutputs = kRowsOfGroup * Setup::rows(kGateUp) / 2;  // of a group
    const float up = kRows == 2 ? y[1] : __shfl_down_sync(~0U, y[0], 16);
    const int in_group = lane / kLanesOfRow;
    if (lane % kLanesOfRow != 0 || in_group >= kOutputs) return;
    store_for_all(vector(layer, p.at.ffn) + group_of(local) * kOutputs + in_group,
                  numerics::swiglu(y[0], up));
  }
  /// The rows of a part whose items gave sums. early: the addend of the lane's first row.
  __device__ void publish_rows(int part, int layer, float early) const {
    const auto sums = sums_of(part);
    for (int local = warp; local < cut.groups[part]; local += Setup::kWarps) {
      const int row = row_of_lane(local);
      const float y = sums.total(local, lane / kLanesOfRow, lane);
      if (local != warp) early = addend(part, layer, row);
      publish_row(part, layer, row, y, early);
    }
  }
  __device__ void publish_ffn(int layer) const {
    constexpr int kRows = Setup::rows(kGateUp);
    constexpr int kOutputs = kRowsOfGroup * kRows / 2;  // of a group
    const auto sums = sums_of(kGateUp);
    // Each of a row's eight lanes keeps one group's pair, so that eight groups are finished at
    // once.
    const int in_group = lane / kLanesOfRow;
    const int step = Setup::kWarps * kLanesOfRow;
    for (int first = warp; first < cut.groups[kGateUp]; first += step) {
      float gate = 0;
      float up = 0;
      int own = -1;
      for (int round = 0; round < kLanesOfRow; ++round) {
        const int local = first + round * Setup::kWarps;
        if (local >= cut.groups[kGateUp]) break;
        const float y = sums.total(local, in_group, lane);
        const float other = kRows == 2 ? sums.total(local, in_group + kRowsOfGroup, lane)
                                       : __shfl_down_sync(~0U, y, 16);
        if (lane % kLanesOfRow != round || in_group >= kOutputs) continue;
        gate = y;
        up = other;
        own = group_of(local) * kOutputs + in_group;
      }
      if (own >= 0) store_for_all(vector(layer, p.at.ffn) + own, numerics::swiglu(gate, up));
    }
  }

  template <class Type>
  __device__ void head_items(HeadParts* head) {
    constexpr int kRows = Setup::rows(kHead);
    const auto input = input_of(kHead);
#pragma unroll 1
    for (int local = warp; local < cut.groups[kHead]; local += Setup::kWarps) {
      typename Type::template Sums<kRows> total{};
#pragma unroll 1
      for (int at = 0; at < cut.of_group[kHead]; ++at) {
        const Item item = item_of<Setup>(p, cut, kHead, local, at);
        const int i = local * cut.of_group[kHead] + at;
        auto rows = rows_in_slot<Type, kRows>(item, false, stream.wait(i), lane);
#pragma unroll 1
        for (int done = 0; done < item.elements; done += kChunk) {
          const int elements = min(kChunk, item.elements - done);
          Type::template add<kRows>(
              Type::template multiply<kRows>(rows, input, item.start + done, elements, lane),
              &total);
          next_chunk<Type, kRows>(&rows);
        }
        stream.release(p.n_layers, i);
      }
      float y[2] = {0, 0};
      Type::template finish<kRows>(total, lane, y);
      const int row = group_of(local) * kRowsOfGroup * kRows + lane / kLanesOfRow;
      const int j = lane % kLanesOfRow;
      if (j < kRows) p.logits[row + j * kRowsOfGroup] = j == 0 ? y[0] : y[1];
      if constexpr (kRows == 2) {
        head->add(y[0], y[1], row, row + kRowsOfGroup, j);
      } else {
        head->add_one(y[0], row, j);
      }
    }
  }
  __device__ void head() {
    HeadParts head;
    if constexpr (std::is_same_v<typename Setup::A, typename Setup::B>) {
      head_items<typename Setup::A>(&head);
    } else if (layers[p.n_layers].matrix[0].type == 0) {
      head_items<typename Setup::A>(&head);
    } else {
      head_items<typename Setup::B>(&head);
    }
    head.finish(p.result, lane);
  }
};

}  // namespace assay::cuda::fast
