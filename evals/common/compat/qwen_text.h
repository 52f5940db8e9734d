// What Qwen2.5-Math's evaluation reads out of a completion, and how it rewrites an answer before it
// compares. The order of the steps is the protocol: each works on what the last one left. This is
// the revision that SkyThought's published runs used; it also sorts lists of integers and reads
// number words inside \text, which the first revision did not.
#pragma once

#include <string>
#include <string_view>

#include "evals/common/compat/compat_grader.h"

namespace assay::evals::compat {

/// The rewriting of one answer: units, styles, currency, percent and degree signs, "x=", words and
/// trailing zeros dropped, \frac12 and \sqrt3 braced. `keep_units`: datasets whose answers are
/// texts or physical quantities keep what looks like a unit.
std::string qwen_normalised(std::string_view answer, bool keep_units);

/// Datasets with `keep_units`.
bool qwen_keeps_units(std::string_view dataset);

/// The ladder: "final answer is $...$. I hope", the last "boxed", "he answer is", "final answer
/// is", its Chinese form, the last number; for multiple-choice datasets the last letter A to E.
/// Always something: "" when there is nothing. Normalised twice, as its runner does, and cut to
/// choice letters where the gold answer is one.
std::string qwen_extracted(std::string_view completion, const CompatTask& task);

/// The last letter A to E that stands alone (case ignored), else the trimmed text.
std::string qwen_choice(std::string_view text);

}  // namespace assay::evals::compat
