// Where the answer stands: outside the thinking part.
#pragma once

#include <cstddef>
#include <string_view>

namespace assay::evals {

struct AnswerZone {
  std::size_t begin = 0;  ///< byte offset; the zone ends with the text
  bool unclosed = false;  ///< the thinking part never ended: there is no zone (begin == size)
};

/// The text after the last `</think>`. Without one: the whole text in the plain profile; nothing in
/// the thinking profile, or when a `<think>` was opened.
AnswerZone answer_zone(std::string_view text, bool thinking);

}  // namespace assay::evals
