#include "backends/cuda/blas_lt.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <library_types.h>

#include <array>
#include <cstddef>

namespace assay::cuda {
namespace {

// Of cublasLt.h, which a machine without the toolkit lacks.
constexpr int kBlasSuccess = 0;
constexpr int kCompute32F = 68;
constexpr std::int32_t kTransposed = 1;
constexpr std::uint32_t kEpilogueBias = 4;
enum DescriptionAttribute : int { kTransposeA = 3, kEpilogue = 7, kBiasPointer = 8 };
enum PreferenceAttribute : int { kMaxWorkspace = 1, kReductionSchemes = 3, kAlignmentA = 5 };
constexpr int kOperands = 4;  // A, B, C, D
constexpr std::uint32_t kAlignment = 16;

using Opaque = void*;

Error blas_error(std::string_view doing, int status) {
  return {ErrorKind::environment,
          fmt::format("cuda: cuBLASLt: {} failed (status {})", doing, status),
          "cuda:gemm=own goes without the library"};
}
void check_blas(int status, std::string_view doing) {
  if (status != kBlasSuccess) throw blas_error(doing, status);
}

}  // namespace

struct BlasLt::Library {
  /// cublasLtMatmulHeuristicResult_t
  struct HeuristicResult {
    std::uint64_t algorithm[8];
    std::size_t workspace_bytes;
    int state;
    float waves;
    int reserved[4];
  };
  void* file = nullptr;
  int (*create)(Opaque*) = nullptr;
  int (*destroy)(Opaque) = nullptr;
  std::size_t (*version)() = nullptr;
  int (*create_description)(Opaque*, int, int) = nullptr;
  int (*destroy_description)(Opaque) = nullptr;
  int (*describe)(Opaque, int, const void*, std::size_t) = nullptr;
  int (*create_layout)(Opaque*, int, std::uint64_t, std::uint64_t, std::int64_t) = nullptr;
  int (*destroy_layout)(Opaque) = nullptr;
  int (*create_preference)(Opaque*) = nullptr;
  int (*destroy_preference)(Opaque) = nullptr;
  int (*prefer)(Opaque, int, const void*, std::size_t) = nullptr;
  int (*heuristic)(Opaque, Opaque, Opaque, Opaque, Opaque, Opaque, Opaque, int, HeuristicResult*,
                   int*) = nullptr;
  int (*matmul)(Opaque, Opaque, const void*, const void*, Opaque, const void*, Opaque, const void*,
                const void*, Opaque, void*, Opaque, const void*, void*, std::size_t,
                cudaStream_t) = nullptr;

  /// The name of the first function that is absent; empty if there is none.
  std::string find_all() {
    std::string absent;
    const auto find = [&](const char* name, auto* function) {
      *function = reinterpret_cast<std::remove_pointer_t<decltype(function)>>(dlsym(file, name));
      if (*function == nullptr && absent.empty()) absent = name;
    };
    find("cublasLtCreate", &create);
    find("cublasLtDestroy", &destroy);
    find("cublasLtGetVersion", &version);
    find("cublasLtMatmulDescCreate", &create_description);
    find("cublasLtMatmulDescDestroy", &destroy_description);
    find("cublasLtMatmulDescSetAttribute", &describe);
    find("cublasLtMatrixLayoutCreate", &create_layout);
    find("cublasLtMatrixLayoutDestroy", &destroy_layout);
    find("cublasLtMatmulPreferenceCreate", &create_preference);
    find("cublasLtMatmulPreferenceDestroy", &destroy_preference);
    find("cublasLtMatmulPreferenceSetAttribute", &prefer);
    find("cublasLtMatmulAlgoGetHeuristic", &heuristic);
    find("cublasLtMatmul", &matmul);
    return absent;
  }

  /// An object of the library's, destroyed at the scope's end.
  struct Owned {
    Opaque object = nullptr;
    int (*destroy)(Opaque) = nullptr;
    Owned() = default;
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() {
      if (object != nullptr) destroy(object);
    }
  };

