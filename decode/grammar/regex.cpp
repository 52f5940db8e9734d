#include "decode/grammar/regex.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/text.h"
#include "core/utf8.h"
#include "decode/grammar/characters.h"

namespace assay::grammar {
namespace {

/// Why a pattern cannot be used; caught in matching_string.
class PatternError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

const CodePoints kDigits = {{'0', '9'}};
const CodePoints kWord = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const CodePoints kSpace = {{'\t', '\r'}, {' ', ' '}};
const CodePoints kNotDigits = {{'!', '/'}, {':', '~'}};
const CodePoints kNotWord = {{' ', '/'}, {':', '@'}, {'[', '^'}, {'`', '`'}, {'{', '~'}};
const CodePoints kNotSpace = {{'!', '~'}};
const CodePoints kLineEnds = {{'\n', '\n'}, {'\r', '\r'}, {0x85, 0x85}, {0x2028, 0x2029}};

class PatternParser {
 public:
  PatternParser(JsonRules& rules, std::string_view pattern) : rules_(rules), rest_(pattern) {}

  Sequence parse() {
    std::vector<Sequence> branches;
    do {
      branches.push_back(branch());
    } while (take('|'));
    if (!rest_.empty()) throw PatternError{"an unmatched ')'"};
    return rules_.grammar().any_of(std::move(branches));
  }

 private:
  /// One of the outermost alternatives: with its anchors, or anything around it.
  Sequence branch() {
    Grammar& g = rules_.grammar();
    const Sequence anything = g.repeat(rules_.character(), 0, -1);
    const bool from_start = take('^');
    Sequence out = terms(0);
    const bool to_end = take('$');
    if (!from_start) out = joined({anything, out});
    if (!to_end) out = joined({out, anything});
    return out;
  }

  Sequence terms(int depth) {
    if (depth > kMaxPatternDepth) throw PatternError{"groups nested too deep"};
    Sequence out;
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      if (rest_.front() == '$' && depth == 0) {
        if (rest_.size() == 1 || rest_[1] == '|') return out;
        throw PatternError{"'$' before the end"};
      }
      out = joined({out, counted(atom(depth))});
      if (rules_.grammar().too_large()) throw PatternError{"counts that make it too large"};
    }
    return out;
  }

  Sequence atom(int depth) {
    Grammar& g = rules_.grammar();
    const char c = rest_.front();
    if (c == '(') return group(depth);
    if (c == '^' || c == '$') throw PatternError{fmt::format("'{}' in the middle", c)};
    if (c == '*' || c == '+' || c == '?') throw PatternError{fmt::format("a '{}' with nothing", c)};
    if (c == '[') return json_characters(g, char_class());
    if (take('.')) return json_characters(g, complement(kLineEnds));
    if (c == '\\') return json_characters(g, escape());
    const char32_t one = character();
    return json_characters(g, {{one, one}});
  }

  Sequence group(int depth) {
    take('(');
    if (take('?')) {
      if (!take(':')) throw PatternError{"'(?' that is no plain group"};
    }
    std::vector<Sequence> branches;
    do {
      branches.push_back(terms(depth + 1));
    } while (take('|'));
    if (!take(')')) throw PatternError{"a '(' without its ')'"};
    return rules_.grammar().any_of(std::move(branches));
  }

  Sequence counted(const Sequence& sequence) {
    Grammar& g = rules_.grammar();
    std::pair<int, int> times = {1, 1};
    if (take('*')) {
      times = {0, -1};
    } else if (take('+')) {
      times = {1, -1};
    } else if (take('?')) {
      times = {0, 1};
    } else if (!rest_.empty() && rest_.front() == '{') {
      times = braces();
    } else {
      return sequence;
    }
    take('?');  // the least or the most of it: the same texts
    if (!rest_.empty() && (rest_.front() == '*' || rest_.front() == '+' || rest_.front() == '{')) {
      throw PatternError{"a count of a count"};
    }
    return g.repeat(sequence, times.first, times.second);
  }

