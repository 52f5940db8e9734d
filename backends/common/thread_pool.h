// The host backends' own threads. Kernels are split statically by rows, so that a worker always
// reads the same weights; nothing a kernel computes depends on the split.
//
// Why not OpenMP: its active waiting on a busy machine costs a scheduler tick per call, and its
// barriers are invisible to ThreadSanitizer.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "core/numerics/fp_env.h"

namespace assay {

/// One CPU of each physical core that this process may run on.
std::vector<int> usable_cores();
/// Their number (hyper-threads of one core count once).
int usable_physical_cores();

/// A fixed set of threads; the thread that calls `run` is worker 0. Between calls workers spin
/// briefly, then park. Every worker runs in numerics::ScopedFpEnv. One caller at a time.
class ThreadPool {
 public:
  /// n_threads >= 1; Error{environment} when the system refuses one. pin: binds each worker (not
  /// the caller) to one of the usable CPUs.
  explicit ThreadPool(int n_threads, bool pin = false);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  /// Calls body(worker) once for every worker in [0, size()) and waits for all. The first
  /// exception of a body is rethrown here.
  template <class Body>
  void run(Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run_task({[](void* context, int worker) { (*static_cast<Plain*>(context))(worker); },
              const_cast<void*>(static_cast<const void*>(&body))});
  }

  /// Splits [0, n) into at most size() contiguous ranges whose bounds are multiples of `grain`
  /// (but for n itself) and calls body(begin, end, worker) for each. One range runs on the caller.
  template <class Body>
  void for_ranges(std::int64_t n, std::int64_t grain, Body&& body) {
    const std::int64_t n_grains = (n + grain - 1) / grain;
    const std::int64_t parts = std::min<std::int64_t>(size(), n_grains);
    if (parts <= 1) {
      // Waking nobody: only the caller's floating-point environment is to be set.
      if (n > 0) run_alone([&] { body(std::int64_t{0}, n, 0); });
      return;
    }
    run([&](int worker) {
      if (worker >= parts) return;
      const std::int64_t begin = n_grains * worker / parts * grain;
      const std::int64_t end = std::min(n, n_grains * (worker + 1) / parts * grain);
      if (begin < end) body(begin, end, worker);
    });
  }

 private:
  struct Task {
    void (*call)(void* context, int worker) = nullptr;
    void* context = nullptr;
  };
  template <class Call>
  static void run_alone(Call&& call) {
    const numerics::ScopedFpEnv environment;
    call();
  }
  void run_task(Task task);
  void stop();
  void work(int worker);
  void call_guarded(int worker);

  std::vector<std::thread> threads_;
  Task task_;                             ///< written before epoch_ moves on
  std::atomic<std::uint32_t> epoch_{0};   ///< counts calls of `run`; workers wait for it to change
  std::atomic<std::int32_t> pending_{0};  ///< workers that have not finished this epoch
  std::atomic<bool> stopping_{false};
  std::mutex failure_mutex_;
  std::exception_ptr failure_;
};

}  // namespace assay
