// A step as one kernel: a block on each multiprocessor, which writes its rows of each of a layer's
// five vectors and waits for those of the others (exchange.cuh). While it waits its rings fill.
//
// Within a part the items' sums meet in shared memory, where chunks are added in ascending order.
#pragma once

#include <algorithm>

#include "backends/cuda/fast/launch.cuh"
#include "backends/cuda/fast/persistent_attention.cuh"

namespace assay::cuda::fast {

template <class Setup, int kDim>
__global__ void __launch_bounds__(Setup::kWarps * 32, 1)
    step_kernel(const __grid_constant__ StepParams p) {
  ASSAY_DYNAMIC_SHARED(shared);
  __shared__ std::uint64_t barriers[kMaxSlots + 1];
  __shared__ CutOfBlock cut;
  alignas(16) __shared__ std::uint8_t attention_memory[sizeof(AttentionArgs)];
  auto& attention_args = *reinterpret_cast<AttentionArgs*>(attention_memory);
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  std::uint64_t* kv_barrier = barriers + kMaxSlots;
  if (threadIdx.x == 0) {
    cut_block(p, &cut);
    attention_args = p.attention;
  }
  for (int i = static_cast<int>(threadIdx.x); i <= kMaxSlots; i += block_threads()) {
    barrier_init(barriers + i, 1);
  }
  barrier_init_fence();
  __syncthreads();

  std::uint8_t* behind = shared + p.n_slots * p.slot_bytes;
  auto* layers = reinterpret_cast<LayerAt*>(behind + p.layers_at);
  static_assert(sizeof(LayerAt) % 16 == 0);
  const int n_words = (p.n_layers + 1) * static_cast<int>(sizeof(LayerAt) / 16);
  for (int i = static_cast<int>(threadIdx.x); i < n_words; i += block_threads()) {
    reinterpret_cast<uint4*>(layers)[i] = __ldg(reinterpret_cast<const uint4*>(p.layers) + i);
  }
  Item* items = reinterpret_cast<Item*>(behind + p.items_at);
  make_items<Setup>(p, cut, items);
  __syncthreads();
  Step<Setup> s{
      p,     cut,  behind, layers,
      items, warp, lane,   Stream<Setup>(p, cut, layers, items, shared, barriers, warp, lane)};
  wait_for_previous_kernel();
  AttentionOfStep<Setup, kDim> attention(s, attention_args);
  // One body for all parts: what the parts share is in the caches of instructions once.
#pragma unroll 1
  for (int layer = 0; layer < p.n_layers; ++layer) {
#pragma unroll 1
    for (int part = kQkv; part < kHead; ++part) {
      if (part == kQkv) attention.begin_layer(layer, kv_barrier);
      if (part == kOut) attention.run_layer(kv_barrier);
      float early = 0;
      if (part != kGateUp && warp < cut.groups[part]) {
        early = s.addend(part, layer, s.row_of_lane(warp));
      }
      if (part == kOut) {
        attention.prepare_out();
      } else if (part == kDown) {
        s.prepare_plain(kDown, s.vector(layer, p.at.ffn));
      } else {
        s.prepare_normalised(part, layer);
      }
      if constexpr (Setup::rows(kGateUp) == 1) {
        s.template run_items<1>(part, layer, early);
      } else if (part == kGateUp) {
        s.template run_items<2>(part, layer, early);
      } else {
        s.template run_items<1>(part, layer, early);
      }
    }
  }
  s.prepare_normalised(kHead, p.n_layers);
  s.head();
}

/// Bytes of the largest item of a part.
template <class Type, class Setup>
int item_bytes(const StepParams& p, int part) {
  const int k = p.k[part];
  const int elements = std::min(chunks_at_once(k) * kChunk, k);
  const int log2_rows = kLog2RowsOfGroup + Setup::rows(part) - 1;
  const auto runs = runs_of<Type>(elements == k, elements, log2_rows, part == kGateUp);
  return runs.bytes_of_item(1 << (log2_rows - runs.log2_rows));
}

constexpr int kMostShared = 227 * 1024 - 1024;  // less the barriers

/// Fills in what follows from the setup: bytes of shared memory, or 0 if they do not suffice.
template <class Setup>
int lay_out(StepParams* p, int blocks) {
  const int head_dim = p->attention.kv.head_dim;
  const int split =
      static_cast<int>(head_dim == 64 ? sizeof(SplitMemory<64>) : sizeof(SplitMemory<128>));
  int most = 0;
  int items = 0;
  p->slot_bytes = 0;
  for (int part = 0; part < kParts; ++part) {
    const int rows = Setup::rows(part);
    p->groups[part] /= kRowsOfGroup * rows;
    const int here = (p->groups[part] + blocks - 1) / blocks;
    const int chunks = chunks_of(p->k[part]);
    const bool has_sums = part != kHead && chunks > chunks_at_once(p->k[part]);
    const int sums =
        has_sums ? here * chunks * kRowsOfGroup * rows * SumsOfPart<Setup>::kOfRow * 4 : 0;
    p->input_at[part] = (sums + 127) / 128 * 128;
    p->norm_at[part] = p->input_at[part] + (Setup::Input::bytes(p->k[part]) + 127) / 128 * 128;
    const bool with_norm = part == kQkv || part == kGateUp || part == kHead;
    int end = p->norm_at[part] + (with_norm ? SquareSums::bytes(p->k[part]) : 0);
    if (part == kQkv) {  // a split's keys and values come meanwhile
      p->split_at = (end + 127) / 128 * 128;
      end = p->split_at + split;
    }
    most = std::max(most, end);
    const int at_once = chunks_at_once(p->k[part]);
    if (part != kHead) items += here * ((chunks_of(p->k[part]) + at_once - 1) / at_once);
    p->slot_bytes = std::max(p->slot_bytes, item_bytes<typename Setup::A, Setup>(*p, part));
    if (p->has_second) {
      p->slot_bytes = std::max(p->slot_bytes, item_bytes<typename Setup::B, Setup>(*p, part));
    }
  }
  p->slot_bytes = (p->slot_bytes + 127) / 128 * 128;
  p->layers_at = (most + 15) / 16 * 16;
  p->items_at = p->layers_at + (p->n_layers + 1) * static_cast<int>(sizeof(LayerAt));
  const int behind = p->items_at + items * static_cast<int>(sizeof(Item));
  // A multiple of the warps: else a warp could wait for a slot's next item while another one has
  // yet to take the one before, and see that one's arrival.
  p->n_slots =
      std::min(kMaxSlots, (kMostShared - behind) / p->slot_bytes) / Setup::kWarps * Setup::kWarps;
  if (p->n_slots == 0) return 0;
  return p->n_slots * p->slot_bytes + behind;
}

template <class Setup>
bool setup_fits(StepParams params, int blocks) {
  constexpr int kMostColumns = 65535;  // see Item
  constexpr std::int64_t kMostElements = 0xffffffff;
  for (int part = 0; part < kParts; ++part) {
    if (params.k[part] > kMostColumns) return false;
    if (std::int64_t{params.groups[part]} * params.k[part] > kMostElements) return false;
  }
  if (params.k[kQkv] > Setup::Input::most_normalised(Setup::kWarps)) return false;
  return lay_out<Setup>(&params, blocks) > 0;
}

template <class Setup>
void queue_setup(StepParams params, int blocks, cudaStream_t stream) {
  const int bytes = lay_out<Setup>(&params, blocks);
  auto* kernel =
      params.attention.kv.head_dim == 64 ? step_kernel<Setup, 64> : step_kernel<Setup, 128>;
  launch_kernel(kernel, dim3(static_cast<unsigned>(blocks)), Setup::kWarps * 32, bytes, stream, 1,
                params);
}

}  // namespace assay::cuda::fast
