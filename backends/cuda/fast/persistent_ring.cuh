// The weights of a step as one stream of items for each warp: four (or twice four) rows of one
// chunk, layer after layer. A producer asks for an item as soon as a slot of the warp's ring is
// free, whatever the block is waiting for.
#pragma once

#include "backends/cuda/fast/gemv_types.cuh"
#include "backends/cuda/fast/persistent.h"

namespace assay::cuda::fast {

/// What a kernel is made for. Rows of bf16 are wide enough to be taken four at a time.
template <class TypeA, class TypeB, int kWarpCount, int kSlotCount>
struct StepSetup {
  using A = TypeA;
  using B = TypeB;
  static constexpr int kWarps = kWarpCount;
  static constexpr int kSlots = kSlotCount;  ///< of a warp
  static constexpr bool kQuantised = A::kBlock > 1;
  using Input = typename A::Input;

  __host__ __device__ static constexpr int rows(int part) {
    return kQuantised && (part == kGateUp || part == kHead) ? 2 : 1;
  }
};

constexpr int kRowsOfGroup = 4;

/// Where a type's planes lie in a slot.
template <class Type>
struct Slot {
  /// Of a row in an item. Copies begin at multiples of 16 bytes: small fields need room before.
  __host__ __device__ static constexpr int row_bytes(int plane) {
    const int bytes = kChunk / Type::kBlock * Type::plane_bytes(plane);
    return Type::plane_bytes(plane) % 16 == 0 || Type::kBlock == 1 ? bytes
                                                                   : (bytes + 15) / 16 * 16 + 16;
  }
  __host__ __device__ static constexpr int plane_at(int plane, int n_rows) {
    int at = 0;
    for (int p = 0; p < plane; ++p) at += n_rows * row_bytes(p);
    return at;
  }
  __host__ __device__ static constexpr int bytes(int n_rows) {
    return (plane_at(Type::kPlanes, n_rows) + 127) / 128 * 128;
  }
};

template <class Setup>
constexpr int slot_bytes() {
  constexpr int kRows = kRowsOfGroup * (Setup::kQuantised ? 2 : 1);
  constexpr int kA = Slot<typename Setup::A>::bytes(kRows);
  constexpr int kB = Slot<typename Setup::B>::bytes(kRows);
  return kA > kB ? kA : kB;
}

/// A place in the stream of a warp. All but the head: chunk after chunk, the block's groups dealt
/// out to the warps; the head: group after group, so that a warp adds a row's chunks itself.
struct Cursor {
  int layer = 0;
  int part = 0;
  int chunk = 0;
  int local = 0;  ///< group of the block
};

/// What each thread needs to know of the cut, in shared memory.
struct CutOfBlock {
  int groups[kParts];  ///< of this block
  int chunks[kParts];
};

template <class Setup>
__device__ __forceinline__ bool within(const Cursor& c, const CutOfBlock& cut) {
  return c.part == kHead ? c.local < cut.groups[kHead] : c.chunk < cut.chunks[c.part];
}

/// Moves groups beyond the last to the next chunk.
template <class Setup>
__device__ __forceinline__ void settle(Cursor* c, const CutOfBlock& cut) {
  const int groups = cut.groups[c->part];
  if (groups == 0) {
    c->chunk = cut.chunks[c->part];
    return;
  }
  while (c->local >= groups) {
    c->local -= groups;
    ++c->chunk;
  }
}

template <class Setup>
__device__ __forceinline__ void begin_part(Cursor* c, const CutOfBlock& cut, int warp) {
  c->chunk = 0;
  c->local = warp;
  if (c->part != kHead) settle<Setup>(c, cut);
}

template <class Setup>
__device__ __forceinline__ void advance(Cursor* c, const CutOfBlock& cut) {
  if (c->part == kHead) {
    if (++c->chunk < cut.chunks[kHead]) return;
    c->chunk = 0;
    c->local += Setup::kWarps;
    return;
  }
  c->local += Setup::kWarps;
  settle<Setup>(c, cut);
}

/// One row of an item: its matrix and its index in it.
struct RowOfItem {
  const MatrixAt* matrix;
  int row;
};

template <class Setup>
__device__ __forceinline__ RowOfItem row_of_item(const StepParams& p, const Cursor& c,
                                                 int slot_row) {
  const int group = static_cast<int>(blockIdx.x) + static_cast<int>(gridDim.x) * c.local;
  if (c.part == kHead) {
    return {&p.head, group * kRowsOfGroup * Setup::rows(kHead) + slot_row};
  }
  const LayerAt& layer = p.layer[c.layer];
  if (c.part == kGateUp) {
    constexpr int kHalf = kRowsOfGroup * Setup::rows(kGateUp) / 2;
    const bool gate = slot_row < kHalf;
    return {gate ? &layer.gate : &layer.up, group * kHalf + slot_row - (gate ? 0 : kHalf)};
  }
  int row = group * kRowsOfGroup + slot_row;
  if (c.part != kQkv) return {c.part == kOut ? &layer.out : &layer.down, row};
  int which = 0;
  while (which < 2 && row >= p.qkv_rows[which]) row -= p.qkv_rows[which++];
  return {&layer.qkv[which], row};
}

template <class Type>
__device__ __forceinline__ std::int64_t byte_of(int plane, std::int64_t element) {
  return element / Type::kBlock * Type::plane_bytes(plane);
}

/// Asks for an item; by one lane. Pass 0 counts the bytes, pass 1 copies.
template <class Type, int kRows, class Setup>
__device__ __forceinline__ void ask_item(const StepParams& p, const Cursor& c, std::uint8_t* slot,
                                         std::uint64_t* barrier) {
  constexpr int kGroup = kRowsOfGroup * kRows;
  const int k = p.k[c.part];
  const int start = c.chunk * kChunk;
  const int elements = min(kChunk, k - start);
  // Rows of one matrix lie one after the other; a group has one or, of gate and up, two runs.
  constexpr int kRuns = 2;
  const RowOfItem runs[kRuns] = {row_of_item<Setup>(p, c, 0),
                                 row_of_item<Setup>(p, c, kGroup / kRuns)};
  std::uint32_t all = 0;
#pragma unroll
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1) barrier_expect(barrier, all);
#pragma unroll
    for (int plane = 0; plane < Type::kPlanes; ++plane) {
      const std::int64_t stride = byte_of<Type>(plane, k);
      const auto bytes = static_cast<int>(byte_of<Type>(plane, elements));
#pragma unroll
      for (int r = 0; r < kGroup; ++r) {
        const RowOfItem& run = runs[r * kRuns / kGroup];
        const std::int64_t first =
            (run.row + r % (kGroup / kRuns)) * stride + byte_of<Type>(plane, start);
        const std::int64_t aligned = first & ~std::int64_t{15};
        const bool whole = Type::plane_bytes(plane) % 16 == 0 || Type::kBlock == 1;
        const auto size =
            whole
                ? static_cast<std::uint32_t>(bytes)
                : static_cast<std::uint32_t>(((first + bytes + 15) & ~std::int64_t{15}) - aligned);
        if (pass == 0) {
          all += size;
        } else {
          bulk_copy(slot + Slot<Type>::plane_at(plane, kGroup) + r * Slot<Type>::row_bytes(plane),
                    run.matrix->plane[plane] + aligned, size, barrier);
        }
      }
    }
  }
}

