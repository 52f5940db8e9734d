// A warp takes items: one chunk of 512 elements of four (or twice four) rows, eight lanes a row.
// Their bytes stream through a ring of the warp's own in shared memory, asked for before the kernel
// may look at its input: what a kernel waits for at its start costs no bandwidth as long as the
// ring fills.
//
// Tall matrices (gate and up, the head): a warp goes through all chunks of its rows and adds them
// in ascending order itself. Wide ones (few rows for each multiprocessor): the items of a block are
// spread over its warps, and their sums meet in shared memory.
#pragma once

#include "backends/cuda/fast/gemv.h"
#include "backends/cuda/fast/gemv_types.cuh"
#include "backends/cuda/fast/head_parts.cuh"
#include "backends/cuda/fast/launch.cuh"

namespace assay::cuda::fast {

constexpr int kMaxWarps = kGemvMaxWarps;
constexpr int kRingBytes = 96 * 1024;
constexpr int kRowsOfGroup = 4;

/// How the work is cut; made by the host.
struct Cut {
  int warps;
  int slots;     ///< of a warp's ring, a power of two
  int n_groups;  ///< of kRowsOfGroup * kRows rows
};

constexpr bool is_wide(GemvKind kind) {
  return kind == GemvKind::store || kind == GemvKind::residual;
}

/// The type as a kernel of kRows times four rows takes it.
template <class T, GemvKind kKindOf>
struct Work {
  using Type = T;
  static constexpr GemvKind kKind = kKindOf;
  static constexpr bool kWide = is_wide(kKind);
  /// Two rows share a vector's loads and, of quantised types, a chain's shuffles.
  static constexpr int kRows = kWide ? 1 : 2;
  static constexpr int kGroup = kRowsOfGroup * kRows;

  /// Bytes of a row in an item; small fields are copied in words, wherever they begin.
  __host__ __device__ static constexpr int row_bytes(int plane) {
    const int bytes = kChunk / Type::kBlock * Type::plane_bytes(plane);
    return in_words(plane) ? bytes + 4 : bytes;
  }
  __host__ __device__ static constexpr bool in_words(int plane) {
    return Type::kBlock > 1 && Type::plane_bytes(plane) % 16 != 0;
  }
  __host__ __device__ static constexpr int region_at(int plane) {
    int at = 0;
    for (int p = 0; p < plane; ++p) at += (kGroup * row_bytes(p) + 15) / 16 * 16;
    return at;
  }
  static constexpr int kSlotBytes = (region_at(Type::kPlanes) + 127) / 128 * 128;
};

/// Where slot row 0 and slot row 4 of a group lie.
struct GroupRows {
  const WeightPlanes* w[2];
  std::int64_t row[2];
};

template <class W>
__device__ __forceinline__ GroupRows rows_of_group(const GemvArgs& args, int group) {
  if constexpr (W::kKind == GemvKind::swiglu) {
    const std::int64_t row = static_cast<std::int64_t>(group) * kRowsOfGroup;
    return {{&args.part[0].w, &args.part[1].w}, {row, row}};
  } else {
    std::int64_t row = static_cast<std::int64_t>(group) * W::kGroup;
    int part = 0;
    if constexpr (W::kKind == GemvKind::store) {
      while (part + 1 < args.n_parts && row >= args.part[part].w.rows) {
        row -= args.part[part++].w.rows;
      }
    }
    const WeightPlanes* w = &args.part[part].w;
    return {{w, w}, {row, row + kRowsOfGroup}};
  }
}

template <class Type>
__device__ __forceinline__ std::int64_t plane_at(int plane, int element) {
  return static_cast<std::int64_t>(element / Type::kBlock) * Type::plane_bytes(plane);
}

/// One plane of an item, by a warp.
template <class W, int kPlane>
__device__ __forceinline__ void copy_plane(const GroupRows& rows, int k, int start, int elements,
                                           std::uint8_t* slot, int lane) {
  using Type = typename W::Type;
  constexpr bool kWords = W::in_words(kPlane);
  constexpr int kPiece = kWords ? 4 : 16;
  constexpr int kBytes = W::row_bytes(kPlane);
  // Pieces of a row: a power of two, so that lanes find theirs without a division.
  constexpr int kPieces = kWords ? (kBytes <= 8 ? 2 : 16) : kBytes / 16;
  static_assert((kPieces & (kPieces - 1)) == 0 && kPieces * kPiece >= kBytes);
  const std::int64_t stride = plane_at<Type>(kPlane, k);
  const std::int64_t within = plane_at<Type>(kPlane, start);
  const auto bytes = static_cast<int>(plane_at<Type>(kPlane, elements));
#pragma unroll
  for (int i = 0; i < (W::kGroup * kPieces + 31) / 32; ++i) {
    const int piece = i * 32 + lane;
    const int slot_row = piece / kPieces;
    if (W::kGroup * kPieces % 32 != 0 && slot_row >= W::kGroup) continue;
    const int r = slot_row / kRowsOfGroup;
    std::int64_t at = (rows.row[r] + slot_row % kRowsOfGroup) * stride + within;
    int end = bytes;
    if constexpr (kWords) {
      end += static_cast<int>(at & 3);
      at &= ~std::int64_t{3};
    }
    const int offset = piece % kPieces * kPiece;
    if (offset >= end) continue;
    const std::uint8_t* from = rows.w[r]->plane[kPlane] + at + offset;
    std::uint8_t* to = slot + W::region_at(kPlane) + slot_row * kBytes + offset;
    if constexpr (kWords) {
      copy4(to, from);
    } else {
      copy16(to, from);
    }
  }
}

/// The items of a warp, in order.
template <class W>
struct Items {
  int k;
  int n_groups;
  int group;  ///< of the matrix
  int chunk;
  int groups_here;  ///< wide: of this block

