// The HTML page around every report: one file, no outside resources, readable in light, dark and
// print. Its content policy admits exactly the style and script below, by their hashes.
#pragma once

#include <string>
#include <string_view>

namespace assay {

/// Foreign text as HTML text or a quoted attribute's value: sanitised (core/text.h), then & < > " '
/// as entities.
std::string escape_html(std::string_view text);

/// Foreign text inside a sentence: escaped, on one line, and isolated so that right-to-left letters
/// do not reorder what stands around it.
std::string inline_text(std::string_view text);

/// An element's id made of foreign words: letters, digits and dashes; others become dashes.
std::string element_id(std::string_view text);

/// Bytes in base64.
std::string base64_of(std::string_view bytes);

/// Foreign text as a part of an address: all but letters, digits, "-", "_" and "." as "%XX".
std::string url_part(std::string_view text);

/// element_id, with a fingerprint where letters were lost: other words, other id.
std::string anchor_of(std::string_view text);

/// A whole document. `title` is foreign text, `body` finished HTML.
std::string html_page(std::string_view title, std::string_view body);

}  // namespace assay
