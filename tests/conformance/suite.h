// The conformance suite: every operation of core/device.h as a list of seeded cases that run on any
// Device, and a comparison with `reference`. The backends' own kernels must give the same bits;
// library GEMMs (prefill under `fast`) stay within an error bound.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/plugins.h"

namespace assay::conformance {

/// One call of one operation. `run` builds its own data from the case's seed, so that every device
/// sees the same; it throws std::runtime_error when a guard was overwritten.
struct Case {
  std::string op;    ///< a method of Device: "linear"
  std::string text;  ///< "linear type=Q4_K k=512 rows=37 m=5 phase=decode"; unique
  std::function<std::vector<float>(Device&)> run;
  /// Largest absolute error of each output for a device whose prefill is served by a library;
  /// empty: the same bits are due from everyone.
  std::function<std::vector<double>()> library_bound;
  /// Likewise for a device that rounds activations to bf16 where the weight is BF16.
  std::function<std::vector<double>()> rounded_bound;
};

std::vector<Case> linear_cases();
std::vector<Case> row_cases();        ///< embed, rms_norm, rope, swiglu, add, gather_rows
std::vector<Case> attention_cases();  ///< kv_store, attention, and copy_page between them
/// All of the above; only the one named by ASSAY_CONFORMANCE_CASE if that is set.
std::vector<Case> all_cases();

/// A backend with one choice of its options.
struct Variant {
  std::string backend;
  std::string isa;   ///< empty: the backend has no such option
  std::string gemm;  ///< likewise
  Numerics numerics = Numerics::fast;
  int threads = 1;
  std::string name() const;  ///< "cpu_avx512_openblas_fast_3t", for a test's name
};

/// Every registered backend but `reference`, times the values that its isa and gemm options list,
/// times the policies (libraries serve `fast` alone), times 1 and 3 threads.
std::vector<Variant> all_variants();
/// The device, or the Error for the reason why this machine or build has none.
Result<std::unique_ptr<Device>> create_variant(const Variant& variant);
std::unique_ptr<Device> create_reference(Numerics numerics);

/// What differs, with the place and a command that repeats this case alone; nothing when equal.
/// `library`: prefill is served by one. A device whose semantics end in "+bf16" rounds activations.
std::optional<std::string> compare(const Case& one, Device& device, Device& reference,
                                   bool library);

/// Told to the person when a kernel reads outside its input and the process dies.
void announce_case(const std::string& text);

}  // namespace assay::conformance
