// What cibadmin does to a CIB, on its XML; which element each command means was observed with the real
// cibadmin.
#include <optional>
#include <pugixml.hpp>
#include <sstream>
#include <tuple>

#include "engine/base/assert.h"
#include "engine/cib/edit.h"
#include "engine/cib/read.h"
#include "engine/cib/write.h"

namespace fencepost::cib {
namespace {

constexpr const char* kSource = "edit";

tl::unexpected<Error> refused(std::string message) { return failure({kSource, 0, 0}, std::move(message)); }

std::string described(pugi::xml_node element) {
  std::string text = "<" + std::string(element.name());
  if (const auto id = element.attribute("id")) text += " id=\"" + std::string(id.value()) + "\"";
  return text + ">";
}

bool is_same(pugi::xml_node a, pugi::xml_node b) {
  return std::string_view(a.name()) == b.name() &&
         std::string_view(a.attribute("id").value()) == b.attribute("id").value();
}

// The element of the same name and id, in the tree under `root` or `root` itself; empty if there is none.
pugi::xml_node find_same(pugi::xml_node root, pugi::xml_node wanted) {
  if (is_same(root, wanted)) return root;
  return root.find_node([wanted](pugi::xml_node node) { return is_same(node, wanted); });
}

// Attributes are set, children with an id are found and changed likewise, the rest is added.
void merge_into(pugi::xml_node target, pugi::xml_node change) {
  for (const auto attribute : change.attributes()) {
    auto own = target.attribute(attribute.name());
    if (!own) own = target.append_attribute(attribute.name());
    own.set_value(attribute.value());
  }
  for (const auto child : change.children()) {
    pugi::xml_node own;
    for (const auto candidate : target.children(child.name())) {
      if (!own && is_same(candidate, child)) own = candidate;
    }
    if (own) {
      merge_into(own, child);
    } else {
      target.append_copy(child);
    }
  }
}

bool is_too_deep(pugi::xml_node root) {
  int depth = 0;
  auto node = root;
  while (node) {
    if (node.first_child()) {
      node = node.first_child();
      if (++depth > 256) return true;
      continue;
    }
    while (node && node != root && !node.next_sibling()) {
      node = node.parent();
      --depth;
    }
    if (!node || node == root) return false;
    node = node.next_sibling();
  }
  return false;
}

void replace_by(pugi::xml_node target, pugi::xml_node replacement) {
  target.parent().insert_copy_after(replacement, target);
  target.parent().remove_child(target);
}

class Editor {
 public:
  Editor(pugi::xml_node cib, pugi::xml_node given, const Edit& edit)
      : cib_(cib), given_(given), edit_(edit) {}

  Result<bool> run() {  // whether anything was changed
    const auto start = where_to_look();
    if (!start) return tl::unexpected(start.error());
    switch (edit_.verb) {
      case Edit::Verb::create:
        return create(*start);
      case Edit::Verb::modify:
        return modify(*start);
      case Edit::Verb::replace:
        return replace(*start);
      case Edit::Verb::erase:
        return erase(*start);
    }
    return false;
  }

 private:
  // The section that scope names, the element that xpath names, or the whole CIB.
  Result<pugi::xml_node> where_to_look() {
    if (!edit_.xpath.empty()) return by_xpath();
    if (edit_.scope.empty() || edit_.scope == "cib" || edit_.scope == "all") return cib_;
    if (edit_.scope == "configuration" || edit_.scope == "status") return cib_.child(edit_.scope.c_str());
    auto section = cib_.child("configuration").child(edit_.scope.c_str());
    const bool can_be_made = edit_.scope == "rsc_defaults" || edit_.scope == "op_defaults" ||
                             edit_.scope == "tags" || edit_.scope == "fencing-topology" ||
                             edit_.scope == "acls" || edit_.scope == "alerts";
    if (!section && can_be_made) section = cib_.child("configuration").append_child(edit_.scope.c_str());
    if (!section)
      return refused("there is no section '" + edit_.scope + "' in a CIB: use resources, constraints, …");
    return section;
  }

  Result<pugi::xml_node> by_xpath() {
    try {
      return cib_.root().select_node(edit_.xpath.c_str()).node();
    } catch (const pugi::xpath_exception& problem) {
      return refused("'" + edit_.xpath + "' is no XPath expression (" + problem.what() + "): correct it");
    }
  }

  Result<bool> create(pugi::xml_node section) {
    if (section == cib_ || !section)
      return refused("creating needs to know where: name the section, such as resources");
    const bool is_section = std::string_view(given_.name()) == section.name();
    if (!is_section) return create_one(section, given_);
    for (const auto child : given_.children()) {
      const auto created = create_one(section, child);
      if (!created) return created;
    }
    return true;
  }

