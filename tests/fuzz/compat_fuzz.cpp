// The compatibility graders on any bytes: no crash, and the same verdict twice.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "evals/common/compat/compat_grader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay::evals::compat;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view gold = bytes.substr(0, bytes.find('\n'));
  const std::string_view text = bytes.substr(gold.size());
  for (const CompatGrader& grader : compat_graders()) {
    const CompatGrade first = compat_grade(grader, text, {"math500", gold});
    const CompatGrade second = compat_grade(grader, text, {"math500", gold});
    if (first.verdict != second.verdict || first.extracted != second.extracted) std::abort();
    grader.equal(gold, text);
  }
  return 0;
}
