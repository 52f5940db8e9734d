// How a token is drawn on the device, with the host's bits (core/numerics/sampler.h):
//   scan     many blocks a row: hash, two largest, first NaN or infinity, of a slice each
//   join     one warp a row puts the slices together
//   collect  many blocks a row: the candidates, all that lie less than kReach below the best
//   choose   one block a row: top-k and top-p by radix selection, min-p, then Gumbel-max
// A candidate further below weighs 0 and no noise can lift it to the top, and those kept are a
// prefix of the order by logit: so neither a filter nor the draw can tell that the rest is missing.
#include <cub/block/block_reduce.cuh>

#include <limits>

#include "backends/cuda/kernels/draw.h"
#include "core/numerics/functions.h"
#include "core/numerics/hash.h"
#include "core/numerics/sampler.h"

namespace assay::cuda {
namespace {

namespace num = ::assay::numerics;
__extension__ using Uint128 = unsigned __int128;

constexpr int kSlices = 32;
constexpr int kScanThreads = 256;
constexpr int kChooseThreads = 512;
constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
/// In units of the temperature: 40 ln 2 = 27.73 for a weight of 0, 24 + 3.14 for the noise, and
/// room for the rounding of this comparison.
constexpr double kReach = 28.5;

struct Scan {
  std::uint64_t hash_a;
  std::uint64_t hash_b;
  std::int64_t non_finite;
  float first;
  float second;
  std::int32_t best;
};

__device__ Scan join(const Scan& a, const Scan& b) {
  Scan out;
  out.hash_a = a.hash_a + b.hash_a;
  out.hash_b = a.hash_b + b.hash_b;
  out.non_finite = min(a.non_finite, b.non_finite);
  const bool take_b = b.first > a.first || (b.first == a.first && b.best < a.best);
  out.first = take_b ? b.first : a.first;
  out.best = take_b ? b.best : a.best;
  const float loser = take_b ? a.first : b.first;
  out.second = a.second > b.second ? a.second : b.second;
  out.second = loser > out.second ? loser : out.second;
  return out;
}

__device__ Scan nothing() {
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  return {0, 0, kNone, kLowest, kLowest, std::numeric_limits<std::int32_t>::max()};
}

struct Joiner {
  __device__ Scan operator()(const Scan& a, const Scan& b) const { return join(a, b); }
};

__global__ void __launch_bounds__(kScanThreads)
    scan_logits(const float* logits, std::int64_t vocab, Scan* scans) {
  using Reduce = cub::BlockReduce<Scan, kScanThreads>;
  __shared__ typename Reduce::TempStorage storage;
  const float* row = logits + std::int64_t{blockIdx.y} * vocab;
  Scan scan = nothing();
  for (std::int64_t i = std::int64_t{blockIdx.x} * kScanThreads + threadIdx.x; i < vocab;
       i += kSlices * kScanThreads) {
    const float logit = row[i];
    const std::uint32_t bits = num::bits_of(logit);
    const auto index = static_cast<std::uint32_t>(i);
    scan.hash_a += num::mix64(bits, index, num::kLogitsHashSeedA);
    scan.hash_b += num::mix64(bits, index, num::kLogitsHashSeedB);
    if (!num::is_finite(logit) && i < scan.non_finite) scan.non_finite = i;
    if (logit > scan.first) {  // ascending, so that ties keep the lowest
      scan.second = scan.first;
      scan.first = logit;
      scan.best = static_cast<std::int32_t>(i);
    } else if (logit > scan.second) {
      scan.second = logit;
    }
  }
  const Scan all = Reduce(storage).Reduce(scan, Joiner());
  if (threadIdx.x == 0) scans[std::int64_t{blockIdx.y} * kSlices + blockIdx.x] = all;
}

__global__ void join_slices(Scan* scans, std::int64_t rows, std::int64_t vocab,
                            std::int32_t* counts, DrawResult* results) {
  const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (row >= rows) return;
  Scan all = scans[row * kSlices];
  for (int slice = 1; slice < kSlices; ++slice) all = join(all, scans[row * kSlices + slice]);
  scans[row * kSlices] = all;
  counts[row] = 0;
  DrawResult& result = results[row];
  result.hash_a = all.hash_a;
  result.hash_b = all.hash_b;
  result.non_finite = all.non_finite == kNone ? -1 : all.non_finite;
  result.token = all.best;
  result.margin = vocab < 2 ? std::numeric_limits<float>::infinity() : all.first - all.second;
}

__global__ void collect(const float* logits, std::int64_t vocab, const DrawParameters* parameters,
                        const Scan* scans, std::int32_t* counts, std::int32_t* candidates) {
  const std::int64_t row = blockIdx.y;
  const double temperature = parameters[row].temperature;
  if (temperature == 0) return;
  const double lowest = static_cast<double>(scans[row * kSlices].first) - kReach * temperature;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < vocab;
       i += std::int64_t{gridDim.x} * blockDim.x) {
    if (static_cast<double>(logits[row * vocab + i]) < lowest) continue;
    candidates[row * vocab + atomicAdd(&counts[row], 1)] = static_cast<std::int32_t>(i);
  }
}

/// What is known of the cut so far: a candidate survives when its key is larger, or equal with an
/// id that is not larger.
struct Cut {
  std::uint32_t key;
  std::int32_t id;
};

/// Ordered like the logit; -0 is 0.
__device__ inline std::uint32_t key_of(float logit) {
  const std::uint32_t bits = logit == 0 ? 0U : num::bits_of(logit);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

struct Larger {
  __device__ double operator()(double a, double b) const { return a > b ? a : b; }
};

/// The survivors of one row's candidates, and the draw among them; all threads of a block.
class Chooser {
 public:
  struct Memory {
    unsigned long long mass[256];
    unsigned long long total;
    std::uint32_t prefix;
    std::uint64_t left;  ///< units still to be taken: candidates
    Uint128 before;
    typename cub::BlockReduce<double, kChooseThreads>::TempStorage scores;
    double best_score;
    std::int32_t best_id;
  };

  __device__ Chooser(Memory& memory, const float* logits, const std::int32_t* candidates, int n,
                     const DrawParameters& parameters, float largest)
      : memory_(memory),
        logits_(logits),
        candidates_(candidates),
        n_(n),
        parameters_(parameters),
        z_max_(static_cast<double>(largest) / parameters.temperature) {}

  __device__ std::int32_t choose() {
    Cut cut{0, std::numeric_limits<std::int32_t>::max()};
    if (parameters_.top_k > 0 && parameters_.top_k < n_) cut = cut_by_count(parameters_.top_k);
    if (!parameters_.all_of_p) cut = cut_by_mass(cut);
    return draw(cut);
  }

 private:
  __device__ double z(float logit) const {
    return static_cast<double>(logit) / parameters_.temperature;
  }
  __device__ std::uint64_t weight(float logit) const {
    return num::token_weight(z(logit) - z_max_);
  }
  __device__ static bool survives(std::uint32_t key, std::int32_t id, const Cut& cut) {
    return key > cut.key || (key == cut.key && id <= cut.id);
  }
  /// Calls visitor(id, logit, key) for this thread's share of the candidates.
  template <class Visitor>
  __device__ void for_each(Visitor&& visitor) const {
    for (int i = static_cast<int>(threadIdx.x); i < n_; i += kChooseThreads) {
      const std::int32_t id = candidates_[i];
      const float logit = logits_[id];
      visitor(id, logit, key_of(logit));
    }
  }
  __device__ void clear() {
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < 256; i += kChooseThreads) memory_.mass[i] = 0;
    __syncthreads();
  }

  /// The id of rank `count` (from 1) in ascending order among those whose key is `key`.
  __device__ std::int32_t id_of_rank(std::uint32_t key, std::uint64_t count) {
    if (threadIdx.x == 0) memory_.prefix = 0, memory_.left = count;
    for (int shift = 24; shift >= 0; shift -= 8) {
      clear();
      const std::uint32_t prefix = memory_.prefix;
      const std::uint32_t known = shift == 24 ? 0U : ~0U << (shift + 8);
      for_each([&](std::int32_t id, float, std::uint32_t other) {
        const auto bits = static_cast<std::uint32_t>(id);
        if (other == key && ((bits ^ prefix) & known) == 0) {
          atomicAdd(&memory_.mass[bits >> shift & 255U], 1ULL);
        }
      });
      __syncthreads();
      if (threadIdx.x == 0) {
        std::uint32_t digit = 0;
        while (digit < 255U && memory_.mass[digit] < memory_.left) {
          memory_.left -= memory_.mass[digit++];
        }
        memory_.prefix = prefix | digit << shift;
      }
      __syncthreads();
    }
    return static_cast<std::int32_t>(memory_.prefix);
  }

  /// The first `count` by (logit descending, id ascending).
  __device__ Cut cut_by_count(std::int64_t count) {
    if (threadIdx.x == 0) memory_.prefix = 0, memory_.left = static_cast<std::uint64_t>(count);
    for (int shift = 24; shift >= 0; shift -= 8) {
      clear();
      const std::uint32_t prefix = memory_.prefix;
      const std::uint32_t known = shift == 24 ? 0U : ~0U << (shift + 8);
      for_each([&](std::int32_t, float, std::uint32_t key) {
        if (((key ^ prefix) & known) == 0) atomicAdd(&memory_.mass[key >> shift & 255U], 1ULL);
      });
      __syncthreads();
      if (threadIdx.x == 0) {
        std::uint32_t digit = 255;
        while (digit > 0 && memory_.mass[digit] < memory_.left) {
          memory_.left -= memory_.mass[digit--];
        }
        memory_.prefix = prefix | digit << shift;
      }
      __syncthreads();
    }
    const std::uint32_t key = memory_.prefix;
    const std::uint64_t left = memory_.left;
    __syncthreads();
    return {key, id_of_rank(key, left)};
  }

  /// Of the survivors of `cut`, those before which less than top_p of all their weight lies.
  __device__ Cut cut_by_mass(const Cut& cut) {
    __syncthreads();
    if (threadIdx.x == 0) memory_.total = 0, memory_.prefix = 0, memory_.before = 0;
    __syncthreads();
    for_each([&](std::int32_t id, float logit, std::uint32_t key) {
      if (survives(key, id, cut)) atomicAdd(&memory_.total, weight(logit));
    });
    __syncthreads();
    const Uint128 limit =
        static_cast<Uint128>(parameters_.top_p == 0 ? 1 : parameters_.top_p) * memory_.total;
    for (int shift = 24; shift >= 0; shift -= 8) {
      clear();
      const std::uint32_t prefix = memory_.prefix;
      const std::uint32_t known = shift == 24 ? 0U : ~0U << (shift + 8);
      for_each([&](std::int32_t id, float logit, std::uint32_t key) {
        if (survives(key, id, cut) && ((key ^ prefix) & known) == 0) {
          atomicAdd(&memory_.mass[key >> shift & 255U], weight(logit));
        }
      });
      __syncthreads();
      if (threadIdx.x == 0) {
        std::uint32_t digit = 255;
        while (digit > 0 && (memory_.before + memory_.mass[digit]) << 53 < limit) {
          memory_.before += memory_.mass[digit--];
        }
        memory_.prefix = prefix | digit << shift;
        memory_.total = memory_.mass[digit];
      }
      __syncthreads();
    }
    // All of this key weigh the same; total is their sum now. The first is kept, the next while
    // what lies before it is below the limit.
    const std::uint32_t key = memory_.prefix;
    if (threadIdx.x == 0) {
      memory_.left = 1;
      const std::uint64_t each = weight(float_of_key(key));
      const std::uint64_t count = each == 0 ? 1 : memory_.total / each;
      Uint128 before = memory_.before + each;
      while (memory_.left < count && before << 53 < limit) {
        before += each;
        ++memory_.left;
      }
    }
    __syncthreads();
    const std::uint64_t left = memory_.left;
    __syncthreads();
    // Ids beyond the count's cut are no survivors, and they rank behind those that are.
    const std::int32_t id = id_of_rank(key, left);
    return {key, key == cut.key ? min(id, cut.id) : id};
  }

  __device__ static float float_of_key(std::uint32_t key) {
    return num::float_of((key & 0x80000000U) != 0 ? key & 0x7fffffffU : ~key);
  }

  __device__ std::int32_t draw(const Cut& cut) {
    const Uint128 floor = static_cast<Uint128>(parameters_.min_p) << 40;
    double best = -std::numeric_limits<double>::infinity();
    std::int32_t best_id = std::numeric_limits<std::int32_t>::max();
    for_each([&](std::int32_t id, float logit, std::uint32_t key) {
      if (!survives(key, id, cut) || static_cast<Uint128>(weight(logit)) << 53 < floor) return;
      const double score = z(logit) + num::gumbel_noise(parameters_.seed, parameters_.index,
                                                        static_cast<std::uint32_t>(id));
      if (score > best || (score == best && id < best_id)) best = score, best_id = id;
    });
    __syncthreads();
    const double top =
        cub::BlockReduce<double, kChooseThreads>(memory_.scores).Reduce(best, Larger());
    if (threadIdx.x == 0) {
      memory_.best_score = top;
      memory_.best_id = std::numeric_limits<std::int32_t>::max();
    }
    __syncthreads();
    if (best == memory_.best_score) atomicMin(&memory_.best_id, best_id);
    __syncthreads();
    return memory_.best_id;
  }

  Memory& memory_;
  const float* logits_;
  const std::int32_t* candidates_;
  int n_;
  const DrawParameters& parameters_;
  double z_max_;
};

__global__ void __launch_bounds__(kChooseThreads)
    choose(const float* logits, std::int64_t vocab, const DrawParameters* parameters,
           const Scan* scans, const std::int32_t* counts, const std::int32_t* candidates,
           DrawResult* results) {
  __shared__ Chooser::Memory memory;
  const std::int64_t row = blockIdx.x;
  if (parameters[row].temperature == 0 || results[row].non_finite >= 0) return;
  Chooser chooser(memory, logits + row * vocab, candidates + row * vocab, counts[row],
                  parameters[row], scans[row * kSlices].first);
  const std::int32_t token = chooser.choose();
  if (threadIdx.x == 0) results[row].token = token;
}

std::int64_t aligned(std::int64_t bytes) {
  return (bytes + 255) / 256 * 256;
}

}  // namespace

