// A step as one kernel: a block on each multiprocessor, a barrier of the whole grid after each of
// the five parts of a layer. What the barriers cost is hidden by the rings, which fill meanwhile.
//
// Within a part the items' sums meet in shared memory, where chunks are added in ascending order.
#pragma once

#define ASSAY_CUDA_PRODUCER_WARPS 1

#include <type_traits>

#include "backends/cuda/fast/attention_split.cuh"
#include "backends/cuda/fast/head_parts.cuh"
#include "backends/cuda/fast/launch.cuh"
#include "backends/cuda/fast/persistent_ring.cuh"

namespace assay::cuda::fast {

/// All blocks have come here, and see what the others wrote.
__device__ __forceinline__ void grid_barrier(unsigned* counter, unsigned* target) {
  team_sync();
  *target += gridDim.x;
  if (threadIdx.x == 0) {
    add_release(counter);
    unsigned seen = 0;
    for (long long tries = 0; tries < (1LL << 21); ++tries) {
      seen = load_acquire(counter);
      if (seen >= *target) break;
    }
    if (seen < *target) __trap();  // a block is missing: better an error than a hung device
  }
  team_sync();
}

/// Where the sums of each (group of the block, chunk, row) meet.
template <class Setup>
struct SumsOfPart {
  static constexpr int kOfRow = Setup::kQuantised ? 1 : numerics::kLanes;
  float* sums;
  int n_chunks;
  int rows;

