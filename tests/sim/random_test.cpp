#include "engine/sim/random.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "engine/sim/philox.h"

using namespace fencepost;
using namespace fencepost::sim;

namespace {

std::vector<std::uint64_t> draws(Stream stream, int count) {
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(stream.next());
  return numbers;
}

std::vector<Duration> samples(const Distribution& distribution, int count) {
  Stream stream = Stream{42}.fork("test:samples");
  std::vector<Duration> taken;
  for (int i = 0; i < count; ++i) taken.push_back(sample(distribution, stream));
  std::sort(taken.begin(), taken.end());
  return taken;
}

double mean_seconds(const std::vector<Duration>& taken) {
  double sum = 0;
  for (const Duration one : taken) sum += to_seconds(one);
  return sum / static_cast<double>(taken.size());
}

// The largest distance between the share of samples below a value and the share there should be
// (Kolmogorov-Smirnov).
template <class Share>
double distance(const std::vector<Duration>& sorted, Share share_below) {
  double worst = 0;
  const auto count = static_cast<double>(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double expected = share_below(to_seconds(sorted[i]));
    worst = std::max(worst, std::abs(expected - static_cast<double>(i) / count));
    worst = std::max(worst, std::abs(expected - static_cast<double>(i + 1) / count));
  }
  return worst;
}

constexpr int kMany = 20'000;
const double kSeldomExceeded = 1.95 / std::sqrt(kMany);  // Kolmogorov-Smirnov at 0.1 %

}  // namespace

// The known-answer tests that the authors publish with Random123.
TEST_CASE("random: Philox gives the published numbers", "[sim]") {
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random: a stream's draws follow from seed and names alone", "[sim]") {
  CHECK(rc::check("other streams, and draws from them, change nothing",
                  [](std::uint64_t seed, const std::string& name, const std::string& other) {
                    const auto expected = draws(Stream{seed}.fork("node:db1").fork(name), 20);

                    Stream root{seed};
                    root.next();
                    Stream node = root.fork("node:db1");
                    Stream neighbour = node.fork(other);
                    node.next();
                    neighbour.next();
                    RC_ASSERT(draws(node.fork(name), 20) == expected);
                    if (other != name) RC_ASSERT(draws(node.fork(other), 20) != expected);
                  }));
}

TEST_CASE("random: another seed, another name or another index is another stream", "[sim]") {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (std::uint64_t index = 0; index < 50; ++index) {
      firsts.insert(Stream{seed}.fork("n").fork(index).next());
      firsts.insert(Stream{seed}.fork("n" + std::to_string(index)).next());
    }
  }
  CHECK(firsts.size() == 2 * 50 * 50);
}

TEST_CASE("random: the first draws of a seed stay what they were", "[sim]") {
  Stream stream = Stream{1}.fork("node:db1/agent:fs");
  CHECK(stream.next() == 0x72c010d640540590);
  CHECK(sample(LogNormal{.median = 120ms, .sigma = 0.4}, stream) == 129910863ns);
  CHECK(sample(Exponential{.mean = 30s}, stream) == 16086146144ns);
  CHECK(sample(Uniform{.min = 1s, .max = 2s}, stream) == 1546534817ns);
}

TEST_CASE("random: below() stays below, and reaches both ends", "[sim]") {
  Stream stream{3};
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(stream.below(6));
  CHECK(seen == std::set<std::uint64_t>{0, 1, 2, 3, 4, 5});
  CHECK(multiply_high(~std::uint64_t{0}, ~std::uint64_t{0}) == ~std::uint64_t{0} - 1);
}

TEST_CASE("random: chance() happens as often as it says", "[sim]") {
  Stream stream{4};
  int happened = 0;
  for (int i = 0; i < kMany; ++i) happened += stream.chance(0.2) ? 1 : 0;
  CHECK(happened == Approx(0.2 * kMany).margin(4 * std::sqrt(0.2 * 0.8 * kMany)));
  CHECK_FALSE(stream.chance(0));
  CHECK(stream.chance(1));
}

TEST_CASE("random: a constant is always the same, and nothing takes less than no time", "[sim]") {
  Stream stream{5};
  CHECK(sample(Constant{3s}, stream) == 3s);
  CHECK(sample(Constant{-3s}, stream) == 0s);
}

TEST_CASE("random: uniform durations cover the range, ends included", "[sim]") {
  const auto taken = samples(Uniform{.min = 1s, .max = 3s}, kMany);
  CHECK(taken.front() >= 1s);
  CHECK(taken.back() <= 3s);
  CHECK(distance(taken, [](double s) { return (s - 1) / 2; }) < kSeldomExceeded);

  const auto few = samples(Uniform{.min = 0ns, .max = 2ns}, 100);
  CHECK(std::set<Duration>(few.begin(), few.end()) == std::set<Duration>{0ns, 1ns, 2ns});
}

TEST_CASE("random: exponential durations are exponential", "[sim]") {
  const auto taken = samples(Exponential{.mean = 30s}, kMany);
  CHECK(mean_seconds(taken) == Approx(30).epsilon(0.03));
  CHECK(distance(taken, [](double s) { return 1 - std::exp(-s / 30); }) < kSeldomExceeded);
}

TEST_CASE("random: log-normal durations have the median and the 99 % quantile asked for", "[sim]") {
  const LogNormal shape = log_normal(100ms, 400ms);
  const auto taken = samples(shape, kMany);
  CHECK(to_seconds(taken[kMany / 2]) == Approx(0.1).epsilon(0.03));
  CHECK(to_seconds(taken[kMany * 99 / 100]) == Approx(0.4).epsilon(0.06));
  const auto share = [&](double s) {
    return 0.5 * std::erfc(-std::log(s / 0.1) / shape.sigma / std::sqrt(2.0));
  };
  CHECK(distance(taken, share) < kSeldomExceeded);
}

TEST_CASE("random: an empirical duration is one of those measured, each as likely", "[sim]") {
  const auto taken = samples(Empirical{{1s, 2s, 2s, 10s}}, kMany);
  const auto share = [&](Duration d) {
    return static_cast<double>(std::count(taken.begin(), taken.end(), d)) / kMany;
  };
  CHECK(share(1s) == Approx(0.25).margin(0.015));
  CHECK(share(2s) == Approx(0.5).margin(0.015));
  CHECK(share(10s) == Approx(0.25).margin(0.015));
}

TEST_CASE("random: a longer mean meets the same luck", "[sim]") {
  Stream a{6};
  Stream b{6};
  for (int i = 0; i < 100; ++i) {
    const double shorter = to_seconds(sample(Exponential{.mean = 1s}, a));
    const double longer = to_seconds(sample(Exponential{.mean = 2s}, b));
    CHECK(longer == Approx(2 * shorter).epsilon(1e-6).margin(2e-9));
  }
}

TEST_CASE("random: an endless sample is the longest duration there is, not an overflow", "[sim]") {
  Stream stream{7};
  for (int i = 0; i < 100; ++i) {
    CHECK(sample(LogNormal{.median = 10s, .sigma = 1e6}, stream) >= 0s);
    CHECK(sample(Exponential{.mean = Duration::max()}, stream) >= 0s);
  }
}
