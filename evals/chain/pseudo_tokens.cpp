#include "evals/chain/pseudo_tokens.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include "core/ascii.h"
#include "core/utf8.h"
#include "evals/chain/thresholds.h"

namespace assay::chain {
namespace {

/// The words of one sentence or line, and how many numbers and formulas with numbers stand among
/// them.
struct Sentence {
  std::vector<ByteSpan> words;
  std::size_t numbers = 0;

  /// "Row 3, column 4: 12": a line of a list, which differs from the others in its numbers.
  bool enumerates() const {
    return numbers * text_prose_words_per_number >= words.size() && numbers > 0;
  }
};

/// Numbers pieces in the order in which they first occur.
class Numbering {
 public:
  void add(std::string_view piece, ByteSpan span) {
    const auto next = static_cast<TokenId>(ids_.size());
    out_.ids.push_back(ids_.try_emplace(std::string(piece), next).first->second);
    out_.spans.push_back(span);
  }
  PseudoTokens take() { return std::move(out_); }

 private:
  std::unordered_map<std::string, TokenId> ids_;
  PseudoTokens out_;
};

std::size_t letters_end(std::string_view text, std::size_t at, std::size_t limit) {
  while (at < limit && is_letter(text[at])) ++at;
  return at;
}

std::string lower_case(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// How many of the n-grams that begin in [first, ids.size()) are distinct, as a share.
double distinct_share(const std::vector<TokenId>& ids, std::size_t first) {
  constexpr std::size_t n = text_prose_ngram_words;
  if (ids.size() < first + n) return 1;
  std::vector<std::size_t> starts;
  for (std::size_t i = first; i + n <= ids.size(); ++i) starts.push_back(i);
  const auto gram = [&](std::size_t i) { return std::span(ids).subspan(i, n); };
  std::sort(starts.begin(), starts.end(), [&](std::size_t a, std::size_t b) {
    return std::ranges::lexicographical_compare(gram(a), gram(b));
  });
  std::size_t distinct = 1;
  for (std::size_t i = 1; i < starts.size(); ++i) {
    distinct += std::ranges::equal(gram(starts[i - 1]), gram(starts[i])) ? 0 : 1;
  }
  return static_cast<double>(distinct) / static_cast<double>(starts.size());
}

/// Marks the words that lie in n-grams occurring text_prose_repeats_min times or more.
std::vector<bool> repeated_words(const std::vector<TokenId>& ids) {
  constexpr std::size_t n = text_prose_ngram_words;
  std::vector<bool> marked(ids.size(), false);
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i + n <= ids.size(); ++i) starts.push_back(i);
  const auto gram = [&](std::size_t i) { return std::span(ids).subspan(i, n); };
  std::sort(starts.begin(), starts.end(), [&](std::size_t a, std::size_t b) {
    return std::ranges::lexicographical_compare(gram(a), gram(b));
  });
  for (std::size_t first = 0; first < starts.size();) {
    std::size_t end = first + 1;
    while (end < starts.size() && std::ranges::equal(gram(starts[first]), gram(starts[end]))) ++end;
    if (end - first >= text_prose_repeats_min) {
      for (std::size_t i = first; i < end; ++i) {
        std::fill_n(marked.begin() + static_cast<std::ptrdiff_t>(starts[i]), n, true);
      }
    }
    first = end;
  }
  return marked;
}

std::optional<TextLoop> stale_prose(std::string_view text) {
  const PseudoTokens words = prose_words(text);
  const std::size_t size = words.ids.size();
  if (size < text_prose_words_min) return std::nullopt;
  const double tail = distinct_share(words.ids, size - size / tail_divisor);
  const double half = distinct_share(words.ids, size - size / 2);
  if (tail >= text_prose_distinct_min || half >= text_prose_distinct_min) return std::nullopt;
  const std::vector<bool> repeated = repeated_words(words.ids);
  const auto n = static_cast<std::size_t>(std::count(repeated.begin(), repeated.end(), true));
  if (static_cast<double>(n) < text_prose_repeated_share_min * static_cast<double>(size)) {
    return std::nullopt;
  }
  const auto first = std::find(repeated.begin(), repeated.end(), true) - repeated.begin();
  const auto last = repeated.rend() - std::find(repeated.rbegin(), repeated.rend(), true) - 1;
  TextLoop out;
  out.loop.kind = LoopKind::stale_prose;
  out.loop.where = {static_cast<std::size_t>(first), static_cast<std::size_t>(last) + 1};
  out.loop.distinct_ratio = tail;
  out.span = {words.spans[out.loop.where.begin].begin, words.spans[out.loop.where.end - 1].end};
  return out;
}

/// The end of the run of digits that begins at `at`; `at` where none begins.
std::size_t digits_end(std::string_view text, std::size_t at) {
  if (at > 0 && is_digit(text[at - 1])) return at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

/// The digits of 1/7 = 0.142857142857... are one number. A model that goes on for hundreds loops.
bool is_expansion(std::size_t digits) {
  constexpr std::size_t shortest = 40;
  constexpr std::size_t longest = 400;
  return digits >= shortest && digits <= longest;
}

}  // namespace

PseudoTokens pseudo_tokens(std::string_view text) {
  constexpr std::size_t longest_word = 40;  // "hahaha..." is no word: letter by letter
  Numbering numbering;
  std::size_t run_end = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    std::size_t end = at + 1;
    if (at < run_end) {
      // inside such a run
    } else if (const std::size_t digits = digits_end(text, at); is_expansion(digits - at)) {
      end = digits;
    } else if (is_letter(c)) {
      end = letters_end(text, at, text.size());
      if (end - at > longest_word) {
        run_end = end;
        end = at + 1;
      }
    } else if (c == '\\') {
      end = std::max(std::min(at + 2, text.size()), letters_end(text, at + 1, text.size()));
      if (end > at + 1 && static_cast<unsigned char>(text[end - 1]) >= 0x80) end = at + 1;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      end = at + utf8_step(text.substr(at)).bytes;
    }
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) numbering.add(text.substr(at, end - at), {at, end});
    at = end;
  }
  return numbering.take();
}

