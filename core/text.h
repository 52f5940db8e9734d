// Text for people: sizes, durations, and foreign text made safe for a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

/// "93 MB", "1.12 GB": decimal units, three significant digits.
std::string format_bytes(std::int64_t bytes);
/// "0.8 s", "42 s", "3 min 20 s", "2 h 5 min".
std::string format_duration(double seconds);

/// Valid UTF-8 without control characters (newline and tab stay): escape sequences of a model's
/// text never reach a terminal. Control and bidirectional-override characters become U+FFFD.
std::string sanitize_for_terminal(std::string_view text);

/// A foreign name inside a message: sanitised, on one line, and cut after about `max_bytes` with
/// an ellipsis.
std::string name_for_message(std::string_view name, std::size_t max_bytes = 100);

bool is_valid_utf8(std::string_view text);

/// The text if it has at most `bytes` bytes, else its beginning, cut between characters, and "…".
std::string cut_text(std::string_view text, std::size_t bytes);

/// Home folders ("/home/NAME", "/Users/NAME", "/root", "C:\\Users\\NAME") become "~": reports are
/// shared, and their owners' names are nobody's business.
std::string redact_home_paths(std::string_view text);

}  // namespace assay