  __device__ Items(const GemvArgs& args, const Cut& cut, int warp)
      : k(args.k), n_groups(cut.n_groups), chunk(0) {
    const int block = static_cast<int>(blockIdx.x);
    const int blocks = static_cast<int>(gridDim.x);
    if constexpr (W::kWide) {
      groups_here = (cut.n_groups - block + blocks - 1) / blocks;
      place(warp);
    } else {
      groups_here = 0;
      group = block + blocks * warp;
    }
  }
  __device__ bool done() const {
    return W::kWide ? chunk >= chunks_of(k) || groups_here <= 0 : group >= n_groups;
  }
  __device__ void next(const Cut& cut) {
    if constexpr (W::kWide) {
      place(chunk * groups_here + local + cut.warps);
    } else if (++chunk == chunks_of(k)) {
      chunk = 0;
      group += static_cast<int>(gridDim.x) * cut.warps;
    }
  }
  __device__ int start() const { return chunk * kChunk; }
  __device__ int elements() const { return min(kChunk, k - chunk * kChunk); }

  int local = 0;  ///< wide: the group's place in the block

 private:
  __device__ void place(int item) {
    if (groups_here <= 0) return;
    chunk = item / groups_here;
    local = item % groups_here;
    group = static_cast<int>(blockIdx.x) + static_cast<int>(gridDim.x) * local;
  }
};

template <class W>
__device__ __forceinline__ void ask_item(const GemvArgs& args, const Items<W>& item,
                                         std::uint8_t* slot, int lane) {
  using Type = typename W::Type;
  const GroupRows rows = rows_of_group<W>(args, item.group);
  copy_plane<W, 0>(rows, args.k, item.start(), item.elements(), slot, lane);
  if constexpr (Type::kPlanes > 1) {
    copy_plane<W, 1>(rows, args.k, item.start(), item.elements(), slot, lane);
  }
  if constexpr (Type::kPlanes > 2) {
    copy_plane<W, 2>(rows, args.k, item.start(), item.elements(), slot, lane);
    copy_plane<W, 3>(rows, args.k, item.start(), item.elements(), slot, lane);
  }
}

/// This lane's rows of an item that has arrived.
template <class W>
__device__ __forceinline__ RowsAt<W::kRows, W::Type::kPlanes> rows_in_slot(const GemvArgs& args,
                                                                           const Items<W>& item,
                                                                           const std::uint8_t* slot,
                                                                           int lane) {
  using Type = typename W::Type;
  RowsAt<W::kRows, Type::kPlanes> out;
  GroupRows rows{};
  if constexpr (Type::kBlock > 1) rows = rows_of_group<W>(args, item.group);
#pragma unroll
  for (int r = 0; r < W::kRows; ++r) {
    const int slot_row = r * kRowsOfGroup + lane / kLanesOfRow;
#pragma unroll
    for (int p = 0; p < Type::kPlanes; ++p) {
      out.plane[r][p] = slot + W::region_at(p) + slot_row * W::row_bytes(p);
      if (W::in_words(p)) {
        const std::int64_t at = (rows.row[r] + lane / kLanesOfRow) * plane_at<Type>(p, args.k) +
                                plane_at<Type>(p, item.start());
        out.plane[r][p] += at & 3;
      }
    }
  }
  return out;
}

template <class W>
__device__ __forceinline__ typename W::Type::template Sums<W::kRows> multiply_item(
    const GemvArgs& args, const typename W::Type::Input& input, const Items<W>& item,
    const std::uint8_t* slot, int lane) {
  const auto rows = rows_in_slot<W>(args, item, slot, lane);
  if (item.elements() == kChunk) {  // a constant, so that the loop is unrolled
    return W::Type::template multiply<W::kRows>(rows, input, item.start(), kChunk, lane);
  }
  return W::Type::template multiply<W::kRows>(rows, input, item.start(), item.elements(), lane);
}

/// The vector in shared memory, as the type's rows meet it.
template <class W>
__device__ __forceinline__ void prepare_input(const GemvArgs& args, NormInput& norm,
                                              typename W::Type::Input& input) {
  if (args.gain != nullptr) {
    norm.load(args.x);
    const float scale = norm.scale(args.eps);
    input.fill(args.k, [&](int k) { return norm.normalised(k, scale); });
  } else {
    input.fill(args.k, [&](int k) { return __ldcg(reinterpret_cast<const float4*>(args.x + k)); });
  }
}

/// Tall: rows that are complete.
template <class W>
__device__ __forceinline__ void finish_rows(const GemvArgs& args, int group,
                                            const typename W::Type::template Sums<W::kRows>& total,
                                            int lane, HeadParts* head) {
  float y[2];
  W::Type::template finish<W::kRows>(total, lane, y);
  const int in_group = lane / kLanesOfRow;
  if constexpr (W::kKind == GemvKind::swiglu) {
    if (lane % kLanesOfRow == 0) {
      args.y[group * kRowsOfGroup + in_group] = numerics::swiglu(y[0], y[1]);
    }
  } else {
    const int row = group * W::kGroup + in_group;
    if (lane % kLanesOfRow < 2) {
      args.y[row + lane % kLanesOfRow * kRowsOfGroup] = lane % kLanesOfRow == 0 ? y[0] : y[1];
    }
    head->add(y[0], y[1], row, row + kRowsOfGroup, lane % kLanesOfRow);
  }
}

/// Wide: where the sums of each (group of the block, chunk, row) meet.
template <class W>
struct Meeting {
  using Type = typename W::Type;
  static constexpr int kOfRow = Type::kSumsOfLane == 2 ? numerics::kLanes : 1;
  float* sums;
  int n_chunks;

