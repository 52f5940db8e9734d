// What the harness sees of this backend: its options, what it can give, and how it is made.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "backends/cpu/cpu_device.h"
#include "core/plugins.h"

namespace assay {
namespace {

using cpu::Isa;

constexpr std::array<Isa, 3> kIsas = {Isa::scalar, Isa::avx2, Isa::avx512};
constexpr int kMaxThreads = 1024;

std::string option(const BackendRequest& request, const std::string& name,
                   const std::string& otherwise) {
  const auto found = request.options.find(name);
  return found == request.options.end() ? otherwise : found->second;
}

tl::unexpected<Error> unknown_value(const std::string& name, const std::string& value,
                                    std::string_view values) {
  return failure(ErrorKind::usage, fmt::format("cpu: option {}={} is unknown", name, value),
                 fmt::format("use {}={}", name, values));
}

Result<void> check_names(const BackendRequest& request) {
  static const std::set<std::string> known = {"isa", "gemm", "pin"};
  for (const auto& [name, value] : request.options) {
    if (!known.contains(name)) {
      return failure(ErrorKind::usage, fmt::format("cpu: option '{}' is unknown", name),
                     fmt::format("cpu knows {}", fmt::join(known, ", ")));
    }
  }
  if (request.threads < 0 || request.threads > kMaxThreads) {
    return failure(ErrorKind::usage, fmt::format("cpu: {} threads", request.threads),
                   fmt::format("use 1 to {}, or 0 for one per physical core", kMaxThreads));
  }
  return {};
}

Result<Isa> choose_isa(const BackendRequest& request) {
  const std::vector<Isa>& usable = cpu::usable_isas();
  const std::string wanted = option(request, "isa", "auto");
  if (wanted == "auto") return usable.back();
  for (const Isa isa : kIsas) {
    if (wanted != cpu::isa_name(isa)) continue;
    if (std::ranges::find(usable, isa) != usable.end()) return isa;
    return failure(ErrorKind::environment,
                   fmt::format("cpu: this machine cannot run isa={}", wanted),
                   fmt::format("the best it runs is isa={}", cpu::isa_name(usable.back())));
  }
  return unknown_value("isa", wanted, "auto|scalar|avx2|avx512");
}

Result<std::unique_ptr<cpu::GemmLibrary>> choose_library(const BackendRequest& request) {
  const std::string wanted = option(request, "gemm", "own");
  if (wanted == "own") return std::unique_ptr<cpu::GemmLibrary>();
  if (wanted != "openblas" && wanted != "onednn") {
    return unknown_value("gemm", wanted, "own|openblas|onednn");
  }
  if (request.numerics == Numerics::exact) {
    return failure(ErrorKind::usage,
                   fmt::format("cpu: gemm={} cannot give --numerics exact", wanted),
                   "use gemm=own, or --numerics fast");
  }
  return wanted == "openblas" ? cpu::open_openblas() : cpu::open_onednn();
}

Result<std::unique_ptr<Device>> create(const BackendRequest& request) {
  if (auto names = check_names(request); !names) return tl::unexpected(names.error());
  const auto isa = choose_isa(request);
  if (!isa) return tl::unexpected(isa.error());
  const std::string pin = option(request, "pin", "off");
  if (pin != "on" && pin != "off") return unknown_value("pin", pin, "off|on");
  auto library = choose_library(request);
  if (!library) return tl::unexpected(library.error());
  const bool exact = request.numerics == Numerics::exact;
  return std::make_unique<cpu::CpuDevice>(
      cpu::CpuOptions{.isa = *isa,
                      .threads = request.threads > 0 ? request.threads : usable_physical_cores(),
                      .pin = pin == "on",
                      .semantics = exact ? std::string(cpu::kExactSemantics) : std::string("f32"),
                      .library = std::move(*library)});
}

/// Libraries have their own order of sums.
Numerics default_numerics(const std::map<std::string, std::string>& options) {
  const auto gemm = options.find("gemm");
  return gemm == options.end() || gemm->second == "own" ? Numerics::exact : Numerics::fast;
}

Availability availability() {
  std::string gemm = "own";
  for (const std::string& note : {cpu::openblas_note(), cpu::onednn_note()}) {
    if (!note.empty()) gemm += ", " + note;
  }
  const int threads = usable_physical_cores();
  return {true, fmt::format("{}, {} thread{}; gemm {}", cpu::isa_name(cpu::usable_isas().back()),
                            threads, threads == 1 ? "" : "s", gemm)};
}

}  // namespace

BackendPlugin make_backend_cpu() {
  return {.name = "cpu",
          .summary = "own kernels for x86 (AVX2, AVX-512) and any other CPU (scalar)",
          .options = {{"isa", "auto|scalar|avx2|avx512", "instruction set (default: the best)"},
                      {"gemm", "own|openblas|onednn", "who multiplies matrices in prefill"},
                      {"pin", "off|on", "bind each worker thread to a core"}},
          .availability = availability,
          .supports = [](Numerics, TensorType) -> Result<void> { return {}; },
          .default_numerics = default_numerics,
          .create = create};
}

}  // namespace assay