/// This lane's rows of an item that has arrived.
template <class Type, int kRows, class Setup>
__device__ __forceinline__ RowsAt<kRows, Type::kPlanes> rows_in_slot(const StepParams& p,
                                                                     const Cursor& c,
                                                                     const std::uint8_t* slot,
                                                                     int lane) {
  constexpr int kGroup = kRowsOfGroup * kRows;
  RowsAt<kRows, Type::kPlanes> out;
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    const int slot_row = r * kRowsOfGroup + lane / kLanesOfRow;
    int row = 0;
    if constexpr (Type::kBlock > 1) row = row_of_item<Setup>(p, c, slot_row).row;
#pragma unroll
    for (int plane = 0; plane < Type::kPlanes; ++plane) {
      out.plane[r][plane] =
          slot + Slot<Type>::plane_at(plane, kGroup) + slot_row * Slot<Type>::row_bytes(plane);
      if (Type::kBlock > 1 && Type::plane_bytes(plane) % 16 != 0) {
        const std::int64_t first =
            row * byte_of<Type>(plane, p.k[c.part]) + byte_of<Type>(plane, c.chunk * kChunk);
        out.plane[r][plane] += first & 15;
      }
    }
  }
  return out;
}

/// The type of an item's rows; all of a group are alike.
template <class Setup>
__device__ __forceinline__ int type_of_item(const StepParams& p, const Cursor& c) {
  if constexpr (std::is_same_v<typename Setup::A, typename Setup::B>) return 0;
  return row_of_item<Setup>(p, c, 0).matrix->type;
}

/// The ring of one warp: who computes waits for `full` and frees a slot by `empty`.
struct Ring {
  std::uint8_t* slots;
  std::uint64_t* full;
  std::uint64_t* empty;
};

/// Of the producer warp a lane serves a computing warp: it goes through that warp's stream and asks
/// for an item whenever a slot is free.
template <class Setup>
struct Producer {
  const StepParams& p;
  const CutOfBlock& cut;
  Ring ring;
  int warp;
  Cursor next;
  int slot = 0;
  unsigned laps = 0;

  /// Moves to the next item there is; false at the stream's end.
  __device__ bool find() {
    while (!within<Setup>(next, cut)) {
      if (next.part == kHead) return false;
      if (next.part == kDown) {
        next.part = ++next.layer == p.n_layers ? kHead : kQkv;
      } else {
        ++next.part;
      }
      begin_part<Setup>(&next, cut, warp);
    }
    return true;
  }
  template <class Type>
  __device__ __forceinline__ void ask_as(std::uint8_t* to, std::uint64_t* barrier) {
    if constexpr (Setup::kQuantised) {
      if (Setup::rows(next.part) == 2) return ask_item<Type, 2, Setup>(p, next, to, barrier);
    }
    ask_item<Type, 1, Setup>(p, next, to, barrier);
  }
  __device__ void ask() {
    std::uint8_t* to = ring.slots + slot * slot_bytes<Setup>();
    if (type_of_item<Setup>(p, next) == 0) {
      ask_as<typename Setup::A>(to, ring.full + slot);
    } else {
      ask_as<typename Setup::B>(to, ring.full + slot);
    }
    if (++slot == Setup::kSlots) slot = 0, ++laps;
    advance<Setup>(&next, cut);
  }
  __device__ void run() {
    begin_part<Setup>(&next, cut, warp);
    while (find()) {
      if (laps == 0 || barrier_test(ring.empty + slot, (laps - 1) & 1)) ask();
    }
  }
};

/// The computing warp's side.
template <class Setup>
struct Consumer {
  Ring ring;
  int slot = 0;
  unsigned parity = 0;

  __device__ const std::uint8_t* wait() {
    barrier_wait(ring.full + slot, parity);
    return ring.slots + slot * slot_bytes<Setup>();
  }
  __device__ void release(int lane) {
    __syncwarp();
    if (lane == 0) barrier_arrive(ring.empty + slot);
    if (++slot == Setup::kSlots) slot = 0, parity ^= 1;
  }
};

}  // namespace assay::cuda::fast
