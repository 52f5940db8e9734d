// oneDNN's matmul, versions 2 and 3 (their descriptors are built differently, in one place below).
// Its OpenMP is limited to the calling thread: the pool splits the work.
#include <dlfcn.h>
#include <fmt/format.h>

#include <map>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <tuple>
#include <vector>

#include "backends/cpu/gemm/gemm_libraries.h"
#include "core/numerics/fp_env.h"

namespace assay::host {
namespace {

using dnnl::matmul;
using dnnl::memory;

std::string version_text() {
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
}

memory::desc matrix(std::int64_t rows, std::int64_t cols, const memory::dims& strides) {
  return {memory::dims{rows, cols}, memory::data_type::f32, strides};
}

matmul::primitive_desc describe(const dnnl::engine& engine, const memory::desc& x,
                                const memory::desc& w, const memory::desc& y) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, x, w, y};
#else
  return {matmul::desc(x, w, y), engine};
#endif
}

/// omp_set_num_threads belongs to the thread that calls it.
void use_one_openmp_thread() {
  thread_local const bool done = [] {
    const auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    if (set != nullptr) set(1);
    return true;
  }();
  (void)done;
}

class OneDnn final : public GemmLibrary {
 public:
  OneDnn() : engine_(dnnl::engine::kind::cpu, 0) {}

  std::string description() const override { return "onednn " + version_text(); }

  void multiply(const float* w, const float* x, float* y, std::int64_t m, std::int64_t n,
                std::int64_t k, std::int64_t ldy) override {
    const numerics::ScopedFpEnv environment;
    use_one_openmp_thread();
    try {
      const Plan& plan = plan_for({m, n, k, ldy});
      dnnl::stream stream(engine_);
      // oneDNN's handles are not const; it writes only DNNL_ARG_DST.
      matmul(plan.multiply)
          .execute(stream, {{DNNL_ARG_SRC, {plan.x, engine_, const_cast<float*>(x)}},
                            {DNNL_ARG_WEIGHTS, {plan.w, engine_, const_cast<float*>(w)}},
                            {DNNL_ARG_DST, {plan.y, engine_, y}}});
      stream.wait();
    } catch (const dnnl::error& error) {
      throw Error(ErrorKind::environment,
                  fmt::format("cpu: onednn {} failed at {} x {} x {}: {}", version_text(), m, n, k,
                              error.message),
                  "use gemm=own");
    }
  }

  std::int64_t scratch_bytes(std::int64_t, std::int64_t, std::int64_t) const override {
    return std::int64_t{8} << 20;
  }

 private:
  using Shape = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
  struct Plan {
    memory::desc x;
    memory::desc w;
    memory::desc y;
    matmul multiply;
  };

  /// Compiling a plan takes milliseconds; shapes of a model are few.
  const Plan& plan_for(const Shape& shape) {
    const std::lock_guard lock(mutex_);
    const auto found = plans_.find(shape);
    if (found != plans_.end()) return found->second;
    const auto [m, n, k, ldy] = shape;
    Plan plan{matrix(m, k, {k, 1}), matrix(k, n, {1, k}), matrix(m, n, {ldy, 1}), {}};
    plan.multiply = matmul(describe(engine_, plan.x, plan.w, plan.y));
    return plans_.emplace(shape, std::move(plan)).first->second;
  }

  dnnl::engine engine_;
  std::mutex mutex_;
  std::map<Shape, Plan> plans_;
};

}  // namespace

Result<std::unique_ptr<GemmLibrary>> open_onednn() {
  try {
    return std::make_unique<OneDnn>();
  } catch (const dnnl::error& error) {
    return env_failure(
        fmt::format("cpu: onednn {} does not start: {}", version_text(), error.message),
        "use gemm=own");
  }
}

std::string onednn_note() {
  return "onednn " + version_text();
}

}  // namespace assay::host
