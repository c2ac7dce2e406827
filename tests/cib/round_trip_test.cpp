#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "engine/cib/write.h"
#include "reading.h"

using namespace fencepost;
using namespace fencepost::cib;

namespace {

// Draws CIBs of everything that is modelled. Values may hold what XML must escape.
class Draw {
 public:
  Cib cib() {
    Cib cib;
    cib.version = {number(3), number(1000), number(1000)};
    cib.have_quorum = maybe(flag());
    cib.dc_uuid = text();
    cib.crm_feature_set = text();
    cib.validate_with = flag() ? "pacemaker-3.9" : "none";
    cib.execution_date = maybe(WallSeconds{number(1'000'000)});
    cib.extras = extras();
    cib.configuration = std::make_shared<Configuration>(configuration());
    cib.status = status();
    return cib;
  }

 private:
  static std::int64_t number(int below) { return *rc::gen::inRange(0, below); }
  static bool flag() { return number(2) == 1; }
  template <class T>
  static std::optional<T> maybe(T value) {
    return flag() ? std::optional<T>(std::move(value)) : std::nullopt;
  }
  static std::string text() {
    if (number(3) == 0) return "";
    static const std::vector<std::string> kPieces = {"a",  "B", "7",  " ",  "<",  ">", "&",
                                                     "\"", "'", "\t", "\n", "\r", "é", "&amp;"};
    std::string text;
    for (std::int64_t i = number(6); i > 0; --i)
      text += kPieces[static_cast<std::size_t>(number(static_cast<int>(kPieces.size())))];
    return text;
  }
  std::string id() { return "id" + std::to_string(next_id_++); }

  template <class Make>
  static auto some(Make&& make, int most = 2) {
    std::vector<decltype(make())> list;
    for (std::int64_t i = number(most + 1); i > 0; --i) list.push_back(make());
    return list;
  }

  Extras extras() {
    Extras extras;
    if (number(4) == 0) extras.attributes = {{"x-extra", text()}};
    if (number(4) == 0) extras.elements = {"<x-element a=\"&lt;&quot;\"><b>text</b></x-element>"};
    return extras;
  }

  Nvpair pair() { return {.id = id(), .name = text(), .value = maybe(text()), .extras = extras()}; }
  NvpairBlock block() {
    NvpairBlock block;
    block.id = id();
    if (flag()) block.score_text = std::to_string(number(100) - 50);
    block.score = parse_score(block.score_text);
    block.rules = some([this] { return rule(2); }, 1);
    block.pairs = some([this] { return pair(); });
    block.extras = extras();
    return block;
  }
  NvpairBlocks blocks() {
    return some([this] { return block(); });
  }

  Rule rule(int depth) {
    Rule rule{.id = id(), .boolean_op = flag() ? "or" : "", .score = text(), .role = text()};
    rule.parts = some([this, depth] { return expression(depth); });
    return rule;
  }
  Expression expression(int depth) {
    switch (number(depth > 0 ? 5 : 4)) {
      case 0:
        return {AttributeExpression{
            .id = id(), .attribute = text(), .operation = "eq", .value = maybe(text()), .extras = extras()}};
      case 1: {
        DateExpression date{.id = id(), .operation = "in_range", .start = text()};
        date.duration = some([this] { return DateFields{id(), {{"months", "1"}}}; }, 1);
        date.date_spec = some([this] { return DateFields{id(), {{"hours", "1-2"}, {"moon", "0"}}}; }, 1);
        return {date};
      }
      case 2:
        return {ResourceExpression{.id = id(), .standard = text(), .provider = text(), .type = text()}};
      case 3:
        return {OperationExpression{.id = id(), .name = text(), .interval = "10s"}};
      default:
        return {rule(depth - 1)};
    }
  }

  Operation operation() {
    Operation op{.id = id(), .name = text(), .interval_text = std::to_string(number(60))};
    op.interval = *parse_interval(op.interval_text);
    if (flag()) op.settings = {{"timeout", text()}, {"on-fail", "block"}};
    op.meta = blocks();
    op.parameters = blocks();
    return op;
  }

  Resource resource(int depth) {
    Resource r;
    r.id = id();
    r.description = text();
    r.meta = blocks();
    r.extras = extras();
    r.kind = static_cast<ResourceKind>(number(depth > 0 ? 4 : 1));
    if (r.kind == ResourceKind::primitive) {
      r.agent = {"ocf", text(), text()};
      r.parameters = blocks();
      r.utilization = blocks();
      r.operations = some([this] { return operation(); });
    } else {
      r.children = some([this, depth] { return resource(depth - 1); });
    }
    if (r.kind == ResourceKind::clone) r.legacy_master = flag();
    if (r.kind == ResourceKind::bundle) r.bundle = bundle();
    return r;
  }
  Bundle bundle() {
    Bundle bundle{.technology = "podman", .image = text(), .replicas = "2", .has_network = flag()};
    if (bundle.has_network) {
      bundle.control_port = text();
      bundle.ports = some([this] { return PortMapping{.id = id(), .port = text(), .extras = extras()}; });
    }
    bundle.storage =
        some([this] { return StorageMapping{.id = id(), .source_dir = text(), .target_dir = text()}; });
    return bundle;
  }

