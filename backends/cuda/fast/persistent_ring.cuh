// The weights of a step as one stream of items for each block: four (or twice four) rows, whole
// where they are short, so that an item is one or two runs of bytes; layer after layer. A warp that
// has taken an item asks for the one that goes into its slot: whatever the block waits for
// meanwhile, its ring fills.
#pragma once

#include <type_traits>

#include "backends/cuda/fast/gemv_types.cuh"
#include "backends/cuda/fast/persistent.h"

namespace assay::cuda::fast {

/// What a kernel is made for. Rows of bf16 are wide enough to be taken four at a time.
template <class TypeA, class TypeB, int kWarpCount, int kRowsOfHead, int kRowsOfGateUp>
struct StepSetup {
  using A = TypeA;
  using B = TypeB;
  static constexpr int kWarps = kWarpCount;
  static constexpr bool kQuantised = A::kBlock > 1;
  using Input = typename A::Input;

  __host__ __device__ static constexpr int rows(int part) {
    return part == kHead ? kRowsOfHead : part == kGateUp ? kRowsOfGateUp : 1;
  }
};

constexpr int kRowsOfGroup = 4;

/// What a warp takes at once: some chunks of a group's rows. The list of a layer lies in shared
/// memory, and is the same for each layer; the head's items are counted.
struct Item {
  std::uint32_t first;     ///< element of the matrix at which its first row begins
  std::uint16_t start;     ///< element of the row, and of the input
  std::uint16_t elements;  ///< of each row
  std::uint16_t k;         ///< elements of a whole row
  std::uint16_t matrix;    ///< of the layer
  std::uint32_t sums;      ///< index of its first row's sums

  __device__ bool is_whole() const { return elements == k; }
};

/// The block's share of the work.
struct CutOfBlock {
  int groups[kParts];    ///< of rows
  int chunks[kParts];    ///< of a row
  int at_once[kParts];   ///< chunks of an item
  int of_group[kParts];  ///< items
  int items[kParts];
  int items_of_layer;
};

__host__ __device__ inline int chunks_at_once(int k) {
  return chunks_of(k) <= kChunksOfWhole ? chunks_of(k) : kChunksOfPart;
}

/// By one thread.
__device__ inline void cut_block(const StepParams& p, CutOfBlock* cut) {
  const int blocks = static_cast<int>(gridDim.x);
  cut->items_of_layer = 0;
  for (int part = 0; part < kParts; ++part) {
    const int at_once = chunks_at_once(p.k[part]);
    const int groups =
        max(0, (p.groups[part] - static_cast<int>(blockIdx.x) + blocks - 1) / blocks);
    cut->groups[part] = groups;
    cut->chunks[part] = chunks_of(p.k[part]);
    cut->at_once[part] = at_once;
    cut->of_group[part] = (chunks_of(p.k[part]) + at_once - 1) / at_once;
    cut->items[part] = groups * cut->of_group[part];
    if (part != kHead) cut->items_of_layer += cut->items[part];
  }
}

/// Item `at` of a group of the block's.
template <class Setup>
__device__ Item item_of(const StepParams& p, const CutOfBlock& cut, int part, int local, int at) {
  const int rows = kRowsOfGroup * Setup::rows(part);
  const int group = static_cast<int>(blockIdx.x) + static_cast<int>(gridDim.x) * local;
  int row = group * (part == kGateUp ? rows / 2 : rows);
  Item item;
  item.matrix = part == kOut ? kAttnOut : part == kGateUp ? kGate : part == kDown ? kFfnDown : kQ;
  if (part == kQkv) {
    while (item.matrix < kV && row >= p.qkv_rows[item.matrix]) row -= p.qkv_rows[item.matrix++];
  }
  const int k = p.k[part];
  const int chunk = at * cut.at_once[part];
  item.k = static_cast<std::uint16_t>(k);
  item.start = static_cast<std::uint16_t>(chunk * kChunk);
  item.elements = static_cast<std::uint16_t>(min(cut.at_once[part] * kChunk, k - chunk * kChunk));
  item.first = static_cast<std::uint32_t>(row) * static_cast<std::uint32_t>(k) + item.start;
  item.sums = static_cast<std::uint32_t>((local * cut.chunks[part] + chunk) * rows);
  return item;
}

/// The list of a layer, by all threads: of each part the groups' first items, then their second.
template <class Setup>
__device__ void make_items(const StepParams& p, const CutOfBlock& cut, Item* items) {
  for (int part = 0; part < kHead; ++part) {
    const int n = cut.items[part];
    for (int i = static_cast<int>(threadIdx.x); i < n; i += block_threads()) {
      items[i] = item_of<Setup>(p, cut, part, i % cut.groups[part], i / cut.groups[part]);
    }
    items += n;
  }
}

/// The runs of bytes of an item: of whole rows one (of gate and up one each), else one a row.
template <class Type>
struct Runs {
  int log2_rows;  ///< of a run
  int blocks;     ///< of a row

