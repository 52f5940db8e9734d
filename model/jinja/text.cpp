#include "model/jinja/text.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>

#include "core/utf8.h"

namespace assay::jinja {

constexpr std::size_t kMaxUtf8Bytes = 4;

Character character_at(std::string_view text, std::size_t pos) {
  const auto byte = static_cast<unsigned char>(text[pos]);
  if (byte < 0x80) return {byte, 1};
  const Utf8Step step = utf8_step(text.substr(pos, kMaxUtf8Bytes));
  if (step.status != Utf8Status::character) return {-static_cast<std::int32_t>(byte), 1};
  return {static_cast<std::int32_t>(step.code_point), step.bytes};
}

std::size_t char_count(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t pos = 0; pos < text.size(); ++count) pos += character_at(text, pos).bytes;
  return count;
}

std::string_view nth_character(std::string_view text, std::size_t index) {
  std::size_t pos = 0;
  for (; index > 0; --index) pos += character_at(text, pos).bytes;
  return text.substr(pos, character_at(text, pos).bytes);
}

std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> result;
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t bytes = character_at(text, pos).bytes;
    result.push_back(text.substr(pos, bytes));
    pos += bytes;
  }
  return result;
}

void append_character(std::string& out, std::int32_t code) {
  if (code < 0) {
    out.push_back(static_cast<char>(-code));
  } else {
    append_utf8(out, static_cast<char32_t>(code));
  }
}

bool is_space(std::int32_t code) {
  switch (code) {
    case 0x20:
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
      return true;
    default:
      return (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x1F) ||
             (code >= 0x2000 && code <= 0x200A);
  }
}

bool is_printable(std::int32_t code) {
  if (code < 0) return false;
  if (code == ' ') return true;
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return true;
  }
}

namespace {

// Start of the character that ends at byte `end` (exclusive).
std::size_t previous_start(std::string_view text, std::size_t end) {
  for (std::size_t bytes = std::min<std::size_t>(4, end); bytes > 1; --bytes) {
    if (character_at(text.substr(0, end), end - bytes).bytes == bytes) return end - bytes;
  }
  return end - 1;
}

}  // namespace

std::string_view strip(std::string_view text, StripSide side,
                       std::optional<std::string_view> chars) {
  std::vector<std::int32_t> set;
  if (chars) {
    for (std::string_view c : characters(*chars)) set.push_back(character_at(c, 0).code);
    std::sort(set.begin(), set.end());
  }
  const auto strips = [&](std::int32_t code) {
    return chars ? std::binary_search(set.begin(), set.end(), code) : is_space(code);
  };
  if (side != StripSide::right) {
    while (!text.empty()) {
      const Character c = character_at(text, 0);
      if (!strips(c.code)) break;
      text.remove_prefix(c.bytes);
    }
  }
  if (side != StripSide::left) {
    while (!text.empty()) {
      const std::size_t start = previous_start(text, text.size());
      if (!strips(character_at(text, start).code)) break;
      text = text.substr(0, start);
    }
  }
  return text;
}

std::size_t find_text(std::string_view text, std::string_view needle, std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (needle.empty()) return from;
  // memmem is linear in the worst case too; std::string_view::find is not. Windows that grow keep
  // the cost near the distance to the match where a checker looks at all that memmem is given.
  const std::size_t overlap = needle.size() - 1;
  for (std::size_t window = std::max<std::size_t>(256, needle.size()); text.size() - from > overlap;
       window *= 2) {
    const std::size_t length = std::min(text.size() - from, window + overlap);
    const void* at = memmem(text.data() + from, length, needle.data(), needle.size());
    if (at != nullptr) {
      return static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
    }
    from += length - overlap;
  }
  return std::string_view::npos;
}

std::vector<std::string_view> split_whitespace(std::string_view text, std::int64_t limit) {
  std::vector<std::string_view> parts;
  text = strip(text, StripSide::left);
  while (!text.empty()) {
    if (limit >= 0 && static_cast<std::int64_t>(parts.size()) >= limit) {
      // Python keeps the rest whole but drops the whitespace at its end.
      parts.push_back(strip(text, StripSide::right));
      break;
    }
    std::size_t end = 0;
    while (end < text.size()) {
      const Character c = character_at(text, end);
      if (is_space(c.code)) break;
      end += c.bytes;
    }
    parts.push_back(text.substr(0, end));
    text = strip(text.substr(end), StripSide::left);
  }
  return parts;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator,
                                    std::int64_t limit) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) < limit) {
    const std::size_t at = find_text(text, separator, start);
    if (at == std::string_view::npos) break;
    parts.push_back(text.substr(start, at - start));
    start = at + separator.size();
  }
  parts.push_back(text.substr(start));
  return parts;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  const auto ends_line = [](std::int32_t code) {
    return (code >= 0x0A && code <= 0x0D) || (code >= 0x1C && code <= 0x1E) || code == 0x85 ||
           code == 0x2028 || code == 0x2029;
  };
  std::vector<std::string_view> lines;
  std::size_t start = 0;
  for (std::size_t pos = 0; pos < text.size();) {
    const Character c = character_at(text, pos);
    const std::size_t at = pos;
    pos += c.bytes;
    if (!ends_line(c.code)) continue;
    if (c.code == '\r' && pos < text.size() && text[pos] == '\n') ++pos;
    lines.push_back(text.substr(start, at - start));
    start = pos;
  }
  if (start < text.size()) lines.push_back(text.substr(start));
  return lines;
}

std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::int64_t limit) {
  std::string out;
  std::int64_t done = 0;
  const auto may_go_on = [&] { return limit < 0 || done < limit; };
  std::size_t pos = 0;
  if (from.empty()) {  // between all characters, and at both ends
    for (; may_go_on(); ++done) {
      out.append(to);
      if (pos == text.size()) return out;
      const std::size_t bytes = character_at(text, pos).bytes;
      out.append(text.substr(pos, bytes));
      pos += bytes;
    }
    return out.append(text.substr(pos));
  }
  for (; may_go_on(); ++done) {
    const std::size_t at = find_text(text, from, pos);
    if (at == std::string_view::npos) break;
    out.append(text.substr(pos, at - pos)).append(to);
    pos = at + from.size();
  }
  return out.append(text.substr(pos));
}

}  // namespace assay::jinja
