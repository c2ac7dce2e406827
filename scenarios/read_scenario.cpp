#include <algorithm>
#include <filesystem>

#include "engine/cib/cib.h"
#include "scenarios/parts.h"

namespace fencepost::scenarios {
namespace {

const std::vector<std::string> kProfiles{"fencepost", "pacemaker-2.1.5"};

// 2, or [db1, db2], or left to corosync.conf.
void read_nodes(Fields& fields, Scenario& scenario) {
  const Value* nodes = fields.take("nodes");
  const std::vector<models::CorosyncNode>& listed = scenario.world.corosync.nodes;
  if (nodes == nullptr && !listed.empty()) {
    for (const models::CorosyncNode& node : listed) scenario.nodes.push_back(node.name);
  } else if (nodes == nullptr) {
    scenario.nodes = {"node1", "node2"};
  } else if (nodes->is_list()) {
    read(*nodes, scenario.nodes, fields.problems());
  } else {
    int count = 0;
    read(*nodes, count, fields.problems());
    for (int i = 1; i <= count; ++i) scenario.nodes.push_back("node" + std::to_string(i));
  }
  if (scenario.nodes.empty() || scenario.nodes.size() > 64)
    fields.problems().add(nodes == nullptr ? fields.map() : *nodes, "a cluster has 1 to 64 nodes");
  for (auto name = scenario.nodes.begin(); name != scenario.nodes.end(); ++name)
    if (std::find(scenario.nodes.begin(), name, *name) != name)
      fields.problems().add(nodes == nullptr ? fields.map() : *nodes,
                            "the node '" + *name + "' is named twice");
  if (!listed.empty() && !std::ranges::equal(listed, scenario.nodes, {}, &models::CorosyncNode::name))
    fields.problems().add(*nodes, "corosync.conf names other nodes, or in another order; leave `nodes` out");
}

void read_dc(Fields& fields, Scenario& scenario) {
  scenario.dc = scenario.nodes.empty() ? "" : scenario.nodes.front();
  const Value* dc = fields.take("dc");
  if (dc == nullptr) return;
  read(*dc, scenario.dc, fields.problems());
  if (std::ranges::find(scenario.nodes, scenario.dc) == scenario.nodes.end())
    fields.problems().add(*dc, "there is no node '" + scenario.dc + "'; there are " + one_of(scenario.nodes));
}

void read_time_zero(Fields& fields, Scenario& scenario) {
  const Value* t0 = fields.take("t0");
  if (t0 == nullptr) return;
  Problems& problems = fields.problems();
  if (t0->is_text()) {
    if (t0->text == "config")
      scenario.t0.rule = TimeZero::Rule::config;
    else if (t0->text != "stable")
      problems.add(
          *t0, "'" + t0->text + "' is no t0: use stable, config or {align: \"fs:monitor\", offset_s: 0.5}");
    return;
  }
  scenario.t0.rule = TimeZero::Rule::align;
  Fields inner(*t0, "t0", problems);
  std::string align;
  if (inner.require("align")) inner.read("align", align);
  inner.read("offset_s", scenario.t0.offset);
  inner.read("node", scenario.t0.node);
  inner.finish();
  const std::size_t colon = align.find(':');
  if (colon == std::string::npos)
    return problems.add(*t0, "align needs resource:operation, as in fs:monitor");
  scenario.t0.resource = align.substr(0, colon);
  scenario.t0.operation = align.substr(colon + 1);
}

void read_end(Fields& fields, Scenario& scenario) {
  const Value* end = fields.take("end");
  if (end == nullptr) return;
  Fields inner(*end, "end", fields.problems());
  scenario.end.max = 120s;  // the lab's default, when `end` is given without max_s
  for (const char* suffix : {"_s", ""}) {
    inner.read(std::string("duration") + suffix, scenario.end.duration);
    inner.read(std::string("quiescent") + suffix, scenario.end.quiescent);
    inner.read(std::string("min") + suffix, scenario.end.min);
    inner.read(std::string("max") + suffix, scenario.end.max);
  }
  inner.finish();
}

// What only the lab can do, or what has no meaning without a machine: read, so that every lab script runs,
// and told.
void read_lab_only(Fields& fields, Scenario& scenario) {
  if (const Value* images = fields.take("images")) {
    for (const Value& item : images->items) {
      Fields image(item, "an image", fields.problems());
      std::string name;
      if (image.require("name")) image.read("name", name);
      scenario.storage.images.push_back("/run/lab/shared/" + name);
      image.take("size_mb");
      if (image.take("init") != nullptr)
        scenario.remarks.push_back(
            "images: init is not run; the image holds a clean filesystem with what is looked for");
      image.finish();
    }
  }
  if (fields.take("mkdirs") != nullptr) scenario.remarks.push_back("mkdirs: mount points are taken to exist");
  if (fields.take("pcmk_env") != nullptr)
    scenario.remarks.push_back("pcmk_env: the environment of pacemakerd has no effect");
  double load = 0;
  fields.read("load", load);
}

ExpectationNames names_for(const Scenario& scenario) {
  ExpectationNames names;
  names.nodes = scenario.nodes;
  names.resources = primitive_ids(*scenario.cib);
  names.invariants = invariant_names();
  for (const models::FaultVerb& verb : models::fault_verbs()) names.verbs.push_back(verb.name);
  return names;
}

Scenario read_fields(Fields& fields, Inputs& inputs, Problems& problems) {
  Scenario scenario;
  scenario.path = inputs.scenario_path();
  scenario.name = std::filesystem::path(scenario.path).stem().string();
  if (scenario.name == "script")
    scenario.name = std::filesystem::path(scenario.path).parent_path().filename().string();
  fields.read("name", scenario.name);
  fields.read("about", scenario.about);
  fields.read("seed", scenario.world.seed);
  std::size_t profile = 1;
  fields.choose("profile", kProfiles, profile);
  scenario.profile = kProfiles[profile];
  read_corosync_conf(fields, inputs, scenario);
  read_nodes(fields, scenario);
  read_dc(fields, scenario);
  read_cib(fields, inputs, scenario);
  read_world(fields, inputs, scenario);
  read_time_zero(fields, scenario);
  fields.read("settle_s", scenario.settle);
  fields.read("form_s", scenario.form);
  read_lab_only(fields, scenario);
  read_end(fields, scenario);
  if (!scenario.cib) return scenario;
  if (const Value* faults = fields.take("faults")) scenario.faults = read_faults(*faults, scenario, problems);
  if (const Value* expect = fields.take("expect"))
    scenario.expect = read_expectations(*expect, names_for(scenario), problems);
  return scenario;
}

// A scenario may lie over another file, and that over another: `base: cluster.base.yaml`.
Result<Value> read_with_bases(Inputs& inputs) {
  auto document = read_document(inputs.scenario_text(), inputs.scenario_path());
  if (!document) return document;
  Value whole = std::move(*document);
  const Value* base = whole.find("base");
  for (int depth = 0; base != nullptr; ++depth) {
    if (depth == 8) return failure(base->where(), "there are more than 8 bases below each other");
    const auto text = inputs.content(*base);
    if (!text) return failure(base->where(), "base: " + to_string(text.error()));
    auto below = read_document(*text, inputs.path_of(*base));
    if (!below) return below;
    const Value next = below->find("base") != nullptr ? *below->find("base") : Value{};
    whole = merged(*below, whole);
    if (next.kind == Value::Kind::nothing) break;
    std::ranges::find_if(whole.entries, [](const Entry& e) { return e.key.text == "base"; })->value = next;
    base = whole.find("base");
  }
  return whole;
}

}  // namespace

tl::expected<Scenario, Errors> read_scenario(Inputs inputs) {
  const auto document = read_with_bases(inputs);
  if (!document) return tl::unexpected<Errors>({document.error()});
  Problems problems;
  Fields fields(*document, "a scenario", problems);
  fields.take("base");  // laid below already
  Scenario scenario = read_fields(fields, inputs, problems);
  fields.finish();
  if (!problems.empty()) return tl::unexpected<Errors>(problems.errors());
  scenario.inputs = inputs.files();
  return scenario;
}

tl::expected<Scenario, Errors> read_scenario(const std::string& path) {
  auto inputs = Inputs::from_disk(path);
  if (!inputs) return tl::unexpected<Errors>({inputs.error()});
  return read_scenario(std::move(*inputs));
}

}  // namespace fencepost::scenarios