  /// {m}, {m,} or {m,n}
  std::pair<int, int> braces() {
    take('{');
    const int least = count();
    int most = least;
    if (take(',')) most = !rest_.empty() && rest_.front() == '}' ? -1 : count();
    if (!take('}') || (most >= 0 && most < least)) throw PatternError{"a damaged {count}"};
    return {least, most};
  }

  int count() {
    int value = 0;
    const auto parsed = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (parsed.ec != std::errc() || value < 0) throw PatternError{"a damaged {count}"};
    if (value > kMaxPatternRepeat) {
      throw PatternError{fmt::format("a count above {}", kMaxPatternRepeat)};
    }
    rest_.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest_.data()));
    return value;
  }

  CodePoints char_class() {
    take('[');
    const bool negated = take('^');
    CodePoints set;
    while (!rest_.empty() && rest_.front() != ']') {
      const CodePoints first = class_member();
      const bool is_range = rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']';
      if (!is_range) {
        set.insert(set.end(), first.begin(), first.end());
        continue;
      }
      take('-');
      const CodePoints last = class_member();
      const bool single = first.size() == 1 && first[0].first == first[0].second &&
                          last.size() == 1 && last[0].first == last[0].second;
      if (!single || last[0].first < first[0].first) throw PatternError{"a damaged range in []"};
      set.emplace_back(first[0].first, last[0].first);
    }
    if (!take(']')) throw PatternError{"a '[' without its ']'"};
    return negated ? complement(set) : normalised(std::move(set));
  }

  CodePoints class_member() {
    if (rest_.empty()) throw PatternError{"a '[' without its ']'"};
    if (rest_.front() == '\\') {
      if (rest_.size() > 1 && rest_[1] == 'b') {
        rest_.remove_prefix(2);
        return {{'\b', '\b'}};
      }
      return escape();
    }
    const char32_t one = character();
    return {{one, one}};
  }

  CodePoints escape() {
    take('\\');
    if (rest_.empty()) throw PatternError{"a '\\' at the end"};
    const char c = rest_.front();
    const auto one = [&](char32_t value) {
      rest_.remove_prefix(1);
      return CodePoints{{value, value}};
    };
    switch (c) {
      case 'd':
        return shorthand(kDigits);
      case 'D':
        return shorthand(kNotDigits);
      case 'w':
        return shorthand(kWord);
      case 'W':
        return shorthand(kNotWord);
      case 's':
        return shorthand(kSpace);
      case 'S':
        return shorthand(kNotSpace);
      case 'n':
        return one('\n');
      case 'r':
        return one('\r');
      case 't':
        return one('\t');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case 'x':
        return hex(2);
      case 'u':
        return hex(4);
      default:
        break;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) throw PatternError{fmt::format("'\\{}'", c)};
    const char32_t value = character();
    return {{value, value}};
  }

  CodePoints shorthand(const CodePoints& set) {
    rest_.remove_prefix(1);
    return set;
  }

  CodePoints hex(std::size_t digits) {
    rest_.remove_prefix(1);
    std::uint32_t value = 0;
    const std::string_view text = rest_.substr(0, digits);
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.size() != digits || parsed.ptr != text.data() + digits) {
      throw PatternError{"a damaged hexadecimal escape"};
    }
    if (value >= 0xD800 && value <= 0xDFFF) throw PatternError{"a surrogate"};
    rest_.remove_prefix(digits);
    return {{value, value}};
  }

  char32_t character() {
    const Utf8Step step = utf8_step(rest_);
    if (step.status != Utf8Status::character) throw PatternError{"bytes that are no UTF-8"};
    rest_.remove_prefix(step.bytes);
    return step.code_point;
  }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  JsonRules& rules_;
  std::string_view rest_;
};

}  // namespace

Result<Sequence> matching_string(JsonRules& rules, std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    return failure(ErrorKind::usage,
                   fmt::format("a pattern of more than {} bytes", kMaxPatternBytes));
  }
  try {
    return rules.quoted(PatternParser(rules, pattern).parse());
  } catch (const PatternError& error) {
    return failure(ErrorKind::usage, fmt::format("the pattern '{}' has {}, which is not supported",
                                                 name_for_message(pattern), error.what()));
  }
}

}  // namespace assay::grammar
