// The escapes of a string literal.
#pragma once

#include <string>
#include <string_view>

namespace assay::jinja {

/// What a literal stands for, its quotes already removed; Python's escapes. Throws TemplateError.
std::string unescape(std::string_view literal, int line);

}  // namespace assay::jinja
