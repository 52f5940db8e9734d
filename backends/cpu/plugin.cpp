// What the harness sees of this backend: its options, what it can give, and how it is made.
#include <fmt/format.h>

#include "backends/common/host_backend.h"
#include "backends/cpu/gemm/gemm_libraries.h"
#include "backends/cpu/levels.h"
#include "core/plugins.h"

namespace assay {
namespace {

Result<std::unique_ptr<host::GemmLibrary>> choose_library(const BackendRequest& request) {
  const std::string wanted = host::option_or(request, "gemm", "own");
  if (wanted == "own") return std::unique_ptr<host::GemmLibrary>();
  if (wanted != "openblas" && wanted != "onednn") {
    return host::unknown_value("cpu", "gemm", wanted, "own|openblas|onednn");
  }
  if (request.numerics == Numerics::exact) {
    return failure(ErrorKind::usage,
                   fmt::format("cpu: gemm={} cannot give --numerics exact", wanted),
                   "use gemm=own, or --numerics fast");
  }
  return wanted == "openblas" ? host::open_openblas() : host::open_onednn();
}

Result<std::unique_ptr<Device>> create(const BackendRequest& request) {
  if (auto checked = host::check_request("cpu", request, {"isa", "gemm", "pin"}); !checked) {
    return tl::unexpected(checked.error());
  }
  auto library = choose_library(request);
  if (!library) return tl::unexpected(library.error());
  return host::create_device("cpu", host::cpu_levels(), request, std::move(*library));
}

/// Libraries have their own order of sums.
Numerics default_numerics(const std::map<std::string, std::string>& options) {
  const auto gemm = options.find("gemm");
  return gemm == options.end() || gemm->second == "own" ? Numerics::exact : Numerics::fast;
}

Availability availability() {
  if (host::cpu_levels().best() == nullptr) {
    return {false, "its kernels are for x86: use neon on this CPU"};
  }
  std::string gemm = "own";
  for (const std::string& note : {host::openblas_note(), host::onednn_note()}) {
    if (!note.empty()) gemm += ", " + note;
  }
  return {true, fmt::format("{}; gemm {}", host::describe(host::cpu_levels()), gemm)};
}

}  // namespace

BackendPlugin make_backend_cpu() {
  return {.name = "cpu",
          .summary = "own kernels for x86 (AVX2, AVX-512), scalar ones for any other CPU",
          .options = {{"isa", host::cpu_levels().option_values(),
                       "instruction set (default: the best)"},
                      {"gemm", "own|openblas|onednn", "who multiplies matrices in prefill"},
                      {"pin", "off|on", "bind each worker thread to a core"}},
          .availability = availability,
          .supports = [](Numerics, TensorType) -> Result<void> { return {}; },
          .default_numerics = default_numerics,
          .create = create};
}

}  // namespace assay
