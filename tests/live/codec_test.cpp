#include "engine/live/codec.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <variant>

#include "engine/cib/read.h"
#include "engine/live/message_members.h"

using namespace fencepost;
using namespace fencepost::live;

namespace {

const node::Nodelist kNodes = {{"n1", 11}, {"n2", 7}, {"n3", 5}};

// Fills anything that travels with whatever fits it.
struct Draw {
  static std::int64_t number(std::int64_t below) { return *rc::gen::inRange<std::int64_t>(0, below); }

  template <class T>
  static void fill(T& to) {
    if constexpr (requires { Members<T>::kList; }) {
      std::apply([&](auto... member) { (fill(to.*member), ...); }, Members<T>::kList);
    } else if constexpr (std::is_enum_v<T>) {
      to = static_cast<T>(number(3));
    } else {
      to = *rc::gen::arbitrary<T>();
    }
  }
  static void fill(node::NodeId& to) { to = node::NodeId{static_cast<std::size_t>(number(3))}; }
  static void fill(std::string& to) { to = *rc::gen::arbitrary<std::string>(); }
  static void fill(WallSeconds& to) { fill(to.since_epoch); }
  static void fill(NameValues& to) {
    for (std::int64_t i = number(3); i > 0; --i)
      to.add(*rc::gen::arbitrary<std::string>(), *rc::gen::arbitrary<std::string>());
  }
  template <class Rep, class Period>
  static void fill(std::chrono::duration<Rep, Period>& to) {
    to = std::chrono::duration<Rep, Period>{*rc::gen::arbitrary<Rep>()};
  }
  template <class T>
  static void fill(std::vector<T>& to) {
    for (std::int64_t i = number(3); i > 0; --i) fill(to.emplace_back());
  }
  template <class T>
  static void fill(std::optional<T>& to) {
    if (number(2) == 1) fill(to.emplace());
  }
  template <class T>
  static void fill(std::shared_ptr<const T>& to) {
    auto value = std::make_shared<T>();
    fill(*value);
    to = value;
  }
  template <class T>
  static void fill(cib::SharedValue<T>& to) {
    fill(to.edit());
  }
  static void fill(cib::Cib& to) { fill(to.version); }  // its XML has a round trip of its own: tests/cib
  template <class... T>
  static void fill(std::variant<T...>& to) {
    fill_alternative(to, static_cast<std::size_t>(number(sizeof...(T))), std::index_sequence_for<T...>{});
  }
  template <class V, std::size_t... I>
  static void fill_alternative(V& to, std::size_t index, std::index_sequence<I...>) {
    (void)((index == I && (fill(to.template emplace<I>()), true)) || ...);
  }
  // Rules within rules end somewhere.
  static void fill(cib::Expression& to) { fill(to.is.emplace<cib::DateExpression>()); }
};

std::string truncated(const std::string& bytes, std::size_t size) { return bytes.substr(0, size); }

}  // namespace

TEST_CASE("codec: every message comes out as it went in", "[live]") {
  CHECK(rc::check([] {
    node::Message message;
    Draw::fill(message);
    const std::string bytes = encode(message, kNodes);
    const Result<node::MessagePtr> back = decode(bytes, kNodes);
    RC_ASSERT(back.has_value());
    RC_ASSERT((*back)->body.index() == message.body.index());
    RC_ASSERT(encode(**back, kNodes) == bytes);
  }));
}

TEST_CASE("codec: a result in the history keeps its every field", "[live]") {
  cib::ResourceHistory history{.id = "db",
                               .agent = {"ocf", "heartbeat", "pgsql"},
                               .container = "",
                               .shutdown_lock = {},
                               .ops = {},
                               .extras = {},
                               .line = {}};
  cib::OpHistory& op = history.ops.emplace_back().edit();
  op.id = "db_last_0";
  op.operation = "monitor";
  op.rc = static_cast<cib::AgentRc>(77);  // a number that nobody knows is kept
  op.status = cib::OpStatus::pending;
  op.exit_reason = "\"quoted\" <&> \xff not UTF-8";
  op.last_run = WallSeconds{1'700'000'000};
  op.op_force_restart = "";
  node::JoinConfirm confirm{node::NodeId{2}, 7, {history}};
  const auto back = decode(encode({confirm}, kNodes), kNodes);
  REQUIRE(back.has_value());
  const auto* read = std::get_if<node::JoinConfirm>(&(*back)->body);
  REQUIRE(read != nullptr);
  CHECK(read->to == confirm.to);
  CHECK(read->history == confirm.history);
}

TEST_CASE("codec: the whole state is handed over", "[live]") {
  const auto document = cib::read_file(FENCEPOST_SOURCE_DIR "/scenarios/ha-database/cib.xml");
  REQUIRE(document.has_value());
  const auto before = std::make_shared<const cib::Cib>(document->cib);
  const auto back = decode(encode({node::WholeCib{3, before}}, kNodes), kNodes);
  REQUIRE(back.has_value());
  CHECK(*std::get<node::WholeCib>((*back)->body).cib == *before);
}

TEST_CASE("codec: what fits no message is refused", "[live]") {
  const std::string good = encode({node::NoVote{node::NodeId{2}, 9}}, kNodes);
  REQUIRE(decode(good, kNodes).has_value());

  CHECK_FALSE(decode("", kNodes).has_value());
  CHECK_FALSE(decode("not CBOR", kNodes).has_value());
  CHECK_FALSE(decode(good + "x", kNodes).has_value());
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_FALSE(decode(truncated(good, size), kNodes).has_value());

  SECTION("it names a node that there is not") {
    CHECK_FALSE(decode(good, {{"n1", 11}, {"n2", 7}}).has_value());
  }
  SECTION("it is nested deeper than any message") {
    CHECK_FALSE(decode(std::string(1'000'000, '\x81'), kNodes).has_value());
  }
  SECTION("it announces more than it holds") {
    CHECK_FALSE(decode("\x9b\xff\xff\xff\xff\xff\xff\xff\xff", kNodes).has_value());
  }
  SECTION("another version speaks") {
    std::string other = good;
    REQUIRE(other[1] == char{kProtocolVersion});
    other[1] = char{kProtocolVersion + 1};
    const auto refused = decode(other, kNodes);
    REQUIRE_FALSE(refused.has_value());
    CHECK_THAT(refused.error().message,
               Catch::Contains("protocol version " + std::to_string(kProtocolVersion + 1)));
  }
}

TEST_CASE("codec: whatever byte is changed, reading ends in a message or an error", "[live]") {
  CHECK(rc::check([] {
    node::Message message;
    Draw::fill(message);
    std::string bytes = encode(message, kNodes);
    for (std::int64_t i = Draw::number(4); i >= 0; --i)
      bytes[static_cast<std::size_t>(Draw::number(static_cast<std::int64_t>(bytes.size())))] =
          static_cast<char>(Draw::number(256));
    const auto back = decode(bytes, kNodes);
    if (back) encode(**back, kNodes);
  }));
}
