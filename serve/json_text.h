// JSON on one line, whatever bytes a model or a client wrote.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace assay::serve {

/// Compact; bytes that are no UTF-8 become U+FFFD.
std::string to_line(const nlohmann::ordered_json& value);
/// Each byte that belongs to no character becomes U+FFFD: the same text in whatever pieces it
/// comes.
std::string whole_characters(std::string_view text);

}  // namespace assay::serve
