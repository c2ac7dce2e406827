// The CIB that the cluster is given at t=0 or before, put together as the lab puts it together: a file or a
// text, pieces added and taken out, and single values set.

#include <algorithm>

#include "engine/cib/cib.h"
#include "engine/cib/read.h"
#include "scenarios/parts.h"

namespace fencepost::scenarios {
namespace {

using cib::Configuration;
using cib::NvpairBlocks;

// name -> value; a null value takes the name out.
using Settings = std::map<std::string, std::optional<std::string>>;

constexpr const char* kPropertySet = "cib-bootstrap-options";

void set_pair(NvpairBlocks& blocks, const std::string& new_block, const std::string& name,
              const std::optional<std::string>& value) {
  if (blocks.empty()) blocks.emplace_back().id = new_block;
  cib::NvpairBlock& block = blocks.front();
  const auto pair = std::ranges::find(block.pairs, name, &cib::Nvpair::name);
  if (pair != block.pairs.end() && !value) {
    block.pairs.erase(pair);
  } else if (pair != block.pairs.end()) {
    pair->value = value;
  } else if (value) {
    cib::Nvpair added;
    added.id = block.id + "-" + name;
    added.name = name;
    added.value = value;
    block.pairs.push_back(std::move(added));
  }
}

bool is_set(const NvpairBlocks& blocks, const std::string& name) {
  return std::ranges::any_of(blocks,
                             [&](const cib::NvpairBlock& block) { return block.find(name) != nullptr; });
}

cib::Resource* find(std::vector<cib::Resource>& resources, const std::string& id) {
  for (cib::Resource& resource : resources) {
    if (resource.id == id) return &resource;
    if (cib::Resource* inside = find(resource.children, id)) return inside;
  }
  return nullptr;
}

bool erase_resource(std::vector<cib::Resource>& resources, const std::string& id) {
  if (std::erase_if(resources, [&](const cib::Resource& r) { return r.id == id; }) > 0) return true;
  return std::ranges::any_of(resources, [&](cib::Resource& r) { return erase_resource(r.children, id); });
}

void set_operation(cib::Operation& operation, const std::string& name, const std::string& value) {
  if (name == "interval") {
    operation.interval_text = value;
    operation.interval = cib::parse_interval(value).value_or(cib::Milliseconds{0});
    return;
  }
  const auto setting = std::ranges::find(operation.settings, name, &cib::Attribute::name);
  if (setting != operation.settings.end())
    setting->value = value;
  else
    operation.settings.push_back({name, value});
}

class CibReader {
 public:
  CibReader(Fields& fields, Inputs& inputs, Scenario& scenario)
      : fields_(fields), problems_(fields.problems()), inputs_(inputs), scenario_(scenario) {}

  void read() {
    cib::Cib cib = base();
    Configuration configuration = *cib.configuration;
    add_pieces(configuration);
    remove_pieces(configuration);
    set_properties(configuration);
    set_defaults(configuration);
    set_resources(configuration);
    set_operations(configuration);
    cib.configuration = std::make_shared<const Configuration>(std::move(configuration));
    check(cib);
    scenario_.cib = std::make_shared<const cib::Cib>(std::move(cib));
  }

 private:
  cib::Cib base() {
    const Value* file = fields_.take("cib_file");
    const Value* text = fields_.take("cib_xml");
    if (file != nullptr && text != nullptr)
      problems_.add(*text, "cib_xml and cib_file are both given; keep one");
    if (file == nullptr && text == nullptr) {
      problems_.add(fields_.map(), "a scenario needs a CIB: give cib_file or cib_xml");
      return {};
    }
    place_ = file != nullptr ? file : text;
    std::string content = text != nullptr ? text->text : "";
    scenario_.cib_name = to_string(place_->where()) + ": cib_xml";
    if (file != nullptr) {
      scenario_.cib_name = inputs_.path_of(*file);
      const auto loaded = inputs_.content(*file);
      if (!loaded) return problems_.add(*file, "cib_file: " + to_string(loaded.error())), cib::Cib{};
      content = *loaded;
    }
    auto document = cib::read(content, scenario_.cib_name);
    if (!document) return problems_.add(document.error()), cib::Cib{};
    take_problems(document->problems);
    for (const cib::NotModelled& what : document->not_modelled)
      scenario_.remarks.push_back(to_string(what.where) + ": " + what.what + " has no effect here");
    return std::move(document->cib);
  }

  void add_pieces(Configuration& configuration) {
    for (const char* section : {"resources", "constraints"}) {
      const Value* list = fields_.take(section);
      std::vector<std::string> pieces;
      if (list != nullptr) scenarios::read(*list, pieces, problems_);
      for (std::size_t i = 0; i < pieces.size(); ++i)
        add_piece(list->is_list() ? list->items[i] : *list, section, pieces[i], configuration);
    }
  }

  void add_piece(const Value& at, const std::string& section, const std::string& xml,
                 Configuration& configuration) {
    const std::string whole = "<configuration><" + section + ">" + xml + "</" + section + "></configuration>";
    const auto document = cib::read(whole, at.file ? *at.file : "");
    if (!document) return problems_.add(at, "this XML cannot be read: " + document.error().message);
    const Configuration& piece = *document->cib.configuration;
    std::ranges::copy(piece.resources, std::back_inserter(configuration.resources));
    std::ranges::copy(piece.templates, std::back_inserter(configuration.templates));
    std::ranges::copy(piece.constraints, std::back_inserter(configuration.constraints));
  }

