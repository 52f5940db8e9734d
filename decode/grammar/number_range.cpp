#include "decode/grammar/number_range.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <vector>

namespace assay::grammar {
namespace {

constexpr double kLargestBound = 1e12;
constexpr int kMostDecimals = 6;

/// Digits with a point before the last `decimals`.
class DigitRange {
 public:
  DigitRange(Grammar& grammar, int decimals) : g_(grammar), decimals_(decimals) {}

  /// All numbers from `least` to `most` (0 <= least <= most), in units of the last decimal.
  Sequence between(std::int64_t least, std::int64_t most) {
    std::vector<Sequence> ways;
    const auto shortest = static_cast<std::size_t>(decimals_) + 1;
    const std::string low = padded(least, shortest);
    const std::string high = padded(most, shortest);
    for (std::size_t n = low.size(); n <= high.size(); ++n) {
      // No leading zero but in the shortest form, whose first digit may be the 0 of "0.5".
      const std::string first = n == low.size() ? low : "1" + std::string(n - 1, '0');
      const std::string last = n == high.size() ? high : std::string(n, '9');
      ways.push_back(same_length(first, last, 0));
    }
    return g_.any_of(std::move(ways));
  }

 private:
  static std::string padded(std::int64_t value, std::size_t digits) {
    const std::string text = fmt::format("{}", value);
    return text.size() >= digits ? text : std::string(digits - text.size(), '0') + text;
  }

  /// The digit's place from the left decides whether the point stands before it.
  Sequence digit(char first, char last, std::size_t place, std::size_t length) {
    const Sequence one =
        g_.bytes(byte_range(static_cast<unsigned char>(first), static_cast<unsigned char>(last)));
    const bool point = decimals_ > 0 && place + static_cast<std::size_t>(decimals_) == length;
    return point ? joined({g_.text("."), one}) : one;
  }

  /// Any digits from the place to the end; written once for each number of them.
  Sequence any_digits(std::size_t place, std::size_t length) {
    if (place == length) return {};
    const std::size_t n = length - place;
    const auto known = any_.find(n);
    if (known != any_.end()) return known->second;
    const Sequence rest = any_digits(place + 1, length);
    return any_.emplace(n, g_.as_rule({joined({digit('0', '9', place, length), rest})}))
        .first->second;
  }

  static bool all_from(const std::string& digits, std::size_t place, char digit) {
    return digits.find_first_not_of(digit, place) == std::string::npos;
  }

  Sequence at_least(const std::string& low, std::size_t place) {
    if (all_from(low, place, '0')) return any_digits(place, low.size());
    std::vector<Sequence> ways = {
        joined({digit(low[place], low[place], place, low.size()), at_least(low, place + 1)})};
    if (low[place] < '9') {
      ways.push_back(joined({digit(static_cast<char>(low[place] + 1), '9', place, low.size()),
                             any_digits(place + 1, low.size())}));
    }
    return g_.any_of(std::move(ways));
  }

  Sequence at_most(const std::string& high, std::size_t place) {
    if (all_from(high, place, '9')) return any_digits(place, high.size());
    std::vector<Sequence> ways = {
        joined({digit(high[place], high[place], place, high.size()), at_most(high, place + 1)})};
    if (high[place] > '0') {
      ways.push_back(joined({digit('0', static_cast<char>(high[place] - 1), place, high.size()),
                             any_digits(place + 1, high.size())}));
    }
    return g_.any_of(std::move(ways));
  }

  Sequence same_length(const std::string& low, const std::string& high, std::size_t place) {
    const std::size_t length = low.size();
    if (place == length) return {};
    const char a = low[place];
    const char b = high[place];
    if (a == b) {
      return joined({digit(a, a, place, length), same_length(low, high, place + 1)});
    }
    if (all_from(low, place + 1, '0') && all_from(high, place + 1, '9')) {
      return joined({digit(a, b, place, length), any_digits(place + 1, length)});
    }
    std::vector<Sequence> ways = {joined({digit(a, a, place, length), at_least(low, place + 1)}),
                                  joined({digit(b, b, place, length), at_most(high, place + 1)})};
    if (b - a > 1) {
      ways.push_back(
          joined({digit(static_cast<char>(a + 1), static_cast<char>(b - 1), place, length),
                  any_digits(place + 1, length)}));
    }
    return g_.any_of(std::move(ways));
  }

  Grammar& g_;
  int decimals_;
  std::map<std::size_t, Sequence> any_;  ///< by how many digits are left
};

/// The bound in units of 10^-decimals, rounded inwards. From its shortest decimal text, exactly.
std::int64_t in_units(double bound, int decimals, bool up, bool excluded) {
  std::array<char, 64> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::fabs(bound),
                                     std::chars_format::fixed);
  std::string text(buffer.data(), written.ptr);
  std::size_t point = text.find('.');
  if (point == std::string::npos) {
    point = text.size();
    text += '.';
  }
  text.append(static_cast<std::size_t>(kMostDecimals), '0');
  const std::string kept =
      text.substr(0, point) + text.substr(point + 1, static_cast<std::size_t>(decimals));
  const std::string cut = text.substr(point + 1 + static_cast<std::size_t>(decimals));
  const bool exact = cut.find_first_not_of('0') == std::string::npos;
  std::int64_t units = std::stoll(kept);
  const bool negative = bound < 0;
  // Away from zero is up for positive numbers.
  if (!exact && up != negative) ++units;
  if (negative) units = -units;
  if (exact && excluded) units += up ? 1 : -1;
  return units;
}

}  // namespace

Result<Sequence> number_between(Grammar& grammar, const NumberBounds& bounds, bool integer) {
  for (const std::optional<double> bound : {bounds.least, bounds.most}) {
    constexpr double kSmallestBound = 1e-30;  // shorter than the buffer
    const double size = std::fabs(bound.value_or(0));
    if (size > kLargestBound || (size > 0 && size < kSmallestBound)) {
      return failure(ErrorKind::usage,
                     fmt::format("a bound of {} is beyond 10^12, or next to 0", *bound));
    }
  }
  std::vector<Sequence> ways;
  for (int decimals = 0; decimals <= (integer ? 0 : kMostDecimals); ++decimals) {
    const std::int64_t least =
        in_units(bounds.least.value_or(-kLargestBound), decimals, true, bounds.above_least);
    const std::int64_t most =
        in_units(bounds.most.value_or(kLargestBound), decimals, false, bounds.below_most);
    DigitRange range(grammar, decimals);
    if (std::max<std::int64_t>(least, 0) <= most) {
      ways.push_back(range.between(std::max<std::int64_t>(least, 0), most));
    }
    if (least <= std::min<std::int64_t>(most, -1)) {
      ways.push_back(
          joined({grammar.text("-"), range.between(-std::min<std::int64_t>(most, -1), -least)}));
    }
  }
  return grammar.any_of(std::move(ways));
}

}  // namespace assay::grammar
