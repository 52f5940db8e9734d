// Independent pieces of work on a few threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace assay {

/// Calls `work(i)` once for each i below `n`, on `threads` threads, the calling one among them, in
/// no set order. Whatever of `work` is not safe to share, it guards itself. Ends early when
/// `stop()` says so or a call throws; the first exception is thrown again.
inline void parallel_for(std::size_t n, int threads, const std::function<bool()>& stop,
                         const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto some = [&] {
    for (std::size_t i = next++; i < n && !failed; i = next++) {
      try {
        if (stop()) return;
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failed) failure = std::current_exception();
        failed = true;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int i = 1; i < threads; ++i) workers.emplace_back(some);
    some();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace assay
