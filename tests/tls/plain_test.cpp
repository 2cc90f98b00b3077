#include <doctest/doctest.h>

#include "tls/stacks.hpp"

using namespace bothends;

TEST_CASE("clear text is open at once and passes what it is given") {
  auto engine = tls::plain().client({}).value()->connect({}).value();
  CHECK(engine->phase() == tls::Phase::open);
  CHECK(engine->handshake().complete);
  Bytes out;
  CHECK(engine->step(view_of("abc"), out) == tls::Phase::open);
  CHECK(engine->step(view_of("def"), out) == tls::Phase::open);
  CHECK(out.empty());
  CHECK(text_of(engine->take_plain()) == "abcdef");
  CHECK(engine->take_plain().empty());
  engine->write(view_of("answer"), out);
  CHECK(text_of(out) == "answer");
}

TEST_CASE("after close clear text says no more, but still listens") {
  auto engine = tls::plain().server({}).value()->accept().value();
  Bytes out;
  engine->close(out);
  engine->write(view_of("late"), out);
  CHECK(out.empty());
  engine->step(view_of("in"), out);
  CHECK(text_of(engine->take_plain()) == "in");
}
