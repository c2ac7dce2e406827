#include "reporters/secrets.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace fencepost::reporters {
namespace {

constexpr std::string_view kStars = "********";

// passwd, password, admin_password, community, secret_token, api_key …
bool is_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kParts = {"pass", "secret", "community", "token", "key"};
  return !name.starts_with("CRM_meta_") &&
         std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

struct Attribute {
  std::string_view name;
  std::size_t from = 0, size = 0;  // of the value
};

// The next attribute of the tag that ends before `end`, from `at` on. Values are escaped, so a quote ends
// one.
std::optional<Attribute> next_attribute(std::string_view xml, std::size_t at, std::size_t end) {
  const std::size_t equals = xml.find("=\"", at);
  if (equals == std::string_view::npos || equals >= end) return std::nullopt;
  const std::size_t name = xml.rfind(' ', equals) + 1;
  const std::size_t close = xml.find('"', equals + 2);
  if (close == std::string_view::npos) return std::nullopt;
  return Attribute{xml.substr(name, equals - name), equals + 2, close - equals - 2};
}

// Where the secrets of a tag are, last first.
std::vector<std::pair<std::size_t, std::size_t>> secrets_in(std::string_view xml, std::size_t begin,
                                                            std::size_t end, bool nvpair) {
  std::vector<std::pair<std::size_t, std::size_t>> places;
  bool named_secret = false;
  std::optional<Attribute> value;
  std::size_t at = begin;
  while (const auto each = next_attribute(xml, at, end)) {
    at = each->from + each->size + 1;
    if (nvpair && each->name == "name") named_secret = is_secret(xml.substr(each->from, each->size));
    if (nvpair && each->name == "value") value = each;
    if (!nvpair && is_secret(each->name)) places.insert(places.begin(), {each->from, each->size});
  }
  if (named_secret && value) places.emplace_back(value->from, value->size);
  return places;
}

}  // namespace

std::string without_secrets(std::string xml) {
  for (const std::string_view tag : {std::string_view("<nvpair "), std::string_view("<attributes ")}) {
    for (std::size_t at = xml.find(tag); at != std::string::npos; at = xml.find(tag, at + 1)) {
      const std::size_t end = std::min(xml.find('>', at), xml.size());
      for (const auto& [from, size] : secrets_in(xml, at, end, tag == "<nvpair "))
        xml.replace(from, size, kStars);
    }
  }
  return xml;
}

}  // namespace fencepost::reporters