std::int64_t draw_scratch_bytes(std::int64_t rows, std::int64_t vocab) {
  const std::int64_t at_once = rows < kDrawRows ? rows : kDrawRows;
  return aligned(at_once * kSlices * std::int64_t{sizeof(Scan)}) +
         aligned(at_once * std::int64_t{sizeof(std::int32_t)}) +
         at_once * vocab * std::int64_t{sizeof(std::int32_t)};
}

void draw(const DrawArgs& args, cudaStream_t stream) {
  for (std::int64_t first = 0; first < args.rows; first += kDrawRows) {
    const std::int64_t rows = args.rows - first < kDrawRows ? args.rows - first : kDrawRows;
    auto* scans = reinterpret_cast<Scan*>(args.scratch);
    std::uint8_t* next = args.scratch + aligned(rows * kSlices * std::int64_t{sizeof(Scan)});
    auto* counts = reinterpret_cast<std::int32_t*>(next);
    next += aligned(rows * std::int64_t{sizeof(std::int32_t)});
    auto* candidates = reinterpret_cast<std::int32_t*>(next);
    const float* logits = args.logits + first * args.vocab;
    const DrawParameters* parameters = args.parameters + first;
    DrawResult* results = args.results + first;
    const dim3 grid(kSlices, static_cast<unsigned>(rows));
    scan_logits<<<grid, kScanThreads, 0, stream>>>(logits, args.vocab, scans);
    join_slices<<<1, static_cast<unsigned>(kDrawRows), 0, stream>>>(scans, rows, args.vocab, counts,
                                                                    results);
    if (!args.any_sampled) continue;
    collect<<<grid, kScanThreads, 0, stream>>>(logits, args.vocab, parameters, scans, counts,
                                               candidates);
    choose<<<static_cast<unsigned>(rows), kChooseThreads, 0, stream>>>(
        logits, args.vocab, parameters, scans, counts, candidates, results);
  }
}

}  // namespace assay::cuda
