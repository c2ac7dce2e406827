// Prints one XML element from its fields; the writing half of mapping.h. Private to write.cpp.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cib/mapping.h"

namespace fencepost::cib::mapping {

class ElementWriter {
 public:
  static constexpr bool kReading = false;

  // Opens the element; close() ends it.
  ElementWriter(std::string& out, std::string_view tag, int indent, const Extras* extras)
      : out_(out), tag_(tag), indent_(indent), extras_(extras) {
    out_.append(static_cast<std::size_t>(indent_), ' ').append("<").append(tag_);
  }

  template <class T>
  static void whole(std::string& out, std::string_view tag, const T& value) {
    ElementWriter io(out, tag, 0, &value.extras);
    map(io, value);
    io.close();
  }

  void text(const char* name, const std::string& value) {
    if (!value.empty()) attribute(name, value);
  }
  void text(const char* name, const std::optional<std::string>& value) {
    if (value) attribute(name, *value);
  }
  void number(const char* name, std::int64_t value) { attribute(name, std::to_string(value)); }
  void number(const char* name, AgentRc value) { number(name, static_cast<int>(value)); }
  void number(const char* name, OpStatus value) { number(name, static_cast<int>(value)); }
  void number(const char* name, Milliseconds value) { number(name, value.count()); }
  void number(const char* name, WallSeconds value) { number(name, value.since_epoch); }
  template <class T>
  void number(const char* name, const std::optional<T>& value) {
    if (value) number(name, *value);
  }
  void truth(const char* name, const std::optional<bool>& value) {
    if (value) attribute(name, *value ? "true" : "false");
  }
  void flag(const char* name, const std::optional<bool>& value) {
    if (value) attribute(name, *value ? "1" : "0");
  }
  void list(const char* name, const std::vector<std::string>& values) {
    std::string joined;
    for (const std::string& value : values) joined.append(joined.empty() ? "" : ",").append(value);
    text(name, joined);
  }
  void other_attributes(const std::vector<Attribute>& attributes) {
    for (const Attribute& a : attributes) attribute(a.name, a.value);
  }

  template <class T>
  void children(const char* tag, const std::vector<T>& list) {
    for (const T& value : list) element(tag, value);
  }
  template <class T>
  void children(const char* tag, const std::vector<SharedValue<T>>& list) {
    for (const SharedValue<T>& value : list) element(tag, *value);
  }
  template <class T>
  void children_of_kinds(const std::vector<T>& list) {
    for (const T& value : list) {
      with_fields_of(value, [this, &value](const auto& fields) { this->element(tag_of(value), fields); });
    }
  }
  void references(const char* tag, const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
      child(tag, true, kNoExtras, [&id](ElementWriter& io) { io.attribute("id", id); });
    }
  }
  template <class Body>
  void child(const char* tag, bool present, const Extras& extras, Body&& body) {
    if (!present) return;
    begin_children();
    ElementWriter io(out_, tag, indent_ + kIndent, &extras);
    body(io);
    io.close();
  }
  template <class Body>
  void child_of(std::initializer_list<const char*>, const std::string& which, const Extras& extras,
                Body&& body) {
    child(which.c_str(), !which.empty(), extras, body);
  }
  template <class Body>
  void section(const char* tag, bool present, const std::vector<SectionExtras>& all_extras, Body&& body) {
    const Extras* extras = &kNoExtras;
    for (const SectionExtras& of : all_extras) {
      if (of.section == tag) extras = &of.extras;
    }
    child(tag, present || !extras->empty(), *extras, body);
  }

  template <class T>
  void element(std::string_view tag, const T& value) {
    begin_children();
    const Extras* extras = &kNoExtras;
    if constexpr (requires { value.extras; }) {
      if (!is_reference(value)) extras = &value.extras;
    }
    ElementWriter io(out_, tag, indent_ + kIndent, extras);
    io.fields(value);
    io.close();
  }

  void close() {
    if (!in_children_ && extras_->elements.empty()) {
      extra_attributes();
      out_ += "/>\n";
      return;
    }
    begin_children();
    for (const std::string& xml : extras_->elements) {
      out_.append(static_cast<std::size_t>(indent_ + kIndent), ' ').append(xml).append("\n");
    }
    out_.append(static_cast<std::size_t>(indent_), ' ').append("</").append(tag_).append(">\n");
  }

 private:
  static constexpr int kIndent = 2;
  static inline const Extras kNoExtras;

  // What an id-ref names was copied here by reading; only the id-ref is written.
  template <class T>
  static bool is_reference(const T& value) {
    if constexpr (requires { value.id_ref; } && !std::is_same_v<T, Nvpair>) {
      return !value.id_ref.empty();
    } else {
      return false;
    }
  }
  template <class T>
  void fields(const T& value) {
    if constexpr (requires { value.id_ref; }) {
      if (is_reference(value)) return attribute("id-ref", value.id_ref);
    }
    map(*this, value);
  }

  void attribute(std::string_view name, std::string_view value);
  void extra_attributes() {
    for (const Attribute& a : extras_->attributes) attribute(a.name, a.value);
  }
  void begin_children() {
    if (in_children_) return;
    extra_attributes();
    out_ += ">\n";
    in_children_ = true;
  }

  std::string& out_;
  std::string_view tag_;
  int indent_;
  const Extras* extras_;
  bool in_children_ = false;
};

}  // namespace fencepost::cib::mapping
