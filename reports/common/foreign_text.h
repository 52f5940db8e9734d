// Foreign text (names, paths, claims) inside the formats that reports are written in. Each form has
// its own way to keep a name from becoming markup, an element or a command.
#pragma once

#include <string>
#include <string_view>

namespace assay {

/// Character data or an attribute's value in XML 1.0: entities, and U+FFFD for what XML forbids.
std::string as_xml(std::string_view text);

/// A code span inside a Markdown table: nothing in it is markup, a mention or an issue.
std::string as_markdown_code(std::string_view text);
/// Text inside a Markdown sentence or table cell, likewise.
std::string as_markdown(std::string_view text);

/// The message of a GitHub workflow command ("::error::MESSAGE"); line breaks survive as %0A.
std::string as_github_message(std::string_view text);
/// The value of one of its properties ("title=VALUE").
std::string as_github_property(std::string_view text);

/// Text for a terminal that may be the log of a CI system: sanitised (core/text.h), and no line of
/// it starts a command ("::error::", "##[error]", "##vso[").
std::string for_log(std::string_view text);

}  // namespace assay