  /// Bytes of a run in a plane, and the room it has in a slot: copies begin at multiples of 16
  /// bytes, so small fields may begin later.
  __host__ __device__ int bytes(int plane) const {
    return (blocks * Type::plane_bytes(plane)) << log2_rows;
  }
  __host__ __device__ static constexpr bool is_small(int plane) {
    return Type::kBlock > 1 && Type::plane_bytes(plane) % 16 != 0;
  }
  __host__ __device__ int room(int plane) const {
    return (bytes(plane) + 15) / 16 * 16 + (is_small(plane) ? 16 : 0);
  }
  __host__ __device__ int plane_at(int plane, int n_runs) const {
    int all = plane > 0 ? room(0) : 0;
    if (Type::kPlanes > 2) all += plane > 1 ? room(1) : 0;
    if (Type::kPlanes > 3) all += plane > 2 ? room(2) : 0;
    return all * n_runs;
  }
  __host__ __device__ int bytes_of_item(int n_runs) const {
    return plane_at(Type::kPlanes - 1, n_runs) + n_runs * room(Type::kPlanes - 1);
  }
};
constexpr int kLog2RowsOfGroup = 2;
/// Of an item with `elements` of each of its rows (2^log2_rows of them), of one matrix or of two.
template <class Type>
__host__ __device__ __forceinline__ Runs<Type> runs_of(bool is_whole, int elements, int log2_rows,
                                                       bool two_matrices) {
  return {is_whole ? (two_matrices ? log2_rows - 1 : log2_rows) : 0, elements / Type::kBlock};
}

/// Asks for an item: each lane for one plane of one run. second: the matrix of the last half of the
/// rows, if it is another.
template <class Type>
__device__ __forceinline__ void ask_item(const Item& item, const MatrixAt& matrix,
                                         const MatrixAt& other, bool two_matrices, int log2_rows,
                                         std::uint8_t* slot, std::uint64_t* barrier, int lane) {
  const auto runs = runs_of<Type>(item.is_whole(), item.elements, log2_rows, two_matrices);
  const int n_runs = 1 << (log2_rows - runs.log2_rows);
  const int plane = lane >> (log2_rows - runs.log2_rows);
  const int run = lane & (n_runs - 1);
  const std::uint8_t* from = nullptr;
  std::uint32_t size = 0;
  std::uint8_t* to = slot;
  if (plane < Type::kPlanes) {
    to += runs.plane_at(plane, n_runs) + run * runs.room(plane);
    const bool is_other = two_matrices && run >= n_runs / 2;
    const int row = (is_other ? run - n_runs / 2 : run) << runs.log2_rows;
    const std::uint32_t element = item.first + static_cast<std::uint32_t>(row) * item.k;
    const std::uint64_t first = static_cast<std::uint64_t>(element / Type::kBlock) *
                                static_cast<std::uint32_t>(Type::plane_bytes(plane));
    const std::uint32_t skipped = Runs<Type>::is_small(plane) ? first & 15U : 0U;
    from = (is_other ? other.plane[plane] : matrix.plane[plane]) + (first - skipped);
    size = (skipped + static_cast<std::uint32_t>(runs.bytes(plane)) + 15U) & ~15U;
  }
  const std::uint32_t all = sum_of_warp(size);
  if (lane == 0) barrier_expect(barrier, all);
  __syncwarp();
  if (size != 0) bulk_copy(to, from, size, barrier);
}

/// This lane's rows of an item that has arrived.
template <class Type, int kRows>
__device__ __forceinline__ RowsAt<kRows, Type::kPlanes> rows_in_slot(const Item& item,
                                                                     bool two_matrices,
                                                                     const std::uint8_t* slot,
                                                                     int lane) {
  constexpr int kLog2Group = kLog2RowsOfGroup + kRows - 1;
  const auto runs = runs_of<Type>(item.is_whole(), item.elements, kLog2Group, two_matrices);
  const int n_runs = 1 << (kLog2Group - runs.log2_rows);
  RowsAt<kRows, Type::kPlanes> out;
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    const int slot_row = r * kRowsOfGroup + lane / kLanesOfRow;
    const int run = slot_row >> runs.log2_rows;
    const int in_run = slot_row & ((1 << runs.log2_rows) - 1);
#pragma unroll
    for (int plane = 0; plane < Type::kPlanes; ++plane) {
      const int bytes = Type::plane_bytes(plane);
      out.plane[r][plane] = slot + runs.plane_at(plane, n_runs) + run * runs.room(plane) +
                            in_run * runs.blocks * bytes;
      if (Runs<Type>::is_small(plane)) {
        const int of_matrix = two_matrices && run >= n_runs / 2 ? run - n_runs / 2 : run;
        const std::uint32_t element =
            item.first + static_cast<std::uint32_t>(of_matrix << runs.log2_rows) * item.k;
        out.plane[r][plane] += element / Type::kBlock * static_cast<std::uint32_t>(bytes) & 15U;
      }
    }
  }
  return out;
}

