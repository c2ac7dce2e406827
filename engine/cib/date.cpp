#include "engine/cib/date.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "engine/base/assert.h"

namespace fencepost::cib {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kYearMax = 30'000;  // well inside what the calendar arithmetic takes

// Reads a text from the front, a piece at a time.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  std::string_view rest() const { return rest_; }
  bool at_end() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // A whole number of at most that many digits.
  std::optional<std::int64_t> number(std::size_t digits_max = 9) {
    std::int64_t value = 0;
    const std::string_view digits = rest_.substr(0, digits_max);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || value < 0) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - digits.data()));
    return value;
  }
  void skip_blanks() {
    while (take(' ')) continue;
  }

 private:
  std::string_view rest_;
};

sys_days first_of_january(std::int64_t year) {
  return std::chrono::year{static_cast<int>(year)} / std::chrono::January / 1;
}

// The Monday of the week that holds the year's first Thursday: ISO 8601's week 1.
sys_days first_week(std::int64_t year) {
  const sys_days fourth = first_of_january(year) + days{3};
  const std::chrono::weekday weekday{fourth};
  return fourth - days{weekday.iso_encoding() - 1};
}

std::int64_t weeks_in(std::int64_t year) { return (first_week(year + 1) - first_week(year)).count() / 7; }
std::int64_t days_in(std::int64_t year) {
  return (first_of_january(year + 1) - first_of_january(year)).count();
}

std::optional<sys_days> from_month_and_day(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (year < 1 || year > kYearMax || month > 12 || day > 31) return std::nullopt;
  const auto date =
      std::chrono::year{static_cast<int>(year)} / static_cast<int>(month) / static_cast<int>(day);
  if (!date.ok()) return std::nullopt;
  return sys_days{date};
}

std::optional<sys_days> from_day_of_year(std::int64_t year, std::int64_t day) {
  if (year < 1 || year > kYearMax || day < 1 || day > days_in(year)) return std::nullopt;
  return first_of_january(year) + days{day - 1};
}

std::optional<sys_days> from_week(std::int64_t year, std::int64_t week, std::int64_t weekday) {
  if (year < 1 || year > kYearMax || week < 1 || week > weeks_in(year) || weekday < 1 || weekday > 7)
    return std::nullopt;
  return first_week(year) + days{(week - 1) * 7 + weekday - 1};
}

// 2026-11-22, 20261122, 2026-326 or 2026-W47-7. What follows is not looked at.
std::optional<sys_days> parse_day(std::string_view text) {
  Scanner scanner(text);
  const auto year = scanner.number();
  if (!year) return std::nullopt;
  if (!scanner.take('-')) {
    Scanner compact(text);
    const auto y = compact.number(4);
    const auto m = compact.number(2);
    const auto d = compact.number(2);
    return y && m && d ? from_month_and_day(*y, *m, *d) : std::nullopt;
  }
  if (scanner.take('W')) {
    const auto week = scanner.number();
    if (!week || !scanner.take('-')) return std::nullopt;
    const auto weekday = scanner.number();
    return weekday ? from_week(*year, *week, *weekday) : std::nullopt;
  }
  const auto second = scanner.number();
  if (!second) return std::nullopt;
  if (!scanner.take('-')) return from_day_of_year(*year, *second);
  const auto day = scanner.number();
  return day ? from_month_and_day(*year, *second, *day) : std::nullopt;
}

// Seconds east of UTC. Only a Z or what follows a blank is a zone; other words mean the local one, here
// always UTC.
std::optional<std::int64_t> parse_zone(Scanner scanner) {
  if (!scanner.take(' ')) return 0;
  scanner.skip_blanks();
  const bool west = scanner.take('-');
  if (!west) scanner.take('+');
  const auto hours = scanner.number(2);
  if (!hours) return 0;
  scanner.take(':');
  const std::int64_t minutes = scanner.number(2).value_or(0);
  if (*hours > 23 || minutes > 59) return std::nullopt;
  const std::int64_t offset = *hours * 3600 + minutes * 60;
  return west ? -offset : offset;
}

