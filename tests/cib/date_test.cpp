// The expected values are what the command iso8601 of Pacemaker 2.1.5 says.
#include "engine/cib/date.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <limits>
#include <string>

using namespace fencepost;
using namespace fencepost::cib;

namespace {

const WallSeconds kNow{1'795'358'792};  // 2026-11-22 14:46:32Z

std::string read_back(std::string_view text) {
  const auto time = parse_date(text, kNow);
  return time ? to_iso8601(*time) : "no date";
}

}  // namespace

TEST_CASE("date: by month, by day of the year, by week, and without hyphens", "[cib]") {
  for (const char* text : {"2019-09-23", "20190923", "2019-266", "2019-W39-1", "2019-9-23", "2019-09-23X"}) {
    INFO(text);
    CHECK(read_back(text) == "2019-09-23 00:00:00Z");
  }
  CHECK(read_back("2020-W53-7") == "2021-01-03 00:00:00Z");
  CHECK(read_back("2019-W1-1") == "2018-12-31 00:00:00Z");
  CHECK(read_back("epoch") == "1970-01-01 00:00:00Z");
}

TEST_CASE("date: a time may follow, and a zone only after a blank", "[cib]") {
  CHECK(read_back("2019-09-23T12:30") == "2019-09-23 12:30:00Z");
  CHECK(read_back("2019-09-23 123005") == "2019-09-23 12:30:05Z");
  CHECK(read_back("2019-09-23 24:00:00") == "2019-09-24 00:00:00Z");
  CHECK(read_back("2019-09-23 12:00:00 +02:00") == "2019-09-23 10:00:00Z");
  CHECK(read_back("2019-09-23 12:00:00 -5") == "2019-09-23 17:00:00Z");
  CHECK(read_back("2019-09-23T12:00:00+02:00") == "2019-09-23 12:00:00Z");
  CHECK(read_back("2019-09-23 12:00:00 EST") == "2019-09-23 12:00:00Z");
}

TEST_CASE("date: a time alone means today", "[cib]") {
  CHECK(read_back("T12:00") == "2026-11-22 12:00:00Z");
  CHECK(read_back("24:00") == "2026-11-23 00:00:00Z");
}

TEST_CASE("date: what is none", "[cib]") {
  for (const char* text : {"", "garbage", "2019", "2019-13-01", "2019-02-30", "2019-366", "2019-000",
                           "2019-W53-1", "2019-W39", "2019-09-23 25:00:00", "2019-09-23 12:00:60",
                           "2019-09-23 junk", "1569240000", "2019-09-23 12:00:00 +25:00"}) {
    INFO(text);
    CHECK(read_back(text) == "no date");
  }
}

TEST_CASE("date: a month added to the 31st ends on the last day there is", "[cib]") {
  const auto start = parse_date("2020-01-31 06:00:00", kNow);
  REQUIRE(start);
  CHECK(to_iso8601(*add(*start, {.months = 1})) == "2020-02-29 06:00:00Z");
  CHECK(to_iso8601(*add(*start, {.years = 1, .weeks = 1, .seconds = 1})) == "2021-02-07 06:00:01Z");
  CHECK_FALSE(add(*start, {.years = 999'999'999}));
}

TEST_CASE("date: writing and reading one gives it back", "[cib]") {
  CHECK(rc::check("any second of three thousand years", [] {
    const WallSeconds time{*rc::gen::inRange<std::int64_t>(-30'000'000'000, 60'000'000'000)};
    RC_ASSERT(parse_date(to_iso8601(time), kNow) == time);
  }));
}

TEST_CASE("calendar: the far end of time is a day like any other", "[cib]") {
  CHECK(calendar({std::numeric_limits<std::int64_t>::max()}).year > 30'000);
  CHECK(calendar({std::numeric_limits<std::int64_t>::min()}).year < 0);
  CHECK(parse_iso_duration("P999999999M999999999M") == std::nullopt);
}

TEST_CASE("calendar: weeks belong to the year of their Thursday", "[cib]") {
  const CalendarTime day = calendar(*parse_date("2021-01-03", kNow));
  CHECK(day.week_year == 2020);
  CHECK(day.week == 53);
  CHECK(day.weekday == 7);
  CHECK(day.day_of_year == 3);
}