  void remove_pieces(Configuration& configuration) {
    const Value* list = fields_.take("remove");
    std::vector<std::string> ids;
    if (list != nullptr) scenarios::read(*list, ids, problems_);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const bool resource = erase_resource(configuration.resources, ids[i]);
      const bool constraint = std::erase_if(configuration.constraints, [&](const cib::Constraint& c) {
                                return cib::id_of(c) == ids[i];
                              }) > 0;
      if (!resource && !constraint)
        problems_.add(list->is_list() ? list->items[i] : *list,
                      "there is no resource or constraint '" + ids[i] + "' to remove");
    }
  }

  // The cluster is formed with a configuration that holds dc-deadtime and stonith-enabled; this one replaces
  // it, so it must set both.
  void set_properties(Configuration& configuration) {
    Settings properties;
    fields_.read("properties", properties);
    NvpairBlocks& blocks = configuration.cluster_properties;
    for (const auto& [name, value] : properties) set_pair(blocks, kPropertySet, name, value);
    if (!is_set(blocks, "dc-deadtime")) set_pair(blocks, kPropertySet, "dc-deadtime", "20s");
    if (!is_set(blocks, "stonith-enabled") && !is_set(blocks, "fencing-enabled"))
      set_pair(blocks, kPropertySet, "stonith-enabled", "true");
    for (cib::NvpairBlock& block : blocks) {
      if (block.id != kPropertySet) continue;
      for (cib::Nvpair& pair : block.pairs) pair.id = std::string(kPropertySet) + "-" + pair.name;
    }
  }

  void set_defaults(Configuration& configuration) {
    Settings resources, operations;
    fields_.read("rsc_defaults", resources);
    fields_.read("op_defaults", operations);
    for (const auto& [name, value] : resources)
      set_pair(configuration.resource_defaults, "rsc_defaults-meta", name, value);
    for (const auto& [name, value] : operations)
      set_pair(configuration.operation_defaults, "op_defaults-meta", name, value);
  }

  cib::Resource* resource(const Value& at, const std::string& id, Configuration& configuration) {
    cib::Resource* found = find(configuration.resources, id);
    if (found != nullptr) return found;
    std::vector<std::string> ids;
    cib::for_each_resource(configuration.resources,
                           [&](const cib::Resource& r, const cib::Resource*) { ids.push_back(r.id); });
    problems_.add(at, "there is no resource '" + id + "' in the CIB" + did_you_mean(id, ids));
    return nullptr;
  }

  void set_resources(Configuration& configuration) {
    for (const char* key : {"meta", "instance"}) {
      const Value* map = fields_.take(key);
      if (map == nullptr) continue;
      std::map<std::string, Settings> settings;
      scenarios::read(*map, settings, problems_);
      for (const Entry& entry : map->entries) {
        const std::string& id = entry.key.text;
        cib::Resource* target = resource(entry.key, id, configuration);
        if (target == nullptr) continue;
        const bool meta = std::string_view(key) == "meta";
        for (const auto& [name, value] : settings[id])
          set_pair(meta ? target->meta : target->parameters, id + (meta ? "-meta" : "-inst"), name, value);
      }
    }
  }

  void set_operations(Configuration& configuration) {
    const Value* map = fields_.take("op");
    if (map == nullptr) return;
    std::map<std::string, std::map<std::string, std::string>> settings;
    scenarios::read(*map, settings, problems_);
    for (const Entry& entry : map->entries) {
      const std::size_t colon = entry.key.text.find(':');
      if (colon == std::string::npos) {
        problems_.add(entry.key,
                      "'" + entry.key.text + "' is no operation: write resource:operation, as in db:stop");
        continue;
      }
      const std::string id = entry.key.text.substr(0, colon);
      if (cib::Resource* target = resource(entry.key, id, configuration))
        set_operation_of(*target, entry.key.text.substr(colon + 1), settings[entry.key.text]);
    }
  }

  static void set_operation_of(cib::Resource& resource, const std::string& name,
                               const std::map<std::string, std::string>& settings) {
    if (std::ranges::find(resource.operations, name, &cib::Operation::name) == resource.operations.end()) {
      cib::Operation& added = resource.operations.emplace_back();
      added.id = resource.id + "-" + name;
      added.name = name;
      added.interval_text = "0s";
    }
    for (cib::Operation& operation : resource.operations) {
      if (operation.name != name) continue;
      for (const auto& [key, value] : settings) set_operation(operation, key, value);
    }
  }

  void check(const cib::Cib& cib) { take_problems(cib::check(cib, scenario_.cib_name)); }

  void take_problems(const std::vector<cib::Problem>& found) {
    for (const cib::Problem& problem : found) {
      if (problem.severity == cib::Severity::error)
        problems_.add(Error{problem.where, problem.message});
      else
        scenario_.remarks.push_back(cib::to_string(problem));
    }
  }

  Fields& fields_;
  Problems& problems_;
  Inputs& inputs_;
  Scenario& scenario_;
  const Value* place_ = nullptr;
};

}  // namespace

void read_cib(Fields& fields, Inputs& inputs, Scenario& scenario) {
  CibReader(fields, inputs, scenario).read();
}

std::vector<std::string> primitive_ids(const cib::Cib& cib) {
  std::vector<std::string> ids;
  cib::for_each_resource(cib.configuration->resources,
                         [&](const cib::Resource& resource, const cib::Resource*) {
                           if (resource.kind == cib::ResourceKind::primitive) ids.push_back(resource.id);
                         });
  return ids;
}

}  // namespace fencepost::scenarios