  /// The product in the library's columns: y^T (rows of w, m) = w^T^T x^T.
  struct Problem {
    Owned description, w, x, y;
  };
  void state(const LinearArgs& args, std::int64_t m, Problem* out) const {
    out->description.destroy = destroy_description;
    check_blas(create_description(&out->description.object, kCompute32F, CUDA_R_32F),
               "describing a product");
    const auto set = [&](int attribute, const auto& value) {
      check_blas(describe(out->description.object, attribute, static_cast<const void*>(&value),
                          sizeof(value)),
                 "describing a product");
    };
    set(kTransposeA, kTransposed);
    if (args.bias != nullptr) {
      set(kEpilogue, kEpilogueBias);
      set(kBiasPointer, args.bias);
    }
    const auto lay_out = [&](Owned* to, int type, std::int64_t rows, std::int64_t cols) {
      to->destroy = destroy_layout;
      check_blas(create_layout(&to->object, type, static_cast<std::uint64_t>(rows),
                               static_cast<std::uint64_t>(cols), rows),
                 "describing a matrix");
    };
    lay_out(&out->w, CUDA_R_16BF, args.w.cols, args.w.rows);
    lay_out(&out->x, CUDA_R_16BF, args.w.cols, m);
    lay_out(&out->y, CUDA_R_32F, args.w.rows, m);
  }
};

BlasLt::BlasLt() : library_(std::make_unique<Library>()) {}

BlasLt::~BlasLt() {
  // The library stays open: it may have threads and handlers of its own.
  if (handle_ != nullptr) library_->destroy(handle_);
}

Result<std::unique_ptr<BlasLt>> BlasLt::open() {
  constexpr const char* kHint =
      "it comes with the CUDA toolkit and with PyTorch (put its folder into LD_LIBRARY_PATH); "
      "cuda:gemm=own goes without";
  std::unique_ptr<BlasLt> out(new BlasLt());
  for (const char* name : {"libcublasLt.so.13", "libcublasLt.so.12"}) {
    if (out->library_->file == nullptr) {
      out->library_->file = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
  }
  if (out->library_->file == nullptr) {
    return env_failure("cuda: libcublasLt.so.13 (or 12) is not found", kHint);
  }
  if (const std::string absent = out->library_->find_all(); !absent.empty()) {
    return env_failure(fmt::format("cuda: cuBLASLt has no {}", absent), kHint);
  }
  if (const int status = out->library_->create(&out->handle_); status != kBlasSuccess) {
    return tl::unexpected(blas_error("starting", status));
  }
  const std::size_t version = out->library_->version();
  out->description_ =
      fmt::format("cublaslt {}.{}.{}", version / 10000, version / 100 % 100, version % 100);
  return out;
}

void BlasLt::reserve(MemoryMeter& meter) {
  workspace_ = DeviceMemory(kBlasScratch, "workspace of cuBLASLt", meter);
}

bool BlasLt::serves(const LinearArgs& args) {
  const auto aligned = [](const void* at) {
    return reinterpret_cast<std::uintptr_t>(at) % kAlignment == 0;
  };
  return args.w.rows % 8 == 0 && args.w.cols % 8 == 0 && aligned(args.w.plane[0]) &&
         aligned(args.quantised) && aligned(args.y) && aligned(args.bias);
}

const BlasLt::Algorithm& BlasLt::algorithm_for(const LinearArgs& args) {
  const std::tuple key{args.w.rows, args.w.cols, args.bias != nullptr};
  if (const auto known = algorithms_.find(key); known != algorithms_.end()) return known->second;
  constexpr std::int64_t kUsualRows = 512;  // of a chunk of a prompt
  Library::Problem problem;
  library_->state(args, kUsualRows, &problem);
  Library::Owned preference;
  preference.destroy = library_->destroy_preference;
  check_blas(library_->create_preference(&preference.object), "choosing an algorithm");
  const auto prefer = [&](int attribute, const auto& value) {
    check_blas(library_->prefer(preference.object, attribute, &value, sizeof(value)),
               "choosing an algorithm");
  };
  prefer(kMaxWorkspace, static_cast<std::uint64_t>(kBlasScratch));
  prefer(kReductionSchemes, std::uint32_t{0});  // k is not split
  for (int i = 0; i < kOperands; ++i) prefer(kAlignmentA + i, kAlignment);
  Library::HeuristicResult found{};
  int n_found = 0;
  check_blas(library_->heuristic(handle_, problem.description.object, problem.w.object,
                                 problem.x.object, problem.y.object, problem.y.object,
                                 preference.object, 1, &found, &n_found),
             "choosing an algorithm");
  if (n_found == 0) throw blas_error("choosing an algorithm: there is none, which", found.state);
  Algorithm& out = algorithms_[key];
  std::copy(std::begin(found.algorithm), std::end(found.algorithm), std::begin(out.data));
  return out;
}

void BlasLt::multiply(const LinearArgs& args, cudaStream_t stream) {
  const Algorithm& algorithm = algorithm_for(args);
  Library::Problem problem;
  library_->state(args, args.m, &problem);
  const float one = 1;
  const float zero = 0;
  check_blas(
      library_->matmul(handle_, problem.description.object, &one, args.w.plane[0], problem.w.object,
                       args.quantised, problem.x.object, &zero, args.y, problem.y.object, args.y,
                       problem.y.object, algorithm.data, workspace_.data(),
                       static_cast<std::size_t>(workspace_.bytes()), stream),
      "a product");
}

}  // namespace assay::cuda
