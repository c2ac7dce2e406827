// Fills fields from one XML element; the reading half of mapping.h. Private to read.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <pugixml.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "engine/cib/mapping.h"
#include "engine/cib/read.h"
#include "engine/cib/text_position.h"

namespace fencepost::cib::mapping {

// What reading one document shares: where things are, and what was noticed on the way.
struct Reading {
  const std::string& file_name;
  TextPosition position;
  std::vector<NotModelled> not_modelled = {};
  std::vector<Problem> problems = {};
  pugi::xml_node root = {};
  using Name = std::pair<std::string_view, std::string_view>;  // of an element: its tag and id
  std::map<Name, pugi::xml_node> by_name = {};                 // filled by the first id-ref
  int references = 0;                                          // how many id-refs were followed
  pugi::xml_node too_deep = {};                                // the first element nested deeper than allowed

  // What an element's id-ref names; an empty node, and a problem noted, if there is no such element.
  pugi::xml_node referred(pugi::xml_node element);

  Where where(pugi::xml_node element) { return position.where(file_name, element.offset_debug()); }
};

class ElementReader {
 public:
  static constexpr bool kReading = true;
  // libxml2, which the real tools read with, goes no deeper either.
  static constexpr int kDepthMax = 256;

  ElementReader(pugi::xml_node element, Reading& reading, int depth)
      : element_(element), contents_(element), reading_(reading), depth_(depth) {}

  void text(const char* name, std::string& field) {
    if (const auto attribute = take(name)) field = attribute.value();
  }
  void text(const char* name, std::optional<std::string>& field) {
    if (const auto attribute = take(name)) field = attribute.value();
  }

  // As Pacemaker takes it: the leading whole number. An optional one that is none stays among the extras.
  template <class Number>
  void number(const char* name, Number& field) {
    const auto attribute = find(name);
    if (!attribute) return;
    const std::string_view text = attribute.value();
    const auto value = parse_integer(text);
    const bool fits = value && assign(field, *value);
    if (fits || !is_optional(field)) took(attribute);
    if (!fits || !is_whole_number(text)) odd_number(name, text);
  }

  void truth(const char* name, std::optional<bool>& field) {
    const auto attribute = find(name);
    if (!attribute) return;
    field = parse_boolean(attribute.value());
    if (field) took(attribute);
  }

  void flag(const char* name, std::optional<bool>& field) { truth(name, field); }

  void list(const char* name, std::vector<std::string>& field) {
    const auto attribute = take(name);
    std::string_view rest = attribute.value();
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (comma > 0) field.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }

  void other_attributes(std::vector<Attribute>& fields) {
    for (const auto attribute : element_.attributes()) {
      if (taken(attribute)) continue;
      others_taken_ = true;
      const bool is_twin = std::any_of(fields.begin(), fields.end(), [attribute](const Attribute& field) {
        return field.name == attribute.name();
      });
      if (is_twin || has_taken_twin(attribute)) {
        given_twice(attribute);
      } else {
        fields.push_back({attribute.name(), attribute.value()});
      }
    }
  }

  template <class T>
  void children(const char* tag, std::vector<T>& list) {
    for (auto child = contents_.child(tag); child; child = child.next_sibling(tag)) {
      read_into(child, list.emplace_back());
    }
    every_.push_back(tag);
  }

  template <class T>
  void children(const char* tag, std::vector<SharedValue<T>>& list) {
    for (auto child = contents_.child(tag); child; child = child.next_sibling(tag)) {
      T value;
      read_into(child, value);
      list.emplace_back(std::move(value));
    }
    every_.push_back(tag);
  }

  template <class T>
  void children_of_kinds(std::vector<T>& list) {
    for (const auto child : contents_.children()) {
      T value;
      if (!adopt(child.name(), value)) continue;
      with_fields_of(value, [this, child](auto& fields) { this->read_into(child, fields); });
      list.push_back(std::move(value));
    }
    adopts_ = [](std::string_view tag) {
      T value;
      return adopt(tag, value);
    };
  }

  void references(const char* tag, std::vector<std::string>& ids) {
    for (auto child = contents_.child(tag); child; child = child.next_sibling(tag)) {
      ids.emplace_back(child.attribute("id").value());
    }
    every_.push_back(tag);
  }

  template <class Body>
  void child(const char* tag, bool& present, Extras& extras, Body&& body) {
    const auto element = contents_.child(tag);
    present = static_cast<bool>(element);
    first_.push_back(tag);
    if (present) read_child(element, extras, body);
  }

  template <class Body>
  void child_of(std::initializer_list<const char*> tags, std::string& which, Extras& extras, Body&& body) {
    for (const char* tag : tags) {
      const auto element = contents_.child(tag);
      if (!element) continue;
      which = tag;
      first_.push_back(tag);
      return read_child(element, extras, body);
    }
  }

  template <class Body>
  void section(const char* tag, bool, std::vector<SectionExtras>& all_extras, Body&& body) {
    bool present = false;
    Extras extras;
    child(tag, present, extras, body);
    if (!extras.empty()) all_extras.push_back({tag, std::move(extras)});
  }