/// The block's stream of items through its ring, as one warp sees it.
template <class Setup>
class Stream {
 public:
  __device__ Stream(const StepParams& p, const CutOfBlock& cut, const LayerAt* layers,
                    const Item* items, std::uint8_t* slots, std::uint64_t* arrived, int warp,
                    int lane)
      : p_(p),
        cut_(cut),
        layers_(layers),
        items_(items),
        slots_(slots),
        arrived_(arrived),
        lane_(lane) {
    for (int i = warp; i < p.n_slots; i += Setup::kWarps) ask(0, i, i);
  }
  /// Item i of the part.
  __device__ __forceinline__ const std::uint8_t* wait(int i) {
    const Place at = place(i);
    barrier_wait(arrived_ + at.slot, at.parity);
    return slots_ + at.slot * p_.slot_bytes;
  }
  /// All lanes have taken what they need of it: its slot is for the next one.
  __device__ __forceinline__ void release(int layer, int i) {
    __syncwarp();
    ask(layer, index_ + i + p_.n_slots, place(i).slot);
  }
  /// All n items of the part are behind.
  __device__ void next_part(int n) {
    const Place at = place(n);
    slot_ = at.slot;
    parity_ = at.parity;
    index_ += n;
    if (index_ == cut_.items_of_layer) index_ = 0;
  }

 private:
  struct Place {
    int slot;
    unsigned parity;
  };
  __device__ __forceinline__ Place place(int i) const {
    Place at{slot_ + i, parity_};
    while (at.slot >= p_.n_slots) at.slot -= p_.n_slots, at.parity ^= 1;
    return at;
  }
  /// index: counted from the layer's first item on.
  __device__ __forceinline__ void ask(int layer, int index, int slot) {
    while (layer < p_.n_layers && index >= cut_.items_of_layer) {
      index -= cut_.items_of_layer;
      ++layer;
    }
    Item item;
    int log2_rows = kLog2RowsOfGroup;
    if (layer < p_.n_layers) {
      item = items_[index];
      if (item.matrix == kGate) log2_rows += Setup::rows(kGateUp) - 1;
    } else {
      if (index >= cut_.items[kHead]) return;
      const int of_group = cut_.of_group[kHead];
      const int local = of_group == 1 ? index : index / of_group;
      item = item_of<Setup>(p_, cut_, kHead, local, index - local * of_group);
      log2_rows += Setup::rows(kHead) - 1;
    }
    const bool two = item.matrix == kGate;
    const MatrixAt& matrix = layers_[layer].matrix[item.matrix];
    const MatrixAt& other = layers_[layer].matrix[kUp];
    std::uint8_t* to = slots_ + slot * p_.slot_bytes;
    if constexpr (!std::is_same_v<typename Setup::A, typename Setup::B>) {
      if (matrix.type != 0) {
        ask_item<typename Setup::B>(item, matrix, other, two, log2_rows, to, arrived_ + slot,
                                    lane_);
        return;
      }
    }
    ask_item<typename Setup::A>(item, matrix, other, two, log2_rows, to, arrived_ + slot, lane_);
  }

  const StepParams& p_;
  const CutOfBlock& cut_;
  const LayerAt* layers_;
  const Item* items_;
  std::uint8_t* slots_;
  std::uint64_t* arrived_;
  int lane_;
  int index_ = 0;  ///< of the part's first item in the layer (or the head)
  int slot_ = 0;   ///< of the part's first item
  unsigned parity_ = 0;
};

}  // namespace assay::cuda::fast
