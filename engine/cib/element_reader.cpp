#include "engine/cib/element_reader.h"

#include <algorithm>

namespace fencepost::cib::mapping {
namespace {

class StringWriter : public pugi::xml_writer {
 public:
  void write(const void* data, std::size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
  std::string text;
};

std::string xml_of(pugi::xml_node element) {
  StringWriter writer;
  element.print(writer, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return std::move(writer.text);
}

std::string described(pugi::xml_node element) {
  std::string text = "<" + std::string(element.name()) + ">";
  if (const auto id = element.attribute("id")) text += " '" + std::string(id.value()) + "'";
  return text;
}

pugi::xml_node next_in_document(pugi::xml_node node) {
  if (node.first_child()) return node.first_child();
  while (node && !node.next_sibling()) node = node.parent();
  return node.next_sibling();
}

// Kept, written back, and of no consequence to anybody: not worth telling.
bool is_bookkeeping(pugi::xml_node element, std::string_view attribute) {
  static constexpr std::string_view kOfCib[] = {"cib-last-written", "update-origin",   "update-client",
                                                "update-user",      "remote-tls-port", "remote-clear-port"};
  static constexpr std::string_view kOfNodeState[] = {"ha", "shutdown", "clear_shutdown"};
  const std::string_view tag = element.name();
  if (tag == "cib") return std::ranges::find(kOfCib, attribute) != std::end(kOfCib);
  if (tag == "node_state") return std::ranges::find(kOfNodeState, attribute) != std::end(kOfNodeState);
  return attribute == "id" || attribute == "description";
}

// Far more than any CIB has, and few enough that references to references cannot blow it up.
constexpr int kReferencesMax = 100'000;

}  // namespace

pugi::xml_node Reading::referred(pugi::xml_node element) {
  if (by_name.empty()) {
    for (auto node = root; node; node = next_in_document(node)) {
      if (const auto id = node.attribute("id")) by_name.try_emplace({node.name(), id.value()}, node);
    }
  }
  if (++references > kReferencesMax && !too_deep) too_deep = element;
  if (too_deep) return {};
  const auto target = by_name.find({element.name(), element.attribute("id-ref").value()});
  if (target != by_name.end()) return target->second;
  problems.push_back({Severity::error, where(element),
                      "id-ref=\"" + std::string(element.attribute("id-ref").value()) + "\" names no <" +
                          element.name() + ">: give that id to one, or correct the reference"});
  return {};
}

void ElementReader::odd_number(const char* name, std::string_view text) {
  reading_.problems.push_back({Severity::error, reading_.where(element_),
                               std::string(name) + "=\"" + std::string(text) + "\" in " +
                                   described(element_) + " is no whole number: write digits alone"});
}

bool ElementReader::is_whole_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

bool ElementReader::has_taken_twin(pugi::xml_attribute attribute) const {
  return std::ranges::any_of(element_.attributes(), [this, attribute](pugi::xml_attribute other) {
    return taken(other) && std::string_view(other.name()) == attribute.name();
  });
}

void ElementReader::given_twice(pugi::xml_attribute attribute) {
  reading_.problems.push_back({Severity::error, reading_.where(element_),
                               "attribute '" + std::string(attribute.name()) + "' of " + described(element_) +
                                   " is given twice: take one of them out"});
}

void ElementReader::finish_attributes(Extras* extras) {
  const auto all = element_.attributes();
  if (others_taken_ || static_cast<std::size_t>(std::distance(all.begin(), all.end())) == taken_.size) return;
  for (const auto attribute : element_.attributes()) {
    if (taken(attribute)) continue;
    const std::string what = "attribute '" + std::string(attribute.name()) + "' of " + described(element_);
    if (has_taken_twin(attribute) || (extras && extras->attribute(attribute.name()))) {
      given_twice(attribute);
      continue;
    }
    if (extras) extras->attributes.push_back({attribute.name(), attribute.value()});
    if (!is_bookkeeping(element_, attribute.name())) {
      reading_.not_modelled.push_back({reading_.where(element_), what});
    }
  }
}

bool ElementReader::was_read(pugi::xml_node child) const {
  const std::string_view tag = child.name();
  const auto is_named = [tag](const char* name) { return tag == name; };
  if (std::any_of(every_.begin(), every_.end(), is_named) || (adopts_ && adopts_(tag))) return true;
  return std::any_of(first_.begin(), first_.end(), is_named) && contents_.child(child.name()) == child;
}

void ElementReader::finish_children(Extras* extras) {
  for (const auto child : contents_.children()) {
    if (child.type() != pugi::node_element || was_read(child)) continue;
    if (extras) extras->elements.push_back(xml_of(child));
    reading_.not_modelled.push_back(
        {reading_.where(child), "element " + described(child) + " in " + described(element_)});
  }
}

}  // namespace fencepost::cib::mapping