  static int bytes(int groups_here, int k) {
    return groups_here * chunks_of(k) * kRowsOfGroup * kOfRow * 4;
  }
  __device__ float* at(int local, int chunk, int row) const {
    return sums + ((local * n_chunks + chunk) * kRowsOfGroup + row) * kOfRow;
  }
  __device__ void put(int local, int chunk, const typename Type::template Sums<1>& s, int lane) {
    float* to = at(local, chunk, lane / kLanesOfRow);
    if constexpr (kOfRow == 1) {
      if (lane % kLanesOfRow == 0) *to = s.v;
    } else {
      *reinterpret_cast<float2*>(to + lane % kLanesOfRow * 2) = make_float2(s.v[0][0], s.v[0][1]);
    }
  }
  /// A row's sum over all chunks: eight lanes, which all get it.
  __device__ float total(int local, int row, int lane) const {
    typename Type::template Sums<1> total;
    for (int c = 0; c < n_chunks; ++c) {
      const float* from = at(local, c, row);
      if constexpr (kOfRow == 1) {
        total.v += *from;
      } else {
        const float2 v = *reinterpret_cast<const float2*>(from + lane % kLanesOfRow * 2);
        total.v[0][0] += v.x;
        total.v[0][1] += v.y;
      }
    }
    float y[2];
    Type::template finish<1>(total, lane, y);
    return y[0];
  }
};

/// What row `row` of a wide kernel's output starts from: its bias or its old value.
template <class W>
__device__ __forceinline__ float addend(const GemvArgs& args, int row) {
  if constexpr (W::kKind == GemvKind::residual) {
    return __ldcg(args.y + row);
  } else {
    int part = 0;
    while (part + 1 < args.n_parts && row >= args.part[part].w.rows) {
      row -= static_cast<int>(args.part[part++].w.rows);
    }
    return args.part[part].bias == nullptr ? 0.0F : __ldg(args.part[part].bias + row);
  }
}

template <class W>
__global__ void __launch_bounds__(kMaxWarps * 32, 2)
    gemv_kernel(const __grid_constant__ GemvArgs args, const __grid_constant__ Cut cut) {
  using Type = typename W::Type;
  ASSAY_DYNAMIC_SHARED(shared);
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  std::uint8_t* ring = shared + warp * cut.slots * W::kSlotBytes;
  std::uint8_t* behind = shared + cut.warps * cut.slots * W::kSlotBytes;
  typename Type::Input input(behind, args.k);
  behind += (Type::Input::bytes(args.k) + 15) / 16 * 16;
  NormInput norm(behind, args.k);
  if (args.gain != nullptr) behind += NormInput::bytes(args.k);
  [[maybe_unused]] Meeting<W> meeting{reinterpret_cast<float*>(behind), chunks_of(args.k)};

  Items<W> asked(args, cut, warp);
  for (int i = 0; i < cut.slots; ++i) {
    if (!asked.done()) {
      ask_item<W>(args, asked, ring + i * W::kSlotBytes, lane);
      asked.next(cut);
    }
    copy_commit();
  }
  if (args.gain != nullptr) norm.load_gain(args.gain);
  let_next_kernel_start();
  wait_for_previous_kernel();
  // Wide: a warp finishes a group of the block.
  [[maybe_unused]] const int own_row =
      (static_cast<int>(blockIdx.x + gridDim.x * warp)) * kRowsOfGroup + lane / kLanesOfRow;
  [[maybe_unused]] float before = 0;
  if constexpr (W::kWide) {
    if (own_row / kRowsOfGroup < cut.n_groups) before = addend<W>(args, own_row);
  }
  prepare_input<W>(args, norm, input);

  typename Type::template Sums<W::kRows> total{};
  HeadParts head;
  int slot = 0;
  for (Items<W> item(args, cut, warp); !item.done(); item.next(cut)) {
    if (cut.slots == 1) {
      copy_wait<0>();
    } else if (cut.slots == 2) {
      copy_wait<1>();
    } else {
      copy_wait<3>();
    }
    __syncwarp();
    std::uint8_t* at = ring + slot * W::kSlotBytes;
    const auto chunk = multiply_item<W>(args, input, item, at, lane);
    __syncwarp();
    if (!asked.done()) {
      ask_item<W>(args, asked, at, lane);
      asked.next(cut);
    }
    copy_commit();
    slot = (slot + 1) & (cut.slots - 1);
    if constexpr (W::kWide) {
      meeting.put(item.local, item.chunk, chunk, lane);
    } else {
      Type::template add<W::kRows>(chunk, &total);
      if (item.chunk + 1 == chunks_of(args.k)) {
        finish_rows<W>(args, item.group, total, lane, &head);
        total = {};
      }
    }
  }
  if constexpr (W::kWide) {
    __syncthreads();
    if (own_row / kRowsOfGroup < cut.n_groups) {
      const float y = meeting.total(warp, lane / kLanesOfRow, lane);
      if (lane % kLanesOfRow == 0) args.y[own_row] = before + y;
    }
  } else if constexpr (W::kKind == GemvKind::head) {
    head.finish(args.result, lane);
  }
}

template <class W>
void launch_work(const GemvArgs& args, int blocks, cudaStream_t stream) {
  using Type = typename W::Type;
  std::int64_t rows = 0;
  for (int i = 0; i < args.n_parts; ++i) rows += args.part[i].w.rows;
  Cut cut{};
  cut.n_groups = static_cast<int>(rows / W::kGroup);
  const int groups_here = (cut.n_groups + blocks - 1) / blocks;
  const int items = groups_here * chunks_of(args.k);
  const int rounds = (items + kMaxWarps - 1) / kMaxWarps;
  cut.warps = W::kWide ? (items + rounds - 1) / rounds : kMaxWarps;
  if (W::kWide && cut.warps < groups_here) cut.warps = groups_here;
  cut.slots = 1;
  while (cut.slots < 4 && cut.slots * 2 * cut.warps * W::kSlotBytes <= kRingBytes &&
         cut.slots * cut.warps < items) {
    cut.slots *= 2;
  }
  const int bytes = cut.warps * cut.slots * W::kSlotBytes +
                    (Type::Input::bytes(args.k) + 15) / 16 * 16 +
                    (args.gain != nullptr ? NormInput::bytes(args.k) : 0) +
                    (W::kWide ? Meeting<W>::bytes(groups_here, args.k) : 0);
  launch_kernel(gemv_kernel<W>, dim3(static_cast<unsigned>(blocks)), cut.warps * 32, bytes, stream,
                1, args, cut);
}

template <class Type>
void launch_gemv(GemvKind kind, const GemvArgs& args, int blocks, cudaStream_t stream) {
  switch (kind) {
    case GemvKind::store:
      return launch_work<Work<Type, GemvKind::store>>(args, blocks, stream);
    case GemvKind::residual:
      return launch_work<Work<Type, GemvKind::residual>>(args, blocks, stream);
    case GemvKind::swiglu:
      return launch_work<Work<Type, GemvKind::swiglu>>(args, blocks, stream);
    case GemvKind::head:
      return launch_work<Work<Type, GemvKind::head>>(args, blocks, stream);
  }
}

}  // namespace assay::cuda::fast
