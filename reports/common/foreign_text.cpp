#include "reports/common/foreign_text.h"

#include <array>

#include "core/text.h"

namespace assay {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string percent_encoded(std::string_view text, std::string_view characters) {
  std::string out;
  for (const char c : sanitize_for_terminal(text)) {
    if (characters.find(c) == std::string_view::npos) {
      out += c;
      continue;
    }
    constexpr std::string_view kHex = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
  }
  return out;
}

}  // namespace

std::string as_xml(std::string_view text) {
  std::string out;
  // What is left of control characters after this are tab and newline, which XML takes.
  for (const char c : sanitize_for_terminal(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += c;
    }
  }
  // The two characters of the Basic Multilingual Plane that are well-formed UTF-8 and no XML.
  out = replaced(std::move(out), "\xEF\xBF\xBE", "\xEF\xBF\xBD");
  return replaced(std::move(out), "\xEF\xBF\xBF", "\xEF\xBF\xBD");
}

std::string as_markdown_code(std::string_view text) {
  std::string out;
  for (const char c : name_for_message(text, 200)) {
    if (c == '|') {
      out += "\\|";
    } else {
      out += c == '`' ? '\'' : c;
    }
  }
  return out.empty() ? "\u2013" : "`" + out + "`";
}

std::string as_markdown(std::string_view text) {
  const std::string line = name_for_message(text, 2000);
  std::string out;
  std::string_view rest = line;
  while (!rest.empty()) {
    if (rest.front() == '@') {
      out += "\uFF20";
    } else if (rest.front() == '#') {
      out += "\uFF03";
    } else if (rest.substr(0, 3) == "://") {
      out += ": ";
    } else if (std::string_view("\\`*_{}[]<>|~!&").find(rest.front()) != std::string_view::npos) {
      out += std::string("\\") + rest.front();
    } else {
      out += rest.front();
    }
    rest.remove_prefix(1);
  }
  return out;
}

std::string as_github_message(std::string_view text) {
  return percent_encoded(text, "%\r\n");
}

std::string as_github_property(std::string_view text) {
  return percent_encoded(text, "%\r\n:,");
}

std::string for_log(std::string_view text) {
  std::string out = sanitize_for_terminal(text);
  constexpr std::array<std::array<std::string_view, 2>, 3> kStarts = {
      {{"::", ": :"}, {"##[", "## ["}, {"##vso[", "## vso["}}};
  for (const auto& [from, to] : kStarts) {
    // Again and again: ":::" would leave a pair.
    while (out.find(from) != std::string::npos) out = replaced(std::move(out), from, to);
  }
  return out;
}

}  // namespace assay