// HH, HH:MM, HH:MM:SS, HHMM or HHMMSS, and a zone: seconds since the day began in UTC. Nothing at all is
// midnight.
std::optional<std::int64_t> parse_time_of_day(std::string_view text) {
  if (text.empty()) return 0;
  Scanner scanner(text);
  const auto hour = scanner.number(2);
  if (!hour) return std::nullopt;
  scanner.take(':');
  const std::int64_t minute = scanner.number(2).value_or(0);
  scanner.take(':');
  const std::int64_t second = scanner.number(2).value_or(0);
  const bool end_of_day = *hour == 24 && minute == 0 && second == 0;
  if ((*hour > 23 && !end_of_day) || minute > 59 || second > 59) return std::nullopt;
  const auto zone = parse_zone(scanner);
  if (!zone) return std::nullopt;
  return *hour * 3600 + minute * 60 + second - *zone;
}

WallSeconds at(sys_days day, std::int64_t second) { return {day.time_since_epoch().count() * kDay + second}; }

std::int64_t floor_days(WallSeconds time) {
  return (time.since_epoch - (((time.since_epoch % kDay) + kDay) % kDay)) / kDay;
}

}  // namespace

std::optional<WallSeconds> parse_date(std::string_view text, WallSeconds now) {
  if (text == "epoch") return WallSeconds{0};
  const bool time_only = (!text.empty() && text.front() == 'T') || (text.size() > 2 && text[2] == ':');
  const std::size_t mark = time_only && text.front() != 'T' ? 0 : text.find_first_of("T ");
  const std::string_view day_text = text.substr(0, std::min(mark, text.size()));
  std::string_view time_text = text.substr(std::min(mark, text.size()));
  if (!time_text.empty() && (time_text.front() == 'T' || time_text.front() == ' '))
    time_text.remove_prefix(1);

  const auto day = time_only ? sys_days{days{floor_days(now)}} : parse_day(day_text);
  const auto second = parse_time_of_day(time_text);
  if (!day || !second) return std::nullopt;
  return at(*day, *second);
}

CalendarTime calendar(WallSeconds time) {
  const std::int64_t far = kYearMax * 366 * kDay;  // what lies beyond shows as the end of the calendar
  time.since_epoch = std::clamp(time.since_epoch, -far, far);
  const sys_days day{days{floor_days(time)}};
  const year_month_day date{day};
  CalendarTime result;
  result.year = static_cast<int>(date.year());
  result.month = static_cast<int>(static_cast<unsigned>(date.month()));
  result.day = static_cast<int>(static_cast<unsigned>(date.day()));
  result.day_of_year = static_cast<int>((day - first_of_january(result.year)).count()) + 1;
  result.weekday = static_cast<int>(std::chrono::weekday{day}.iso_encoding());
  // The week belongs to the year that its Thursday is in.
  const sys_days thursday = day + days{4 - result.weekday};
  result.week_year = static_cast<int>(year_month_day{thursday}.year());
  result.week = static_cast<int>((thursday - first_week(result.week_year)).count() / 7) + 1;
  const auto second = static_cast<int>(time.since_epoch - at(day, 0).since_epoch);
  result.hour = second / 3600;
  result.minute = second / 60 % 60;
  result.second = second % 60;
  return result;
}

std::string to_iso8601(WallSeconds time) {
  const CalendarTime c = calendar(time);
  char text[80];
  const int length = std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02dZ", c.year, c.month,
                                   c.day, c.hour, c.minute, c.second);
  HA_ASSERT(length > 0 && length < static_cast<int>(sizeof text));
  return text;
}

