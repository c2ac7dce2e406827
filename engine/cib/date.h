// ISO 8601 dates as Pacemaker reads them. Always UTC unless the text says otherwise; no clock, no locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "engine/cib/values.h"

namespace fencepost::cib {

// A day in the calendar with its time of day, UTC.
struct CalendarTime {
  int year = 1970;
  int month = 1;        // 1-12
  int day = 1;          // 1-31
  int day_of_year = 1;  // 1-366
  int week_year = 1970;
  int week = 1;     // ISO 8601, 1-53
  int weekday = 4;  // 1 = Monday
  int hour = 0, minute = 0, second = 0;
  bool operator==(const CalendarTime&) const = default;
};
CalendarTime calendar(WallSeconds time);

// "epoch", 2026-11-22, 20261122, 2026-326, 2026-W47-7, each with an optional time. A time alone means today.
std::optional<WallSeconds> parse_date(std::string_view text, WallSeconds now);

// What <duration> adds to a date; months first, then the rest.
struct DateSpan {
  std::int64_t years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0;
};
std::optional<WallSeconds> add(WallSeconds start, const DateSpan& span);  // nothing if it leaves the calendar

std::string to_iso8601(WallSeconds time);  // 2026-11-22 14:46:32Z

// "PT1M30S", "P2D": how long, with Pacemaker's off-by-one (P1D is nothing, P2D is a day; PT… is exact).
std::optional<Milliseconds> parse_iso_duration(std::string_view text);

int moon_phase(const CalendarTime& time);  // 0-7

}  // namespace fencepost::cib
