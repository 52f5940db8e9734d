// Unicode normalisation form C by utf8proc's tables.
#pragma once

#include <string>
#include <string_view>

namespace assay {

/// False only where the text may not be in NFC: whether it has a character from U+0300 on.
bool needs_nfc(std::string_view text);

/// NFC of well-formed UTF-8, in O(n log n) whatever the text: a megabyte of combining marks too.
std::string to_nfc(std::string_view text);

}  // namespace assay
