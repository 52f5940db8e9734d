#include "tests/conformance/suite.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <set>

namespace assay::conformance {
namespace {

const BackendPlugin& plugin(const std::string& name) {
  for (const BackendPlugin& one : backend_plugins()) {
    if (one.name == name) return one;
  }
  throw Error(ErrorKind::bug, "backend '" + name + "' is not registered");
}

/// The values of "a|b|c", without `auto`; one empty value when the backend has no such option.
std::vector<std::string> option_values(const BackendPlugin& backend, const std::string& option) {
  std::vector<std::string> values;
  for (const BackendOptionDoc& doc : backend.options) {
    if (doc.name != option) continue;
    for (std::size_t start = 0; start <= doc.values.size();) {
      const std::size_t end = std::min(doc.values.find('|', start), doc.values.size());
      const std::string value = doc.values.substr(start, end - start);
      if (value != "auto") values.push_back(value);
      start = end + 1;
    }
  }
  if (values.empty()) values.emplace_back();
  return values;
}

char announced[512];

extern "C" void report_crash(int signal) {
  (void)!write(STDERR_FILENO, announced, strnlen(announced, sizeof announced));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::string repro(const Case& one, const DeviceInfo& info) {
  return fmt::format(
      "repro: ASSAY_CONFORMANCE_CASE='{}' conformance_test --gtest_filter='*{}*'  [isa {}, {} "
      "threads{}{}]",
      one.text, info.backend, info.isa, info.threads, info.gemm_library.empty() ? "" : ", ",
      info.gemm_library);
}

std::string show(float value) {
  return fmt::format("{:.9g} (0x{:08x})", value, std::bit_cast<std::uint32_t>(value));
}

}  // namespace

std::string Variant::name() const {
  std::string name = backend;
  if (!isa.empty()) name += "_" + isa;
  if (!gemm.empty()) name += "_" + gemm;
  std::ranges::replace(name, '+', '_');
  return fmt::format("{}_{}_{}t", name, numerics == Numerics::exact ? "exact" : "fast", threads);
}

std::vector<Variant> all_variants() {
  std::vector<Variant> variants;
  for (const BackendPlugin& backend : backend_plugins()) {
    if (backend.name == "reference" || backend.create == nullptr) continue;
    for (const std::string& isa : option_values(backend, "isa")) {
      for (const std::string& gemm : option_values(backend, "gemm")) {
        for (const Numerics numerics : {Numerics::exact, Numerics::fast}) {
          const bool library = !gemm.empty() && gemm != "own";
          if (library && numerics == Numerics::exact) continue;
          // Threads mean nothing to a GPU.
          const bool gpu = !option_values(backend, "device").front().empty();
          for (const int threads : gpu ? std::vector<int>{1} : std::vector<int>{1, 3}) {
            variants.push_back({backend.name, isa, gemm, numerics, threads});
          }
        }
      }
    }
  }
  return variants;
}

Result<std::unique_ptr<Device>> create_variant(const Variant& variant) {
  const BackendPlugin& backend = plugin(variant.backend);
  const Availability availability = backend.availability();
  if (!availability.available) return env_failure(availability.why);
  BackendRequest request;
  request.numerics = variant.numerics;
  request.threads = variant.threads;
  if (!variant.isa.empty()) request.options["isa"] = variant.isa;
  if (!variant.gemm.empty()) request.options["gemm"] = variant.gemm;
  return backend.create(request);
}

std::unique_ptr<Device> create_reference(Numerics numerics) {
  BackendRequest request;
  request.numerics = numerics;
  return value_or_throw(plugin("reference").create(request));
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (auto part : {linear_cases(), row_cases(), attention_cases()}) {
    std::ranges::move(part, std::back_inserter(cases));
  }
  if (const char* only = std::getenv("ASSAY_CONFORMANCE_CASE")) {
    std::erase_if(cases, [&](const Case& one) { return one.text != only; });
  }
  return cases;
}

void announce_case(const std::string& text) {
  static const bool installed = [] {
    std::signal(SIGSEGV, report_crash);
    std::signal(SIGBUS, report_crash);
    return true;
  }();
  (void)installed;
  const auto line = fmt::format("crashed in: {}\n", text);
  announced[line.copy(announced, sizeof announced - 1)] = '\0';
}

std::optional<std::string> compare(const Case& one, Device& device, Device& reference,
                                   bool library) {
  const DeviceInfo info = device.info();
  announce_case(repro(one, info));
  std::vector<float> got;
  std::vector<float> expected;
  try {
    got = one.run(device);
    expected = one.run(reference);
  } catch (const std::exception& error) {
    return fmt::format("{}: {}\n{}", one.text, error.what(), repro(one, info));
  }
  if (got.size() != expected.size()) {
    return fmt::format("{}: {} outputs instead of {}\n{}", one.text, got.size(), expected.size(),
                       repro(one, info));
  }
  const bool rounded = info.semantics.ends_with("+bf16") && one.rounded_bound;
  const bool bounded = rounded || (library && one.library_bound);
  const std::vector<double> bound = rounded   ? one.rounded_bound()
                                    : bounded ? one.library_bound()
                                              : std::vector<double>();
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool ok =
        bounded ? std::abs(double{got[i]} - double{expected[i]}) <= bound[i]
                : std::bit_cast<std::uint32_t>(got[i]) == std::bit_cast<std::uint32_t>(expected[i]);
    if (ok) continue;
    return fmt::format("{}: output {} is {}, reference {}{}\n{}", one.text, i, show(got[i]),
                       show(expected[i]),
                       bounded ? fmt::format(", allowed error {:.3g}", bound[i]) : std::string{},
                       repro(one, info));
  }
  return std::nullopt;
}

}  // namespace assay::conformance