  ResourceSet resource_set() {
    return {.id = id(),
            .sequential = text(),
            .role = text(),
            .resources = some([] { return text(); }),
            .extras = extras()};
  }
  Constraint constraint() {
    const auto with_base = [this](auto c) {
      c.id = id();
      c.sets = some([this] { return resource_set(); });
      c.has_lifetime = flag();
      if (c.has_lifetime) c.lifetime = some([this] { return rule(1); });
      c.extras = extras();
      return c;
    };
    switch (number(4)) {
      case 0: {
        auto c = with_base(LocationConstraint{});
        c.resource = text();
        c.node = text();
        c.rules = some([this] { return rule(2); });
        return c;
      }
      case 1: {
        auto c = with_base(ColocationConstraint{});
        c.dependent = text();
        c.primary = text();
        c.influence = text();
        return c;
      }
      case 2: {
        auto c = with_base(OrderConstraint{});
        c.first = text();
        c.then = text();
        c.kind = text();
        return c;
      }
      default: {
        auto c = with_base(TicketConstraint{});
        c.ticket = text();
        return c;
      }
    }
  }

  Configuration configuration() {
    Configuration c;
    c.cluster_properties = blocks();
    c.nodes = some(
        [this] { return Node{.id = id(), .uname = text(), .attributes = blocks(), .extras = extras()}; });
    c.resources = some([this] { return resource(2); }, 3);
    c.constraints = some([this] { return constraint(); }, 4);
    c.resource_defaults = blocks();
    c.operation_defaults = blocks();
    c.tags = some([this] { return Tag{.id = id(), .references = some([] { return text(); })}; });
    c.fencing_levels = some([this] {
      return FencingLevel{.id = id(), .target = text(), .devices = {"a", "b"}};
    });
    c.extras.elements = {"<acls/>"};
    return c;
  }

  OpHistory op_history() {
    OpHistory op;
    op.id = id();
    op.operation = text();
    op.interval = Milliseconds{number(100'000)};
    op.call_id = static_cast<int>(number(100)) - 1;
    op.rc = static_cast<AgentRc>(number(200));
    op.status = static_cast<OpStatus>(number(14) - 1);
    op.exit_reason = text();
    op.last_run = maybe(WallSeconds{number(1000)});
    op.exec_time = maybe(Milliseconds{number(1000)});
    op.op_force_restart = maybe(text());
    op.op_digest = text();
    op.extras = extras();
    return op;
  }
  ResourceHistory resource_history() {
    return {.id = id(),
            .agent = {"ocf", text(), text()},
            .shutdown_lock = maybe(WallSeconds{number(1000)}),
            .ops = some([this] { return SharedValue{op_history()}; }),
            .extras = extras()};
  }
  Status status() {
    Status status;
    for (std::int64_t i = number(3); i > 0; --i) {
      NodeState node{.id = id(), .uname = text(), .in_ccm = text(), .join = text(), .has_lrm = flag()};
      node.has_transient_attributes = flag();
      if (node.has_transient_attributes) node.transient_attributes = blocks();
      for (std::int64_t j = node.has_lrm ? number(3) : 0; j > 0; --j)
        node.resources.emplace_back(resource_history());
      status.nodes.emplace_back(std::move(node));
    }
    status.tickets = some([this] {
      return TicketState{.id = id(),
                         .granted = maybe(flag()),
                         .last_granted = maybe(WallSeconds{number(1000)}),
                         .attributes = {{"a", text()}}};
    });
    return status;
  }

  int next_id_ = 0;
};

}  // namespace

TEST_CASE("round trip: what is written is read back the same", "[cib]") {
  CHECK(rc::check("any CIB", [] {
    const Cib cib = Draw().cib();
    const std::string text = write(cib);
    const auto document = read(text, "cib.xml");
    if (!document) RC_FAIL(to_string(document.error()) + "\n" + text);
    RC_ASSERT(document->cib == cib);
    RC_ASSERT(write(document->cib) == text);
  }));
}

TEST_CASE("round trip: no damage to a text makes reading crash", "[cib]") {
  const std::string text =
      write(cib_of(R"(<cib><configuration><resources><clone id="c"><primitive id="A" class="ocf" type="x">
      <meta_attributes id="m"><rule id="r"><date_expression id="d" start="2020-01-01"/></rule></meta_attributes>
      </primitive></clone></resources></configuration><status/></cib>)"));
  CHECK(rc::check("bytes changed or cut off", [&text] {
    std::string damaged = text.substr(0, *rc::gen::inRange<std::size_t>(1, text.size() + 1));
    damaged[*rc::gen::inRange<std::size_t>(0, damaged.size())] = *rc::gen::arbitrary<char>();
    const auto document = read(damaged, "cib.xml");
    if (document) check(document->cib, "cib.xml");
  }));
}
