// Numbers in English words, as the Python package word2number reads them (qwen's normalisation).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::evals::compat {

/// The number that the number words of `text` make, in digits: "twenty two" is "22", "one third" is
/// "1" (words that are no numbers are skipped), "two point five" is "2.5", and digits alone are
/// rewritten ("007" is "7"). Nothing without a number word, and where the package refuses (a scale
/// word twice or out of order).
std::optional<std::string> number_from_words(std::string_view text);

}  // namespace assay::evals::compat