  static Result<bool> create_one(pugi::xml_node section, pugi::xml_node element) {
    for (const auto there : section.children(element.name())) {
      if (is_same(there, element))
        return refused(described(element) + " exists already: modify or replace it");
    }
    section.append_copy(element);
    return true;
  }

  Result<bool> modify(pugi::xml_node start) {
    const auto target = edit_.xpath.empty() ? find_same(start, given_) : start;
    if (target) {
      merge_into(target, given_);
      return true;
    }
    if (!edit_.allow_create || start == cib_ || !start) return missing();
    start.append_copy(given_);
    return true;
  }

  Result<bool> replace(pugi::xml_node start) {
    const auto target = edit_.xpath.empty() ? find_same(start, given_) : start;
    if (!target) return missing();
    replace_by(target, given_);
    return true;
  }

  // What is not there need not be taken out.
  Result<bool> erase(pugi::xml_node start) {
    const auto target = edit_.xpath.empty() ? find_same(start, given_) : start;
    if (!target) return false;
    if (target == cib_) return refused("the whole CIB cannot be taken out: replace it");
    target.parent().remove_child(target);
    return true;
  }

  Result<bool> missing() {
    const std::string what = edit_.xpath.empty() ? described(given_) : "'" + edit_.xpath + "'";
    return refused(what + " is not in the CIB: check its name and id");
  }

  pugi::xml_node cib_;
  pugi::xml_node given_;
  const Edit& edit_;
};

std::string text_of(const pugi::xml_document& dom) {
  std::ostringstream text;
  dom.save(text, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return text.str();
}

bool is_newer_or_same(const Version& version, const Version& than) { return version >= than; }

// The version of the CIB after the edit: people's own, if they gave one, or counted up.
void settle_version(Cib& edited, const Cib& before) {
  if (edited.version != before.version) return;
  const bool same = *edited.configuration == *before.configuration;
  if (same) {
    status_changed(edited);
  } else {
    set_configuration(edited, edited.configuration);
  }
}

bool same(const Edit& a, const Edit& b) {
  const auto all = [](const Edit& edit) {
    return std::tie(edit.verb, edit.scope, edit.xpath, edit.xml, edit.allow_create, edit.only_if);
  };
  return all(a) == all(b);
}

// The nodes of a simulated cluster get the same edit one after the other, and what each has is the same: the
// first one's work is done for all, and they share what came of it.
struct LastApplied {
  Edit edit;
  Cib before, after;
};
thread_local std::optional<LastApplied> last_applied;

Result<Cib> apply_anew(const Cib& cib, const Edit& edit) {
  if (edit.only_if &&
      (edit.only_if->admin_epoch != cib.version.admin_epoch || edit.only_if->epoch != cib.version.epoch))
    return refused("the configuration has changed meanwhile: it is at epoch " +
                   std::to_string(cib.version.epoch) + ", not " + std::to_string(edit.only_if->epoch) +
                   "; look at the change and send it again");
  pugi::xml_document given;
  if (!edit.xml.empty()) {
    const auto parsed =
        given.load_buffer(edit.xml.data(), edit.xml.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) return refused(std::string("the given XML is not well-formed: ") + parsed.description());
    if (is_too_deep(given)) return refused("the given XML is nested more than 256 deep: no CIB needs that");
  }
  const bool needs_xml = edit.verb != Edit::Verb::erase || edit.xpath.empty();
  if (needs_xml && !given.document_element()) return refused("there is no XML given: say what to put there");

  pugi::xml_document dom;
  const std::string text = write(cib);
  const auto parsed = dom.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  HA_ASSERT(parsed);  // what is written can be read
  const auto changed = Editor(dom.document_element(), given.document_element(), edit).run();
  if (!changed) return tl::unexpected(changed.error());
  if (!*changed) return cib;

  auto document = read_own(text_of(dom), kSource);
  if (!document) return tl::unexpected(document.error());
  Cib& edited = document->cib;
  if (!is_newer_or_same(edited.version, cib.version)) {
    return refused("this CIB is older than the one it would replace: raise its epoch");
  }
  settle_version(edited, cib);
  return std::move(edited);
}

}  // namespace

Result<Cib> apply(const Cib& cib, const Edit& edit) {
  if (last_applied && same(last_applied->edit, edit) && last_applied->before == cib)
    return last_applied->after;
  Result<Cib> edited = apply_anew(cib, edit);
  if (edited) last_applied = {edit, cib, *edited};
  return edited;
}

}  // namespace fencepost::cib
