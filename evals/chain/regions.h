// Which bytes of a text are prose, which are formulas, which are code.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace assay::chain {

/// Bytes [begin, end) of the completion's text.
struct ByteSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const ByteSpan&) const = default;
};

inline std::string_view slice(std::string_view text, ByteSpan span) {
  return text.substr(span.begin, span.end - span.begin);
}

enum class RegionKind { prose, math, code };

struct Region {
  RegionKind kind = RegionKind::prose;
  ByteSpan span;  ///< with its delimiters
  ByteSpan body;  ///< without them
};

/// The whole text in order, without gaps. Math: $$..$$, $..$, \(..\), \[..\] and
/// \begin{NAME}..\end{NAME}; a single $ opens only where it closes within the paragraph without a
/// blank at either inner end, so that prices stay prose. Code: ``` fences (an open one reaches to
/// the end) and `..` within a line. What is opened and not closed is prose. Linear.
std::vector<Region> regions_of(std::string_view text);

}  // namespace assay::chain
