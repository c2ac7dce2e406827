// Reads CIB text in a test, where it must be readable.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "engine/cib/date.h"
#include "engine/cib/read.h"

namespace fencepost::cib {

inline Cib cib_of(std::string_view xml) {
  const auto document = read(xml, "cib.xml");
  if (!document) FAIL(to_string(document.error()));
  return document->cib;
}

inline Configuration configuration_of(const std::string& sections) {
  return *cib_of("<configuration>" + sections + "</configuration>").configuration;
}

inline WallSeconds time_of(std::string_view date) {
  const auto time = parse_date(date, {});
  if (!time) FAIL("no date: " << date);
  return *time;
}

}  // namespace fencepost::cib
