// OpenBLAS, loaded at run time: its kernels are chosen once, when it is loaded, from the CPU's
// model number. A version older than the CPU picks an old one (0.3.21 takes a Zen 5 for a Haswell,
// at less than half the speed); OPENBLAS_CORETYPE, set before, overrides that.
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "backends/cpu/gemm/gemm_libraries.h"
#include "backends/cpu/levels.h"
#include "core/numerics/fp_env.h"

namespace assay::host {
namespace {

/// An environment variable set for the duration of a scope, if it was not set.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (std::getenv(name) != nullptr) return;
    set_ = setenv(name, value, 0) == 0;
  }
  ~ScopedVariable() {
    if (set_) unsetenv(name_);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  bool set_ = false;
};

// From OpenBLAS's cblas.h.
constexpr int kRowMajor = 101;
constexpr int kNoTranspose = 111;
constexpr int kTranspose = 112;
using Sgemm = void (*)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                       const float* a, int lda, const float* b, int ldb, float beta, float* c,
                       int ldc);

struct Library {
  void* handle = nullptr;
  Sgemm sgemm = nullptr;
  std::string version;
  std::string core;
};

template <class Function>
Function symbol(void* handle, const char* name) {
  return reinterpret_cast<Function>(dlsym(handle, name));
}

/// "0.3.21" of "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...".
std::string version_of(const char* config) {
  std::istringstream words(config == nullptr ? "" : config);
  std::string name;
  std::string version;
  words >> name >> version;
  return version.empty() ? "of unknown version" : version;
}

Result<Library> load() {
  // Its own threads would only wait: the pool calls it from each worker.
  const ScopedVariable no_threads("OPENBLAS_NUM_THREADS", "1");
  Library library;
  library.handle = dlopen(ASSAY_OPENBLAS_SONAME, RTLD_NOW | RTLD_LOCAL);
  if (library.handle == nullptr) {
    return env_failure(fmt::format("cpu: gemm=openblas: {}", dlerror()),
                       "install libopenblas0, or use gemm=own");
  }
  library.sgemm = symbol<Sgemm>(library.handle, "cblas_sgemm");
  const auto set_threads = symbol<void (*)(int)>(library.handle, "openblas_set_num_threads");
  const auto config = symbol<const char* (*)()>(library.handle, "openblas_get_config");
  const auto core = symbol<const char* (*)()>(library.handle, "openblas_get_corename");
  if (library.sgemm == nullptr || set_threads == nullptr || config == nullptr || core == nullptr) {
    dlclose(library.handle);
    return env_failure(
        fmt::format("cpu: gemm=openblas: {} is not an OpenBLAS", ASSAY_OPENBLAS_SONAME),
        "install libopenblas0, or use gemm=own");
  }
  set_threads(1);
  library.version = version_of(config());
  library.core = core();
  return library;
}

bool is_avx512_core(const std::string& core) {
  constexpr std::array<const char*, 3> kCores = {"SkylakeX", "Cooperlake", "SapphireRapids"};
  return std::ranges::find(kCores, core) != kCores.end();
}

Result<Library> load_for_this_cpu() {
  Result<Library> library = load();
  const bool underrated =
      library && cpu_levels().find("avx512")->kernels != nullptr && !is_avx512_core(library->core);
  if (!underrated || std::getenv("OPENBLAS_CORETYPE") != nullptr) return library;
  dlclose(library->handle);
  const ScopedVariable core_type("OPENBLAS_CORETYPE", "SkylakeX");
  return load();
}

/// Loaded once and kept: libraries with thread-local state do not like to be unloaded.
const Result<Library>& shared_library() {
  static const Result<Library> library = load_for_this_cpu();
  return library;
}

class OpenBlas final : public GemmLibrary {
 public:
  explicit OpenBlas(const Library& library) : library_(library) {}

  std::string description() const override {
    return fmt::format("openblas {} {}", library_.version, library_.core);
  }

  void multiply(const float* w, const float* x, float* y, std::int64_t m, std::int64_t n,
                std::int64_t k, std::int64_t ldy) override {
    const numerics::ScopedFpEnv environment;
    const auto depth = static_cast<int>(k);
    library_.sgemm(kRowMajor, kNoTranspose, kTranspose, static_cast<int>(m), static_cast<int>(n),
                   depth, 1.0F, x, depth, w, depth, 0.0F, y, static_cast<int>(ldy));
  }

  std::int64_t scratch_bytes(std::int64_t, std::int64_t, std::int64_t) const override {
    // Packed panels of both operands, in a buffer it keeps per calling thread.
    return std::int64_t{8} << 20;
  }

 private:
  Library library_;
};

}  // namespace

Result<std::unique_ptr<GemmLibrary>> open_openblas() {
  const Result<Library>& library = shared_library();
  if (!library) return tl::unexpected(library.error());
  return std::make_unique<OpenBlas>(*library);
}

std::string openblas_note() {
  return "openblas " ASSAY_OPENBLAS_VERSION;
}

}  // namespace assay::host
