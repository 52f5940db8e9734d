#include "backends/common/thread_pool.h"

#include <sched.h>

#include <fstream>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/error.h"

namespace assay {
namespace {

// About 50 microseconds: longer than the gap between two kernels of a step, shorter than a
// scheduler's tick, so that a parked pool leaves the machine to others.
constexpr int kSpins = 2000;

void pause_cpu() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns once `value` differs from `old`; spins first, then parks.
template <class T>
T wait_for_change(const std::atomic<T>& value, T old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    const T now = value.load(std::memory_order_acquire);
    if (now != old) return now;
    pause_cpu();
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

std::vector<int> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

void pin_thread(std::thread& thread, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  // A refusal (a container's rule) costs only speed.
  (void)pthread_setaffinity_np(thread.native_handle(), sizeof set, &set);
}

}  // namespace

std::vector<int> usable_cores() {
  std::vector<int> cores;
  std::set<std::string> seen;
  for (const int cpu : usable_cpus()) {
    std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                       "/topology/thread_siblings_list");
    std::string siblings;
    if (!std::getline(file, siblings)) siblings = std::to_string(cpu);
    if (seen.insert(siblings).second) cores.push_back(cpu);
  }
  return cores;
}

int usable_physical_cores() {
  return static_cast<int>(usable_cores().size());
}

ThreadPool::ThreadPool(int n_threads, bool pin) {
  ASSAY_ASSERT(n_threads >= 1);
  const std::vector<int> cores = pin ? usable_cores() : std::vector<int>{};
  threads_.reserve(static_cast<std::size_t>(n_threads - 1));
  try {
    for (int worker = 1; worker < n_threads; ++worker) {
      threads_.emplace_back([this, worker] { work(worker); });
      if (!cores.empty()) {
        pin_thread(threads_.back(), cores[static_cast<std::size_t>(worker) % cores.size()]);
      }
    }
  } catch (const std::system_error& error) {
    const int started = size();
    stop();
    throw Error(ErrorKind::environment,
                "the system refused thread " + std::to_string(started + 1) + " of " +
                    std::to_string(n_threads) + ": " + error.what(),
                "ask for fewer with --threads, or raise the limit (ulimit -u)");
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  epoch_.fetch_add(1, std::memory_order_release);
  epoch_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run_task(Task task) {
  task_ = task;
  if (!threads_.empty()) {
    pending_.store(static_cast<std::int32_t>(threads_.size()), std::memory_order_relaxed);
    epoch_.fetch_add(1, std::memory_order_release);
    epoch_.notify_all();
  }
  run_alone([this] { call_guarded(0); });
  for (std::int32_t left = pending_.load(std::memory_order_acquire); left != 0;) {
    left = wait_for_change(pending_, left);
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void ThreadPool::call_guarded(int worker) {
  try {
    task_.call(task_.context, worker);
  } catch (...) {
    const std::lock_guard lock(failure_mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
}

void ThreadPool::work(int worker) {
  const numerics::ScopedFpEnv environment;
  std::uint32_t seen = 0;
  while (true) {
    seen = wait_for_change(epoch_, seen);
    if (stopping_.load(std::memory_order_relaxed)) return;
    call_guarded(worker);
    if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_one();
  }
}

}  // namespace assay
