#include "evals/chain/regions.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/ascii.h"

namespace assay::chain {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Formulas are short: a delimiter whose partner is farther away than this opens nothing.
constexpr std::size_t max_formula_bytes = 20'000;

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<Region> run() {
    std::size_t at = 0;
    while ((at = text_.find_first_of("$\\`", at)) != npos) {
      if (const auto region = region_at(at)) {
        close_prose(at);
        out_.push_back(*region);
        at = region->span.end;
        prose_ = at;
      } else {
        // An escaped character opens nothing.
        at += text_[at] == '\\' ? 2 : run_length(at);
      }
    }
    close_prose(text_.size());
    return std::move(out_);
  }

 private:
  void close_prose(std::size_t end) {
    if (end > prose_) out_.push_back({RegionKind::prose, {prose_, end}, {prose_, end}});
  }

  std::size_t run_length(std::size_t at) const {
    const std::size_t end = text_.find_first_not_of(text_[at], at);
    return (end == npos ? text_.size() : end) - at;
  }

  std::optional<Region> region_at(std::size_t at) {
    const std::string_view rest = text_.substr(at);
    if (rest[0] == '`') return code_at(at, rest);
    if (rest.starts_with("$$")) return enclosed(RegionKind::math, at, "$$", "$$");
    if (rest[0] == '$') return inline_dollar(at);
    if (rest.starts_with("\\(")) return enclosed(RegionKind::math, at, "\\(", "\\)");
    if (rest.starts_with("\\[")) return enclosed(RegionKind::math, at, "\\[", "\\]");
    if (rest.starts_with("\\begin{")) return environment(at);
    return std::nullopt;
  }

  std::optional<Region> code_at(std::size_t at, std::string_view rest) {
    if (!rest.starts_with("```")) {
      const auto inline_code = enclosed(RegionKind::code, at, "`", "`");
      if (!inline_code || slice(text_, inline_code->body).find('\n') != npos) return std::nullopt;
      return inline_code;
    }
    const std::size_t close = text_.find("```", at + 3);
    const std::size_t body_end = close == npos ? text_.size() : close;
    const std::size_t end = close == npos ? text_.size() : close + 3;
    return Region{RegionKind::code, {at, end}, {at + 3, body_end}};
  }

  std::optional<Region> enclosed(RegionKind kind, std::size_t at, std::string_view open,
                                 std::string_view close) {
    const std::size_t begin = at + open.size();
    // The next occurrence is remembered: however many delimiters nobody closes, each search starts
    // where the last one ended.
    std::size_t& next = next_close_.try_emplace(std::string(close), 0).first->second;
    if (next != npos && next < begin) next = text_.find(close, begin);
    const std::size_t end = next;
    if (end == npos || end - begin > max_formula_bytes) return std::nullopt;
    return Region{kind, {at, end + close.size()}, {begin, end}};
  }

  std::optional<Region> inline_dollar(std::size_t at) const {
    const std::size_t begin = at + 1;
    if (begin >= text_.size() || is_blank(text_[begin])) return std::nullopt;
    const std::size_t limit = std::min(text_.size(), begin + max_formula_bytes);
    for (std::size_t i = begin; i < limit; ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '\n' && i + 1 < limit && text_[i + 1] == '\n') {
        return std::nullopt;
      } else if (text_[i] == '$') {
        // "$5 and $6": the second one follows a blank, or a digit follows it.
        const bool price = is_blank(text_[i - 1]) ||
                           (i + 1 < text_.size() && text_[i + 1] >= '0' && text_[i + 1] <= '9');
        if (price || i == begin) return std::nullopt;
        return Region{RegionKind::math, {at, i + 1}, {begin, i}};
      }
    }
    return std::nullopt;
  }

  std::optional<Region> environment(std::size_t at) {
    constexpr std::size_t longest_name = 32;
    const std::size_t begin = at + std::string_view("\\begin{").size();
    const std::size_t brace = text_.find('}', begin);
    if (brace == npos || brace - begin > longest_name) return std::nullopt;
    const std::string close = "\\end{" + std::string(text_.substr(begin, brace - begin)) + "}";
    return enclosed(RegionKind::math, at, text_.substr(at, brace + 1 - at), close);
  }

  std::string_view text_;
  std::vector<Region> out_;
  std::size_t prose_ = 0;
  std::map<std::string, std::size_t, std::less<>> next_close_;
};

}  // namespace

std::vector<Region> regions_of(std::string_view text) {
  return Splitter(text).run();
}

}  // namespace assay::chain
