#include "run/probers.hpp"

#include "tests/run/run_support.hpp"

namespace bothends::run::test {

namespace {

/// Probes that end when the test says so, or by themselves after some turns.
struct Stage {
  struct One : Probers::Running {
    One(Stage& of, std::string name, Probers::Ended call) : stage(of), host(std::move(name)), ended(std::move(call)) {
      stage.widest = std::max(stage.widest, ++stage.alive);
    }
    ~One() override { --stage.alive; }
    void interrupt() override {
      if (!stage.at_once) return end(true);
      policy::Probed probed;
      probed.target = host;
      probed.interrupted = true;
      std::exchange(ended, nullptr)(std::move(probed));
    }
    void end(bool interrupted = false) {
      stage.loop.post([call = std::exchange(ended, nullptr), interrupted, host = host] {
        policy::Probed probed;
        probed.target = host;
        probed.interrupted = interrupted;
        if (call) call(std::move(probed));
      });
    }
    Stage& stage;
    std::string host;
    Probers::Ended ended;
  };

  net::Loop loop;
  unsigned alive = 0, widest = 0, begun = 0, given = 0, done = 0;
  unsigned count = 0;
  bool by_themselves = true, at_once = false;
  std::vector<One*> ones;
  std::vector<policy::Probed> results;

  Probers::Callbacks callbacks() {
    return {[this]() -> std::optional<Target> {
              if (given == count) return std::nullopt;
              return *target_of("t" + std::to_string(given++) + ".test");
            },
            [this](const Target& target, Probers::Ended ended) {
              ++begun;
              auto one = std::make_unique<One>(*this, target.text, std::move(ended));
              ones.push_back(one.get());
              if (by_themselves) one->end();
              return one;
            },
            [this](const Target& target, policy::Probed probed) {
              CHECK(target.text == probed.target);
              results.push_back(std::move(probed));
            },
            [this] { ++done; }};
  }
};

}  // namespace

TEST_CASE("every target is probed once, so many at a time") {
  Stage stage;
  stage.count = 500;
  {
    const Probers probers(stage.loop, 8, stage.callbacks());
    CHECK(stage.begun == 0);
    turn_until(stage.loop, [&] { return stage.done > 0; });
  }
  CHECK(stage.results.size() == 500);
  CHECK(stage.widest >= 8);
  CHECK(stage.widest <= 16);  // those that have just ended are still there
  CHECK(stage.given - stage.results.size() == 0);
  CHECK(stage.done == 1);
  CHECK(stage.alive == 0);
}

TEST_CASE("results come as they end, and a slow target holds up nobody") {
  Stage stage;
  stage.count = 5;
  stage.by_themselves = false;
  const Probers probers(stage.loop, 2, stage.callbacks());
  turn_until(stage.loop, [&] { return stage.begun == 2; });
  for (unsigned i = 1; i < 5; ++i) {
    stage.ones[i]->end();
    turn_until(stage.loop, [&] { return stage.results.size() == i && stage.begun == std::min(i + 2, 5U); });
  }
  stage.ones[0]->end();
  turn_until(stage.loop, [&] { return stage.done > 0; });
  CHECK(stage.results.front().target == "t1.test");
  CHECK(stage.results.back().target == "t0.test");
}

TEST_CASE("interrupted: those that run say how far they came, no other is begun") {
  for (const bool at_once : {false, true}) {
    Stage stage;
    stage.count = 100;
    stage.by_themselves = false;
    stage.at_once = at_once;
    Probers probers(stage.loop, 4, stage.callbacks());
    turn_until(stage.loop, [&] { return stage.begun == 4; });
    probers.interrupt();
    turn_until(stage.loop, [&] { return stage.done > 0; });
    CHECK(stage.begun == 4);
    REQUIRE(stage.results.size() == 4);
    CHECK(stage.results[3].interrupted);
    CHECK(stage.alive == 0);
  }
}

TEST_CASE("interrupted before it began, without targets, and destroyed in the middle") {
  Stage stage;
  stage.count = 10;
  Probers probers(stage.loop, 4, stage.callbacks());
  probers.interrupt();
  turn_until(stage.loop, [&] { return stage.done > 0; });
  CHECK(stage.begun == 0);
  Stage empty;
  const Probers none(empty.loop, 4, empty.callbacks());
  turn_until(empty.loop, [&] { return empty.done > 0; });
  Stage middle;
  middle.count = 10;
  middle.by_themselves = false;
  {
    const Probers some(middle.loop, 4, middle.callbacks());
    turn_until(middle.loop, [&] { return middle.begun == 4; });
  }
  CHECK(middle.alive == 0);
}

}  // namespace bothends::run::test
