#include "harness/bandwidth.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "core/clock.h"

namespace assay {
namespace {

/// Reads every cache line whole. Eight sums: enough loads in flight for any core.
std::uint64_t read_all(std::span<const std::byte> bytes) {
  constexpr std::size_t kLanes = 8;
  std::array<std::uint64_t, kLanes> sums{};
  std::array<std::uint64_t, kLanes> line{};
  const std::size_t n_lines = bytes.size() / sizeof line;
  for (std::size_t i = 0; i < n_lines; ++i) {
    std::memcpy(line.data(), bytes.data() + i * sizeof line, sizeof line);
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += line[lane];
  }
  std::uint64_t total = 0;
  for (const std::uint64_t sum : sums) total += sum;
  return total;
}

}  // namespace

double read_bandwidth_gb_per_s(std::span<const std::span<const std::byte>> pieces, int threads,
                               int passes) {
  double total_bytes = 0;
  for (const auto& piece : pieces) total_bytes += static_cast<double>(piece.size());
  const auto workers = static_cast<std::size_t>(std::max(1, threads));
  std::atomic<std::uint64_t> sink{0};  // keeps the reads from being optimised away
  std::vector<double> seconds;
  double start = 0;
  std::barrier begin(static_cast<std::ptrdiff_t>(workers),
                     [&]() noexcept { start = now_seconds(); });
  std::barrier end(static_cast<std::ptrdiff_t>(workers),
                   [&]() noexcept { seconds.push_back(now_seconds() - start); });
  seconds.reserve(static_cast<std::size_t>(passes) + 1);
  const auto work = [&](std::size_t worker) {
    for (int pass = 0; pass <= passes; ++pass) {
      begin.arrive_and_wait();
      for (const auto& piece : pieces) {
        const std::size_t share = (piece.size() + workers - 1) / workers;
        const std::size_t from = std::min(piece.size(), worker * share);
        sink += read_all(piece.subspan(from, std::min(share, piece.size() - from)));
      }
      end.arrive_and_wait();
    }
  };
  std::vector<std::jthread> pool;
  for (std::size_t i = 1; i < workers; ++i) pool.emplace_back(work, i);
  work(0);
  pool.clear();
  seconds.erase(seconds.begin());  // the warm-up
  std::nth_element(seconds.begin(), seconds.begin() + std::ssize(seconds) / 2, seconds.end());
  const double median = seconds[seconds.size() / 2];
  return median > 0 ? total_bytes / median / 1e9 : 0;
}

double read_bandwidth_in_child(std::span<const std::span<const std::byte>> pieces, int threads) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return 0;
  const pid_t child = ::fork();
  if (child == 0) {
    const double measured = read_bandwidth_gb_per_s(pieces, threads);
    const bool sent = ::write(ends[1], &measured, sizeof measured) == sizeof measured;
    ::_exit(sent ? 0 : 1);  // no destructors: what they would end belongs to the parent
  }
  ::close(ends[1]);
  double measured = 0;
  if (child > 0) {
    if (::read(ends[0], &measured, sizeof measured) != sizeof measured) measured = 0;
    ::waitpid(child, nullptr, 0);
  }
  ::close(ends[0]);
  return measured;
}

}  // namespace assay
