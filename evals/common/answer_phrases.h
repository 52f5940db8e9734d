// Phrases that announce an answer, in English and in other languages (docs/grading.md, T2 and T3).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace assay::evals {

/// Where the value begins that `subject` ("final answer", "answer") announces at `place` of `text`,
/// `lower` being its lower-case copy: behind "is", "would be", ":" or "=", behind "to this question
/// is", or on the next line where the phrase is a heading. Nothing where it announces none.
std::optional<std::size_t> value_behind_phrase(std::string_view text, std::string_view lower,
                                               std::size_t place, std::string_view subject);

/// Where the value begins behind the last phrase of another language ("\u7B54\u6848\u662F"), or
/// nothing.
std::optional<std::size_t> value_behind_foreign_phrase(std::string_view text);

/// [begin, end) of the value that a sentence names before "is the (final, correct) answer".
struct TextSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};
std::optional<TextSpan> value_before_phrase(std::string_view text, std::string_view lower);

/// The end of the sentence or line that starts at `begin`, or of its value: a decimal point does
/// not end it; a comma before a word, an aside in brackets, "since ..." and a control token do.
std::size_t sentence_end(std::string_view text, std::size_t begin);

/// Without Markdown's strong emphasis, "**18** dollars". `opened`: a run of it stood before the
/// value. What opens stands behind no digit or letter: 2**3 is a power.
std::string without_emphasis(std::string_view text, std::string_view opened);

/// The content of the last <answer> element, as R1-Zero's template asks for.
std::optional<TextSpan> answer_element(std::string_view lower);

}  // namespace assay::evals