  __device__ float* at(int local, int chunk, int row) const {
    return sums + ((local * n_chunks + chunk) * rows + row) * kOfRow;
  }
  template <class Type, int kRows>
  __device__ void put(const Cursor& c, const typename Type::template Sums<kRows>& s, int lane) {
    const int row = lane / kLanesOfRow;
    const int j = lane % kLanesOfRow;
    if constexpr (Setup::kQuantised) {
      if (j < kRows) *at(c.local, c.chunk, row + j * kRowsOfGroup) = s.v;
    } else {
      *reinterpret_cast<float2*>(at(c.local, c.chunk, row) + j * 2) =
          make_float2(s.v[0][0], s.v[0][1]);
    }
  }
  /// A row's sum over all chunks: eight lanes, which all get it.
  __device__ float total(int local, int row, int lane) const {
    if constexpr (Setup::kQuantised) {
      float sum = 0;
      for (int c = 0; c < n_chunks; ++c) sum += *at(local, c, row);
      return sum;
    } else {
      float even = 0;
      float odd = 0;
      for (int c = 0; c < n_chunks; ++c) {
        const float2 v =
            *reinterpret_cast<const float2*>(at(local, c, row) + lane % kLanesOfRow * 2);
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
  int warp;
  int lane;
  Consumer<Setup> ring;
  unsigned target = 0;
  unsigned kv_parity = 0;

  __device__ int group_of(int local) const {
    return static_cast<int>(blockIdx.x) + static_cast<int>(gridDim.x) * local;
  }
  __device__ int row_of_lane(int local) const {
    return group_of(local) * kRowsOfGroup + lane / kLanesOfRow;
  }
  __device__ NormInput norm(int part) const { return {behind + p.norm_at[part], p.k[part]}; }

  __device__ typename Setup::Input prepare(int part, const float* x, bool with_norm) {
    typename Setup::Input input(behind + p.input_at[part], p.k[part]);
    if (with_norm) {
      NormInput n = norm(part);
      n.load(x);
      const float scale = n.scale(p.eps);
      input.fill(p.k[part], [&](int k) { return n.normalised(k, scale); });
    } else {
      input.fill(p.k[part], [&](int k) { return __ldcg(reinterpret_cast<const float4*>(x + k)); });
    }
    return input;
  }

  template <class Type, int kRows>
  __device__ typename Type::template Sums<kRows> multiply(const Cursor& c,
                                                          const typename Setup::Input& input,
                                                          const std::uint8_t* slot) {
    const auto rows = rows_in_slot<Type, kRows, Setup>(p, c, slot, lane);
    const int start = c.chunk * kChunk;
    const int elements = min(kChunk, p.k[c.part] - start);
    if (elements == kChunk) {
      return Type::template multiply<kRows>(rows, input, start, kChunk, lane);
    }
    return Type::template multiply<kRows>(rows, input, start, elements, lane);
  }

  /// The items of a part (not the head), into its sums.
  template <int kRows>
  __device__ SumsOfPart<Setup> run_items(int part, int layer, const typename Setup::Input& input) {
    SumsOfPart<Setup> sums{reinterpret_cast<float*>(behind), cut.chunks[part],
                           kRowsOfGroup * kRows};
    Cursor c{layer, part, 0, 0};
    for (begin_part<Setup>(&c, cut, warp); within<Setup>(c, cut); advance<Setup>(&c, cut)) {
      const int type = type_of_item<Setup>(p, c);
      const std::uint8_t* slot = ring.wait();
      if (type == 0) {
        using Type = typename Setup::A;
        sums.template put<Type, kRows>(c, multiply<Type, kRows>(c, input, slot), lane);
      } else if constexpr (!std::is_same_v<typename Setup::A, typename Setup::B>) {
        using Type = typename Setup::B;
        sums.template put<Type, kRows>(c, multiply<Type, kRows>(c, input, slot), lane);
      }
      ring.release(lane);
    }
    team_sync();
    return sums;
  }

  __device__ float bias_of(int layer, int row) const {
    int which = 0;
    while (which < 2 && row >= p.qkv_rows[which]) row -= p.qkv_rows[which++];
    const float* bias = p.layer[layer].bias[which];
    return bias == nullptr ? 0.0F : __ldg(bias + row);
  }
  __device__ void qkv(int layer) {
    float bias = 0;
    if (warp < cut.groups[kQkv]) bias = bias_of(layer, row_of_lane(warp));
    const auto input = prepare(kQkv, p.residual, true);
    const auto sums = run_items<1>(kQkv, layer, input);
    for (int local = warp; local < cut.groups[kQkv]; local += Setup::kWarps) {
      const float y = sums.total(local, lane / kLanesOfRow, lane);
      if (local != warp) bias = bias_of(layer, row_of_lane(local));
      if (lane % kLanesOfRow == 0) p.qkv[row_of_lane(local)] = y + bias;
    }
  }
  /// out and down: added to the residual. prepared: makes the part's input.
  template <class Prepared>
  __device__ void add_to_residual(int part, int layer, const Prepared& prepared) {
    float before = 0;
    if (warp < cut.groups[part]) before = __ldcg(p.residual + row_of_lane(warp));
    const auto input = prepared();
    const auto sums = run_items<1>(part, layer, input);
    for (int local = warp; local < cut.groups[part]; local += Setup::kWarps) {
      const float y = sums.total(local, lane / kLanesOfRow, lane);
      if (local != warp) before = __ldcg(p.residual + row_of_lane(local));
      if (lane % kLanesOfRow == 0) p.residual[row_of_lane(local)] = before + y;
    }
  }
  __device__ void gate_up(int layer) {
    constexpr int kRows = Setup::rows(kGateUp);
    constexpr int kOutputs = kRowsOfGroup * kRows / 2;  // of a group
    const auto input = prepare(kGateUp, p.residual, true);
    const auto sums = run_items<kRows>(kGateUp, layer, input);
    // Each of a row's eight lanes keeps one group's pair, so that all are finished at once.
    const int in_group = lane / kLanesOfRow;
    float gate = 0;
    float up = 0;
    int own = -1;
    int round = 0;
    for (int local = warp; local < cut.groups[kGateUp]; local += Setup::kWarps, ++round) {
      const float y = sums.total(local, in_group, lane);
      float other = 0;
      if constexpr (kRows == 2) {
        other = sums.total(local, in_group + kRowsOfGroup, lane);
      } else {
        other = __shfl_down_sync(~0U, y, 16);
      }
      if (lane % kLanesOfRow != round || in_group >= kOutputs) continue;
      gate = y;
      up = other;
      own = group_of(local) * kOutputs + in_group;
    }
    if (own >= 0) p.ffn[own] = numerics::swiglu(gate, up);
  }
  template <class Type>
  __device__ void head_items(const typename Setup::Input& input, HeadParts* head) {
    constexpr int kRows = Setup::rows(kHead);
    Cursor c{p.n_layers, kHead, 0, 0};
    typename Type::template Sums<kRows> total{};
    for (begin_part<Setup>(&c, cut, warp); within<Setup>(c, cut);) {
      const std::uint8_t* slot = ring.wait();
      Type::template add<kRows>(multiply<Type, kRows>(c, input, slot), &total);
      ring.release(lane);
      const bool last = c.chunk + 1 == cut.chunks[kHead];
      const int group = group_of(c.local);
      advance<Setup>(&c, cut);
      if (!last) continue;
      float y[2] = {0, 0};
      Type::template finish<kRows>(total, lane, y);
      total = {};
      const int row = group * kRowsOfGroup * kRows + lane / kLanesOfRow;
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
    const auto input = prepare(kHead, p.residual, true);
    HeadParts head;
    if (p.head.type == 0) {
      head_items<typename Setup::A>(input, &head);
    } else if constexpr (!std::is_same_v<typename Setup::A, typename Setup::B>) {
      head_items<typename Setup::B>(input, &head);
    }
    head.finish(p.result, lane);
  }
};

/// Up to so many splits are merged by each block when it takes the outputs as its input; beyond, by
/// the block that comes last.
constexpr int kMergedByAll = 16;

/// Attention of one layer: splits are dealt out to the blocks. Before the barrier that makes q, k
/// and v visible, the first split's keys and values are asked for.
template <class Setup, int kDim>
struct AttentionOfStep {
  Step<Setup>& s;
  AttentionArgs a;
  SplitMemory<kDim>& m;
  int position;
  int n_own;
  int first_page;  ///< of this block's first task
  float rope;      ///< cos or sin, one a thread

  __device__ explicit AttentionOfStep(Step<Setup>& step)
      : s(step),
        a(step.p.attention),
        m(*reinterpret_cast<SplitMemory<kDim>*>(step.behind)),
        position(a.positions[0]),
        n_own(position / kSplit + 1),
        first_page(0),
        rope(0) {
    const int first = static_cast<int>(blockIdx.x);
    if (first < n_tasks()) first_page = a.pages[first / a.kv.n_kv_heads];
    const int i = static_cast<int>(threadIdx.x);
    const std::int64_t at = static_cast<std::int64_t>(position) * (kDim / 2) + i % (kDim / 2);
    if (i < kDim) rope = (i < kDim / 2 ? a.rope_cos : a.rope_sin)[at];
  }
  __device__ void at_layer(int layer) {
    a.layer = layer;
    a.q_norm = s.p.layer[layer].q_norm;
    a.k_norm = s.p.layer[layer].k_norm;
  }
  __device__ int n_tasks() const { return n_own * a.kv.n_kv_heads; }
  __device__ std::uint16_t* page(int task) const {
    const int id =
        task == static_cast<int>(blockIdx.x) ? first_page : a.pages[task / a.kv.n_kv_heads];
    return page_of<kDim>(a.kv, id, a.layer, task % a.kv.n_kv_heads);
  }
  /// By all threads, when the memory behind the ring is free.
  __device__ void ask(int task, std::uint64_t* barrier) {
    const int i = static_cast<int>(threadIdx.x);
    if (i < kDim) m.rope[i / (kDim / 2)][i % (kDim / 2)] = rope;
    if (threadIdx.x == 0) {
      fence_before_bulk_copy();
      const std::uint16_t* from = page(task);
      barrier_expect(barrier, 2 * kSplit * kDim * 2);
      bulk_copy(m.k, from, kSplit * kDim * 2, barrier);
      bulk_copy(m.v, from + kSplit * kDim, kSplit * kDim * 2, barrier);
    }
  }
  __device__ void run(int task, std::uint64_t* barrier) {
    const int split = task / a.kv.n_kv_heads;
    const int kv_head = task % a.kv.n_kv_heads;
    const int group = a.n_heads / a.kv.n_kv_heads;
    const int n = min(kSplit, position + 1 - split * kSplit);
    const bool takes_key = split == n_own - 1;
    std::uint16_t* own_page = page(task);
    barrier_wait(barrier, s.kv_parity);
    s.kv_parity ^= 1;
    load_heads<kDim>(a, 0, kv_head, position, takes_key, own_page, m);
    team_sync();
    if (a.q_norm != nullptr) {
      normalise_heads<kDim>(a, position, takes_key, own_page, m);
      team_sync();
    }
    scores<kDim>(group, numerics::attention_scale(kDim), m);
    team_sync();
    if (s.warp < group) softmax<kDim>(s.warp, n, s.lane, m);
    team_sync();
    const bool alone = n_own == 1;
    outputs<kDim>(group, n, m, [&](int in_group, int d, float o0, float o1) {
      const int head = kv_head * group + in_group;
      if (alone) {
        store_out<kDim>(a, 0, head, d, o0 / m.sum[in_group]);
        store_out<kDim>(a, 0, head, d + 1, o1 / m.sum[in_group]);
        return;
      }
      float* part = part_of<kDim>(a, 0, head, split, s.p.n_splits);
      *reinterpret_cast<float2*>(part + 2 + d) = make_float2(o0, o1);
      if (d == 0) {
        *reinterpret_cast<float2*>(part) = make_float2(m.max[in_group], m.sum[in_group]);
      }
    });
    if (n_own <= kMergedByAll) return;
    __threadfence();
    team_sync();
    if (threadIdx.x == 0) {
      m.is_last = atomicAdd(a.arrivals + kv_head, 1) == n_own - 1 ? 1 : 0;
      if (m.is_last != 0) a.arrivals[kv_head] = 0;
      __threadfence();
    }
    team_sync();
    if (m.is_last != 0) merge<kDim>(a, 0, kv_head, n_own, s.p.n_splits, m);
  }

  /// Elements k .. k + 3 of the merged outputs; factors of a head: keep [32], take [32], sum.
  static constexpr int kFactorsOfHead = 65;
  __device__ float4 merged(const float* factors, int k) const {
    const int head = k / kDim;
    const float* keep = factors + head * kFactorsOfHead;
    const float* take = keep + 32;
    const float* part = part_of<kDim>(a, 0, head, 0, s.p.n_splits) + 2 + k % kDim;
    float o[4] = {};
    for (int first = 0; first < n_own; first += 8) {
      float2 v[8][2];
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        if (first + i >= n_own) continue;
        const auto* from = reinterpret_cast<const float2*>(part + (first + i) * (kDim + 2));
        v[i][0] = __ldcg(from);
        v[i][1] = __ldcg(from + 1);
      }
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        if (first + i >= n_own) continue;
        const float t = take[first + i];
        const float own[4] = {v[i][0].x, v[i][0].y, v[i][1].x, v[i][1].y};
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          o[e] = first + i == 0 ? own[e] : __fmaf_rn(o[e], keep[first + i], own[e] * t);
        }
      }
    }
    const float sum = keep[64];
    return make_float4(o[0] / sum, o[1] / sum, o[2] / sum, o[3] / sum);
  }
  /// The input of the output projection.
  __device__ typename Setup::Input prepare_out() {
    if (n_own == 1 || n_own > kMergedByAll) return s.prepare(kOut, s.p.attention.out, false);
    auto* factors = reinterpret_cast<float*>(s.behind + s.p.norm_at[kOut]);
    for (int head = s.warp; head < a.n_heads; head += Setup::kWarps) {
      float* keep = factors + head * kFactorsOfHead;
      const MergeState state = merge_factors<kDim>(part_of<kDim>(a, 0, head, 0, s.p.n_splits), 0,
                                                   n_own, s.lane, MergeState{}, keep, keep + 32);
      if (s.lane == 0) keep[64] = state.sum;
    }
    team_sync();
    typename Setup::Input input(s.behind + s.p.input_at[kOut], s.p.k[kOut]);
    input.fill(s.p.k[kOut], [&](int k) { return merged(factors, k); });
    return input;
  }
};

template <class Setup, int kDim>
__global__ void __launch_bounds__(Setup::kWarps * 32 + 32, 1)
    step_kernel(const __grid_constant__ StepParams p) {
  ASSAY_DYNAMIC_SHARED(shared);
  constexpr int kRings = Setup::kWarps * Setup::kSlots;
  __shared__ std::uint64_t barriers[2 * kRings + 1];
  __shared__ CutOfBlock cut;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  std::uint64_t* kv_barrier = barriers + 2 * kRings;
  if (threadIdx.x < kParts) {
    const int blocks = static_cast<int>(gridDim.x);
    const int part = static_cast<int>(threadIdx.x);
    cut.groups[part] =
        max(0, (p.groups[part] - static_cast<int>(blockIdx.x) + blocks - 1) / blocks);
    cut.chunks[part] = chunks_of(p.k[part]);
  }
  for (int i = static_cast<int>(threadIdx.x); i < 2 * kRings + 1;
       i += static_cast<int>(blockDim.x)) {
    barrier_init(barriers + i, 1);
  }
  barrier_init_fence();
  __syncthreads();

  const int served = warp == Setup::kWarps ? lane : warp;
  const Ring ring{shared + served * Setup::kSlots * slot_bytes<Setup>(),
                  barriers + served * Setup::kSlots, barriers + kRings + served * Setup::kSlots};
  if (warp == Setup::kWarps) {
    if (lane < Setup::kWarps) Producer<Setup>{p, cut, ring, lane, Cursor{}}.run();
    return;
  }
  Step<Setup> s{p, cut, shared + p.ring_bytes, warp, lane, Consumer<Setup>{ring}};
  s.norm(kQkv).load_gain(p.layer[0].attn_norm);
  wait_for_previous_kernel();
  AttentionOfStep<Setup, kDim> attention(s);
  const int first = static_cast<int>(blockIdx.x);
  for (int layer = 0; layer < p.n_layers; ++layer) {
    s.qkv(layer);
    team_sync();
    attention.at_layer(layer);
    if (first < attention.n_tasks()) attention.ask(first, kv_barrier);
    grid_barrier(p.barrier, &s.target);
    for (int task = first; task < attention.n_tasks(); task += static_cast<int>(gridDim.x)) {
      if (task != first) {
        attention.ask(task, kv_barrier);
        team_sync();
      }
      attention.run(task, kv_barrier);
      team_sync();
    }
    grid_barrier(p.barrier, &s.target);
    s.add_to_residual(kOut, layer, [&] { return attention.prepare_out(); });
    team_sync();
    s.norm(kGateUp).load_gain(p.layer[layer].ffn_norm);
    grid_barrier(p.barrier, &s.target);
    s.gate_up(layer);
    grid_barrier(p.barrier, &s.target);
    s.add_to_residual(kDown, layer, [&] { return s.prepare(kDown, p.ffn, false); });
    team_sync();
    if (layer + 1 < p.n_layers) {
      s.norm(kQkv).load_gain(p.layer[layer + 1].attn_norm);
    } else {
      s.norm(kHead).load_gain(p.final_norm);
    }
    grid_barrier(p.barrier, &s.target);
  }
  s.head();
}

/// Fills in what follows from the setup; the bytes behind the ring.
template <class Setup>
int lay_out(StepParams* p, int blocks) {
  const int head_dim = p->attention.kv.head_dim;
  int most = static_cast<int>(head_dim == 64 ? sizeof(SplitMemory<64>) : sizeof(SplitMemory<128>));
  for (int part = 0; part < kParts; ++part) {
    const int rows = Setup::rows(part);
    p->groups[part] /= kRowsOfGroup * rows;
    const int here = (p->groups[part] + blocks - 1) / blocks;
    const int sums = part == kHead ? 0
                                   : here * chunks_of(p->k[part]) * kRowsOfGroup * rows *
                                         SumsOfPart<Setup>::kOfRow * 4;
    p->input_at[part] = (sums + 127) / 128 * 128;
    p->norm_at[part] = p->input_at[part] + (Setup::Input::bytes(p->k[part]) + 127) / 128 * 128;
    const bool with_norm = part == kQkv || part == kGateUp || part == kHead;
    int end = p->norm_at[part] + (with_norm ? NormInput::bytes(p->k[part]) : 0);
    if (part == kOut) end += p->attention.n_heads * AttentionOfStep<Setup, 64>::kFactorsOfHead * 4;
    most = most > end ? most : end;
  }
  p->ring_bytes = Setup::kWarps * Setup::kSlots * slot_bytes<Setup>();
  return most;
}

constexpr int kMostShared = 227 * 1024 - 1024;  // less the barriers

template <class Setup>
bool setup_fits(StepParams params, int blocks) {
  constexpr int kRounds = kLanesOfRow;  // see gate_up
  const int group_rows = kRowsOfGroup * Setup::rows(kGateUp);
  if (params.groups[kGateUp] > group_rows * blocks * Setup::kWarps * kRounds) return false;
  const int behind = lay_out<Setup>(&params, blocks);
  return params.ring_bytes + behind <= kMostShared;
}

template <class Setup>
void queue_setup(StepParams params, int blocks, cudaStream_t stream) {
  const int bytes = lay_out<Setup>(&params, blocks) + params.ring_bytes;
  auto* kernel =
      params.attention.kv.head_dim == 64 ? step_kernel<Setup, 64> : step_kernel<Setup, 128>;
  launch_kernel(kernel, dim3(static_cast<unsigned>(blocks)), Setup::kWarps * 32 + 32, bytes, stream,
                1, params);
}

}  // namespace assay::cuda::fast