PseudoTokens prose_words(std::string_view text) {
  Numbering numbering;
  Sentence sentence;
  const auto finish = [&] {
    if (!sentence.enumerates()) {
      for (const ByteSpan word : sentence.words) numbering.add(lower_case(slice(text, word)), word);
    }
    sentence = {};
  };
  for (const Region& region : regions_of(text)) {
    if (region.kind != RegionKind::prose) {
      const std::string_view body = slice(text, region.body);
      const bool number = std::any_of(body.begin(), body.end(), is_digit);
      sentence.numbers += region.kind == RegionKind::math && number ? 1 : 0;
      continue;
    }
    for (std::size_t at = region.span.begin; at < region.span.end;) {
      if (is_digit(text[at])) {
        // "12:00" and "1,234.5" are one number.
        while (at < region.span.end &&
               (is_digit(text[at]) || (std::string_view(":.,").find(text[at]) != npos &&
                                       at + 1 < region.span.end && is_digit(text[at + 1])))) {
          ++at;
        }
        ++sentence.numbers;
        continue;
      }
      if (!is_letter(text[at])) {
        const bool stop = text[at] == '.' && at + 1 < text.size() && text[at + 1] == ' ';
        if (text[at] == '\n' || stop) finish();
        // A LaTeX command is no word.
        at += text[at] == '\\' ? letters_end(text, at + 1, region.span.end) - at : 1;
        continue;
      }
      const std::size_t end = letters_end(text, at, region.span.end);
      const bool word = end - at > 1 || text[at] == 'a' || text[at] == 'I';
      if (word) sentence.words.push_back({at, end});
      at = end;
    }
  }
  finish();
  return numbering.take();
}

std::optional<TextLoop> find_text_loop(std::string_view text) {
  const PseudoTokens pieces = pseudo_tokens(text);
  if (const std::optional<Loop> loop = find_loop(pieces.ids)) {
    TextLoop out;
    out.loop = *loop;
    out.span = {pieces.spans[loop->where.begin].begin, pieces.spans[loop->where.end - 1].end};
    return out;
  }
  return stale_prose(text);
}

}  // namespace assay::chain
