// Where a completion thinks and where it answers.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "evals/chain/regions.h"

namespace assay::chain {

struct Layout {
  ByteSpan thinking;       ///< without its tags; empty at the start when there is none
  ByteSpan answer;         ///< after the last closing tag, without the tags of a solution part
  std::size_t opened = 0;  ///< opening tags in the text
  std::size_t closed = 0;  ///< closing tags in the text
  std::optional<ByteSpan> close_tag;  ///< the last one
  /// The thinking part never ended: there is no answer (an empty span at the end).
  bool unclosed = false;
};

/// Understands <think>, <thinking>, <thought>, <reasoning> and SkyThought's
/// <|begin_of_thought|>..<|end_of_thought|> with <|begin_of_solution|>; the first kind that occurs
/// in the text counts. A text with a closing tag and no opening one began inside the thinking part
/// (its prompt ended with the tag). `thinking` is the profile: a thinking text without any tag is
/// all thinking, a plain one is all answer. End tokens at the end belong to no part.
Layout layout_of(std::string_view text, bool thinking);

/// Which texts of one file are in the thinking profile: those with a tag of any kind, and those
/// without one where the file's other texts lack the opening tag, too: their prompt held it, and
/// the tagless were cut off before they closed it. Where texts bring their opening tag, one without
/// any tag did not think.
std::vector<bool> thinking_texts(std::span<const std::string_view> texts);

/// The length of the text without end tokens that a server left in ("<|im_end|>", "</s>") and
/// blanks before them; `ended` tells whether there was one.
struct TextEnd {
  std::size_t size = 0;
  bool ended = false;
};
TextEnd without_end_tokens(std::string_view text);

}  // namespace assay::chain
