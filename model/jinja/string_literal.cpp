#include "model/jinja/string_literal.h"

#include <fmt/core.h>

#include <charconv>

#include "model/jinja/budget.h"
#include "model/jinja/text.h"

namespace assay::jinja {
namespace {

class Unescaper {
 public:
  Unescaper(std::string_view literal, int line) : literal_(literal), line_(line) {}

  std::string run() {
    while (pos_ < literal_.size()) {
      const char c = literal_[pos_++];
      if (c == '\\' && pos_ < literal_.size()) {
        escape(literal_[pos_++]);
      } else {
        out_.push_back(c);
      }
    }
    return std::move(out_);
  }

 private:
  void escape(char c) {
    static constexpr std::string_view kNames = "\\'\"abfnrtv";
    static constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
    if (const auto at = kNames.find(c); at != std::string_view::npos) {
      out_.push_back(kMeanings[at]);
    } else if (c == '\n') {
      return;  // a line joined with the next
    } else if (c >= '0' && c <= '7') {
      octal();
    } else if (c == 'x') {
      hexadecimal(2);
    } else if (c == 'u') {
      hexadecimal(4);
    } else if (c == 'U') {
      hexadecimal(8);
    } else if (c == 'N') {
      throw TemplateError{line_, "the escape \\N{...} is not supported"};
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      throw TemplateError{line_, "a backslash before a character outside ASCII is not supported"};
    } else {
      out_.push_back('\\');
      out_.push_back(c);
    }
  }

  void octal() {
    std::int32_t code = 0;
    --pos_;
    for (int i = 0;
         i < 3 && pos_ < literal_.size() && literal_[pos_] >= '0' && literal_[pos_] <= '7'; ++i) {
      code = code * 8 + (literal_[pos_++] - '0');
    }
    append_character(out_, code);
  }

  void hexadecimal(std::size_t digits) {
    const std::string_view text = literal_.substr(pos_, digits);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code, 16);
    const bool complete = text.size() == digits && end == text.data() + text.size();
    if (error != std::errc() || !complete || code > 0x10FFFF ||
        (code >= 0xD800 && code <= 0xDFFF)) {
      throw TemplateError{line_, fmt::format("'{}' is no code point of an escape", text)};
    }
    append_character(out_, static_cast<std::int32_t>(code));
    pos_ += digits;
  }

  std::string_view literal_;
  int line_;
  std::size_t pos_ = 0;
  std::string out_;
};

}  // namespace

std::string unescape(std::string_view literal, int line) {
  return Unescaper(literal, line).run();
}

}  // namespace assay::jinja
