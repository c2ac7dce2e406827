// Requests and answers as bytes.
#include "engine/live/control/request.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "engine/cib/edit.h"
#include "engine/live/control/frame.h"

using namespace fencepost;
using namespace fencepost::live;
using Catch::Contains;

namespace {

std::string printable() { return *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~')); }

std::optional<Duration> lifetime() {
  const auto seconds = *rc::gen::inRange(0, 100000);
  return seconds == 0 ? std::nullopt : std::optional<Duration>{std::chrono::seconds{seconds}};
}
std::optional<std::string> value() {
  return *rc::gen::arbitrary<bool>() ? std::optional{printable()} : std::nullopt;
}

node::Command any_command() {
  using namespace node;
  const auto flag = [] { return *rc::gen::arbitrary<bool>(); };
  cib::Edit edit{static_cast<cib::Edit::Verb>(*rc::gen::inRange(0, 4)), printable(), printable(), "<a>\n</a>",
                 flag()};
  const std::vector<Command> one_of_each = {SetStandby{printable(), flag(), flag()},
                                            MoveResource{printable(), printable(), flag(), lifetime()},
                                            BanResource{printable(), printable(), flag(), lifetime()},
                                            ClearResource{printable(), printable()},
                                            CleanupResource{printable(), printable()},
                                            RefreshResource{printable(), printable()},
                                            SetProperty{printable(), value()},
                                            SetResourceMeta{printable(), printable(), value()},
                                            SetNodeAttribute{printable(), printable(), value(), flag()},
                                            EditCib{std::make_shared<const cib::Edit>(std::move(edit))},
                                            FenceNode{printable(), printable()},
                                            Shutdown{}};
  REQUIRE(one_of_each.size() == std::variant_size_v<Command>);
  return one_of_each[static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(one_of_each.size())))];
}

std::string bytes() { return *rc::gen::container<std::string>(rc::gen::arbitrary<char>()); }

std::string refused(const std::string& json) {
  const auto request = parse_request(json);
  return request ? "taken" : request.error().message;
}

}  // namespace

TEST_CASE("request: every command survives the way through JSON", "[live]") {
  CHECK(rc::check([] {
    const std::string json = to_json(Request{CommandRequest{any_command()}});
    const auto again = parse_request(json);
    RC_ASSERT(again.has_value());
    RC_ASSERT(to_json(*again) == json);
  }));
  CHECK(rc::check([] {
    const std::string json = to_json(Request{AttributeRequest{printable(), value(), lifetime()}});
    const auto again = parse_request(json);
    RC_ASSERT(again.has_value());
    RC_ASSERT(to_json(*again) == json);
  }));
  const auto status = parse_request(to_json(StatusQuery{.watch = true}));
  REQUIRE(status);
  CHECK(std::get<StatusQuery>(*status).watch);
}

TEST_CASE("request: an answer survives the way through JSON, whatever bytes it has", "[live]") {
  const auto plain = parse_answer(to_json(Answer{{}, {"careful"}, Status{"n1", "1.2", true, "<cib/>\n"}}));
  REQUIRE(plain);
  CHECK(plain->warnings == std::vector<std::string>{"careful"});
  CHECK(plain->status->cib == "<cib/>\n");
  const auto no = parse_answer(to_json(Answer{"no: \xff", {}, {}}));
  REQUIRE(no);
  CHECK_THAT(*no->error, Contains("no: "));
}

TEST_CASE("request: what is not expected is refused, with the reason", "[live]") {
  CHECK_THAT(refused(""), Contains("JSON object"));
  CHECK_THAT(refused("[]"), Contains("JSON object"));
  CHECK_THAT(refused(R"({"request":"status"})"), Contains("protocol 1"));
  CHECK_THAT(refused(R"({"protocol":2,"request":"status"})"), Contains("protocol 1"));
  CHECK_THAT(refused(R"({"protocol":1,"request":"dance"})"), Contains("'dance'"));
  CHECK_THAT(refused(R"({"protocol":1,"request":"status","colour":1})"),
             Contains("'colour' is not expected"));
  CHECK_THAT(refused(R"({"protocol":1,"request":"standby","node":7})"), Contains("'node' has to be a text"));
  CHECK_THAT(refused(R"({"protocol":1,"request":"standby","node":"a\u0000b"})"),
             Contains("control character"));
  CHECK_THAT(refused(R"({"protocol":1,"request":"move","lifetime_s":0})"), Contains("1 second"));
  CHECK_THAT(refused(R"({"protocol":1,"request":"move","lifetime_s":-5})"), Contains("number of seconds"));
  CHECK_THAT(refused(R"({"protocol":1,"request":"edit-cib","verb":"eat"})"), Contains("create, modify"));
  CHECK(refused(std::string(100000, '[')) == refused("[]"));
  CHECK(refused(R"({"protocol":1,"request":)" + std::string(100000, '{')) == refused("[]"));
}

TEST_CASE("request: any bytes, and any damage to a request, end in a request or an error", "[live]") {
  CHECK(rc::check([] { (void)parse_request(bytes()); }));
  CHECK(rc::check([] { (void)parse_answer(bytes()); }));
  CHECK(rc::check([] {
    std::string json = to_json(Request{CommandRequest{any_command()}});
    const auto place = static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(json.size())));
    json[place] = *rc::gen::arbitrary<char>();
    if (const auto request = parse_request(json)) RC_ASSERT(parse_request(to_json(*request)).has_value());
  }));
}

TEST_CASE("frames: cut into any pieces, they come out whole and in order", "[live]") {
  CHECK(rc::check([](const std::vector<std::string>& payloads) {
    std::string stream;
    std::vector<std::string> sent, got;
    for (const std::string& payload : payloads) {
      if (payload.empty()) continue;
      sent.push_back(payload);
      stream += frame(payload);
    }
    FrameReader reader;
    while (!stream.empty()) {
      const auto size = static_cast<std::size_t>(*rc::gen::inRange(1, static_cast<int>(stream.size()) + 1));
      reader.feed(std::string_view(stream).substr(0, size));
      stream.erase(0, size);
      for (auto next = reader.next(); next && *next; next = reader.next()) got.push_back(**next);
    }
    RC_ASSERT(got == sent);
    RC_ASSERT(reader.between_frames());
  }));
}

TEST_CASE("frames: empty and oversized ones are refused before their bytes come", "[live]") {
  FrameReader reader(100);
  reader.feed(std::string("\0\0\0\x65", 4));
  CHECK_FALSE(reader.next());
  FrameReader other(100);
  other.feed(std::string("\0\0\0\0", 4));
  CHECK_FALSE(other.next());
  FrameReader huge;
  huge.feed("\xff\xff\xff\xff");
  CHECK_FALSE(huge.next());
}