std::optional<WallSeconds> add(WallSeconds start, const DateSpan& span) {
  const auto in_bounds = [](std::int64_t n) { return n >= -1'000'000'000 && n <= 1'000'000'000; };
  for (const std::int64_t n :
       {span.years, span.months, span.weeks, span.days, span.hours, span.minutes, span.seconds}) {
    if (!in_bounds(n)) return std::nullopt;
  }
  const sys_days day{days{floor_days(start)}};
  const std::int64_t second = start.since_epoch - at(day, 0).since_epoch;
  const year_month_day date{day};
  const std::int64_t month_index = static_cast<std::int64_t>(static_cast<int>(date.year())) * 12 +
                                   static_cast<unsigned>(date.month()) - 1 + span.years * 12 + span.months;
  const std::int64_t year = month_index / 12;
  if (year < 1 || year > kYearMax) return std::nullopt;
  // The 31st plus a month is the last day of a shorter month.
  const auto month = std::chrono::year{static_cast<int>(year)} / static_cast<int>(month_index % 12 + 1);
  const auto last = (month / std::chrono::last).day();
  const sys_days moved{month / std::min(date.day(), last)};
  return WallSeconds{at(moved, second).since_epoch + (span.weeks * 7 + span.days) * kDay + span.hours * 3600 +
                     span.minutes * 60 + span.seconds};
}

int moon_phase(const CalendarTime& time) {
  const int golden = time.year % 19 + 1;
  int epact = (11 * golden + 18) % 30;
  if ((epact == 25 && golden > 11) || epact == 24) ++epact;
  return (((((time.day_of_year + epact) * 6) + 11) % 177) / 22) & 7;
}

namespace {

// The parts of P1Y2M3W4DT5H6M7S; nothing if it is no duration. Months and minutes differ by the T before.
struct DurationParts {
  std::int64_t years = 0, months = 0, days = 0, seconds = 0;
};

bool add_part(DurationParts& parts, std::int64_t number, char unit, bool after_t) {
  switch (unit) {
    case 'Y':
      parts.years += number;
      return true;
    case 'M':
      (after_t ? parts.seconds : parts.months) += after_t ? number * 60 : number;
      return true;
    case 'W':
      parts.days += number * 7;
      return true;
    case 'D':
      parts.days += number;
      return true;
    case 'H':
      parts.seconds += number * 3600;
      return true;
    case 'S':
      parts.seconds += number;
      return true;
    default:
      return false;
  }
}

bool is_sane(const DurationParts& parts) {
  const auto within = [](std::int64_t n, std::int64_t most) { return n >= -most && n <= most; };
  return within(parts.years, 1'000'000'000) && within(parts.months, 1'000'000'000) &&
         within(parts.days, 7'000'000'000) && within(parts.seconds, 10'000'000'000'000);
}

std::optional<DurationParts> parse_duration_parts(std::string_view text) {
  Scanner scanner(text);
  if (!scanner.take('P') || scanner.at_end()) return std::nullopt;
  DurationParts parts;
  bool after_t = false;
  while (!scanner.at_end()) {
    if (scanner.take('T')) {
      after_t = true;
      continue;
    }
    const bool negative = scanner.take('-');
    const auto number = scanner.number();
    if (!number || scanner.at_end()) return std::nullopt;
    const char unit = scanner.rest().front();
    scanner.take(unit);
    if (!add_part(parts, negative ? -*number : *number, unit, after_t) || !is_sane(parts))
      return std::nullopt;
  }
  return parts;
}

}  // namespace

std::optional<Milliseconds> parse_iso_duration(std::string_view text) {
  const auto parts = parse_duration_parts(text);
  if (!parts) return std::nullopt;
  // Pacemaker takes the duration for a date: the years before that one, months of 30 days, the days before
  // that one.
  std::int64_t total = parts->seconds;
  if (parts->years > 1) {
    total += (first_of_january(std::min(parts->years, kYearMax)) - first_of_january(1)).count() * kDay;
  }
  if (parts->months > 0) total += parts->months * 30 * kDay;
  if (parts->days > 1) total += (parts->days - 1) * kDay;
  if (total < 0) return std::nullopt;
  return Milliseconds{total * 1000};
}

}  // namespace fencepost::cib