  // Keeps what map() did not ask for.
  void finish(Extras* extras) {
    finish_attributes(extras);
    finish_children(extras);
  }

  // Those are for the caller to read.
  void leave_out(std::initializer_list<const char*> tags) {
    for (const char* tag : tags) first_.push_back(tag);
  }

  template <class T>
  void read_into(pugi::xml_node element, T& value);
  template <class T>
  void read_referred(pugi::xml_node element, T& value);

 private:
  template <class Body>
  void read_child(pugi::xml_node element, Extras& extras, Body& body) {
    if (depth_ >= kDepthMax) return too_deep(element);
    ElementReader io(element, reading_, depth_ + 1);
    if (element.attribute("id-ref")) io.contents_ = reading_.referred(element);
    body(io);
    io.finish(&extras);
  }

  pugi::xml_attribute find(const char* name) { return element_.attribute(name, hint_); }
  void took(pugi::xml_attribute attribute) { taken_.push_back(attribute.internal_object()); }
  pugi::xml_attribute take(const char* name) {
    const auto attribute = find(name);
    if (attribute) took(attribute);
    return attribute;
  }
  bool taken(pugi::xml_attribute attribute) const {
    return std::find(taken_.begin(), taken_.end(), attribute.internal_object()) != taken_.end();
  }

  bool has_taken_twin(pugi::xml_attribute attribute) const;
  void given_twice(pugi::xml_attribute attribute);
  void odd_number(const char* name, std::string_view text);
  static bool is_whole_number(std::string_view text);
  template <class T>
  static constexpr bool is_optional(const T&) {
    return false;
  }
  template <class T>
  static constexpr bool is_optional(const std::optional<T>&) {
    return true;
  }

  static bool assign(int& field, std::int64_t value) {
    if (value != static_cast<int>(value)) return false;
    field = static_cast<int>(value);
    return true;
  }
  static bool assign(std::int64_t& field, std::int64_t value) {
    field = value;
    return true;
  }
  static bool assign(Milliseconds& field, std::int64_t value) {
    field = Milliseconds{value};
    return true;
  }
  static bool assign(WallSeconds& field, std::int64_t value) {
    field.since_epoch = value;
    return true;
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  static bool assign(Enum& field, std::int64_t value) {
    if (value != static_cast<int>(value)) return false;
    field = static_cast<Enum>(value);
    return true;
  }
  template <class T>
  static bool assign(std::optional<T>& field, std::int64_t value) {
    T read{};
    if (!assign(read, value)) return false;
    field = read;
    return true;
  }

  bool was_read(pugi::xml_node child) const;
  void finish_attributes(Extras* extras);
  void finish_children(Extras* extras);
  void too_deep(pugi::xml_node element) {
    if (!reading_.too_deep) reading_.too_deep = element;
  }

  // A few pointers, compared one by one; no element has more mapped attributes than fit.
  template <class T, std::size_t kCapacity>
  struct Few {
    std::array<T, kCapacity> items;
    std::size_t size = 0;
    void push_back(T item) {
      HA_ASSERT(size < kCapacity);
      items[size++] = item;
    }
    const T* begin() const { return items.data(); }
    const T* end() const { return items.data() + size; }
  };

  pugi::xml_node element_;
  pugi::xml_node contents_;  // whose children are read: another element if an id-ref says so
  pugi::xml_attribute hint_;
  Reading& reading_;
  int depth_;
  Few<const void*, 32> taken_;  // attributes
  bool others_taken_ = false;
  Few<const char*, 8> every_;  // names of children that were all read …
  Few<const char*, 8> first_;  // … and of those of which the first one was
  bool (*adopts_)(std::string_view tag) = nullptr;
};

template <class T>
void ElementReader::read_into(pugi::xml_node element, T& value) {
  if (depth_ >= kDepthMax) return too_deep(element);
  if constexpr (requires { value.line; }) value.line.number = reading_.where(element).line;
  if constexpr (requires { value.id_ref; }) {
    if (element.attribute("id-ref")) return read_referred(element, value);
  }
  ElementReader io(element, reading_, depth_ + 1);
  map(io, value);
  if constexpr (requires { value.extras; }) {
    io.finish(&value.extras);
  } else {
    io.finish(nullptr);
  }
}

// Everything comes from the element that the id-ref names, except what an nvpair has of its own.
template <class T>
void ElementReader::read_referred(pugi::xml_node element, T& value) {
  if constexpr (std::is_same_v<T, Nvpair>) {
    ElementReader io(element, reading_, depth_ + 1);
    map(io, value);
    io.finish(&value.extras);
    const auto target = reading_.referred(element);
    if (value.name.empty()) value.name = target.attribute("name").value();
    if (!value.value && target.attribute("value")) {
      value.value = target.attribute("value").value();
      value.value_is_own = false;
    }
  } else {
    const auto target = reading_.referred(element);
    if (target) {
      ElementReader io(target, reading_, depth_ + 1);
      map(io, value);
      io.finish(&value.extras);
    }
    value.id_ref = element.attribute("id-ref").value();
  }
}

}  // namespace fencepost::cib::mapping
