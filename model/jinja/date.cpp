// strftime, in English whatever the locale, of a date that the caller fixed.
#include <fmt/core.h>

#include <array>
#include <charconv>
#include <chrono>

#include "model/jinja/builtins.h"

namespace assay::jinja {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  int weekday = 0;   ///< 0: Sunday
  int year_day = 0;  ///< from 1
};

// The number in `text` at [pos, pos + length); -1 if it is none.
int number_at(std::string_view text, std::size_t pos, std::size_t length) {
  if (pos + length > text.size()) return -1;
  int value = -1;
  const char* const last = text.data() + pos + length;
  const auto [end, error] = std::from_chars(text.data() + pos, last, value);
  return error == std::errc() && end == last ? value : -1;
}

Moment parse_moment(Runtime& runtime) {
  const std::string& text = runtime.date_iso();
  Moment moment;
  moment.year = number_at(text, 0, 4);
  moment.month = number_at(text, 5, 2);
  moment.day = number_at(text, 8, 2);
  if (text.size() > 10) {
    moment.hour = number_at(text, 11, 2);
    moment.minute = number_at(text, 14, 2);
    moment.second = number_at(text, 17, 2);
  }
  const auto date = std::chrono::year(moment.year) / std::chrono::month(unsigned(moment.month)) /
                    std::chrono::day(unsigned(moment.day));
  const bool sane = moment.year >= 0 && moment.month >= 1 && moment.day >= 1 && date.ok() &&
                    moment.hour >= 0 && moment.hour < 24 && moment.minute >= 0 &&
                    moment.minute < 60 && moment.second >= 0 && moment.second < 61;
  if (!sane) {
    runtime.fail(fmt::format("'{}' is no date of the form YYYY-MM-DD[THH:MM:SS]", text));
  }
  const auto days = std::chrono::sys_days(date);
  moment.weekday = static_cast<int>(std::chrono::weekday(days).c_encoding());
  moment.year_day =
      static_cast<int>((days - std::chrono::sys_days(date.year() / 1 / 1)).count()) + 1;
  return moment;
}

std::string field(Runtime& runtime, const Moment& at, char code, bool padded) {
  const auto two = [&](int value) {
    return padded ? fmt::format("{:02}", value) : fmt::format("{}", value);
  };
  const int hour12 = at.hour % 12 == 0 ? 12 : at.hour % 12;
  const auto day = static_cast<std::size_t>(at.weekday);
  const auto month = static_cast<std::size_t>(at.month - 1);
  switch (code) {
    case 'Y':
      return fmt::format("{}", at.year);
    case 'y':
      return two(at.year % 100);
    case 'm':
      return two(at.month);
    case 'd':
      return two(at.day);
    case 'e':
      return padded ? fmt::format("{:2}", at.day) : fmt::format("{}", at.day);
    case 'H':
      return two(at.hour);
    case 'I':
      return two(hour12);
    case 'M':
      return two(at.minute);
    case 'S':
      return two(at.second);
    case 'p':
      return at.hour < 12 ? "AM" : "PM";
    case 'A':
      return std::string(kDays[day]);
    case 'a':
      return std::string(kDays[day].substr(0, 3));
    case 'B':
      return std::string(kMonths[month]);
    case 'b':
      return std::string(kMonths[month].substr(0, 3));
    case 'j':
      return padded ? fmt::format("{:03}", at.year_day) : fmt::format("{}", at.year_day);
    case 'F':
      return fmt::format("{}-{:02}-{:02}", at.year, at.month, at.day);
    case 'T':
      return fmt::format("{:02}:{:02}:{:02}", at.hour, at.minute, at.second);
    case '%':
      return "%";
    default:
      runtime.fail(fmt::format("strftime_now: '%{}' is not supported",
                               code >= ' ' && code < 0x7F ? code : '?'));
  }
}

}  // namespace

std::string format_date(Runtime& runtime, std::string_view format) {
  const Moment moment = parse_moment(runtime);
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out.push_back(format[i]);
      continue;
    }
    const bool unpadded = i + 1 < format.size() && format[i + 1] == '-';
    i += unpadded ? 2 : 1;
    if (i >= format.size()) runtime.fail("strftime_now: the format ends in '%'");
    const std::string piece = field(runtime, moment, format[i], !unpadded);
    runtime.budget.build(piece.size());
    out += piece;
  }
  return out;
}

}  // namespace assay::jinja
