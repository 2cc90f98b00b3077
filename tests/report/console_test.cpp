#include "report/console.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "report/style.hpp"
#include "tests/report/samples.hpp"
#include "tests/support/records.hpp"

using namespace bothends;
using report::ConsoleOptions;
using samples::has;
using samples::only;
using support::Story;
using How = policy::Ending::How;

namespace {

/// Nothing but line ends and, where allowed, our own colours may act on a terminal.
std::string first_harm(std::string_view text, bool colours) {
  while (!text.empty()) {
    auto step = utf8_step(text);
    bool colour = colours && text.starts_with("\x1b[");
    if (colour) {
      auto end = text.find('m');
      if (end == text.npos || text.substr(2, end - 2).find_first_not_of("0123456789;") != text.npos) return "no colour";
      text.remove_prefix(end + 1);
      continue;
    }
    if (!step.valid || (is_invisible(step.code) && step.code != '\n')) return printable(text.substr(0, 20));
    text.remove_prefix(step.octets);
  }
  return {};
}

std::size_t widest(const std::string& text) {
  std::size_t columns = 0;
  for (const auto& line : split(text, '\n')) columns = std::max(columns, display_width(line));
  return columns;
}

std::string drawn(const Story& origin) {
  auto one = samples::passed();
  one.status = path::Status::failed;
  one.record->origins = {origin};
  return report::console(only(one), {});
}

}  // namespace

TEST_CASE("a failed try: the path, the finding, the line with its caret") {
  auto text = report::console(only(samples::failed()), {});
  CHECK(text ==
        "A title (x.toml)\n"
        "  ✗ a browser asks for shop.test [client.stack=mbedtls]                                        12 ms\n"
        "    client ━━━━━━━▸ proxy nginx   TLSv1.3 · TLS_AES_128_GCM_SHA256 · x25519 · http/1.1\n"
        "                                  HTTP 502 Bad Gateway\n"
        "    proxy  ━━━━━╳┄┄ origin shop   TLSv1.2 · TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 · x25519 · no SNI\n"
        "                                  certificate other.test: wrong-name\n"
        "                                  proxy closed after the handshake, no request\n"
        "    ● origin-needs-sni · origin leg, refused by proxy, stage finished · certain\n"
        "      what      " +
            std::string(path::cause_of("origin-needs-sni")->title) +
            "\n"
            "      evidence  origin: the ClientHello held no server_name\n"
            "                client: 502 from the proxy\n"
            "      fix       Tell the proxy to send the name.\n"
            "    scenarios/no-sni.toml:31:10: expected status 200, got 502\n"
            "      31 │ status = 200\n"
            "         │          ^^^ actual: 502\n"
            "\n");
}

TEST_CASE("a passed try is a line a leg") {
  auto text = report::console(only(samples::passed()), {});
  CHECK(text ==
        "A title (x.toml)\n"
        "  ✓ control: with SNI it works                                                                 12 ms\n"
        "    client ━━━━━━━▸ proxy builtin   TLSv1.3 · x25519 · http/1.1 · HTTP 200\n"
        "    proxy  ━━━━━━━▸ origin shop     TLSv1.2 · x25519 · SNI shop.test · HTTP 200\n"
        "\n");
}

TEST_CASE("what was expected is said calmly, what was not is explained") {
  auto calm = report::console(only(samples::expected()), {});
  CHECK(has(calm, "as expected"));
  CHECK_FALSE(has(calm, "evidence"));
  auto loud = samples::expected();
  loud.verdicts[0].expectation.fact = "status";
  CHECK(has(report::console(only(loud), {}), "evidence"));
  loud = samples::expected();
  loud.verdicts[0].expectation.how = path::Expectation::How::differs;
  CHECK_FALSE(has(report::console(only(loud), {}), "as expected"));
  loud = samples::expected();
  loud.verdicts[0].met = false;
  CHECK_FALSE(has(report::console(only(loud), {}), "as expected"));
  ConsoleOptions colours;
  colours.color = true;
  CHECK(has(report::console(only(samples::failed()), colours), "\x1b[1;31m● origin-needs-sni"));
  CHECK(has(report::console(only(samples::expected()), colours), "\x1b[36m● origin-needs-sni"));
}

TEST_CASE("an undecided finding names its candidates") {
  auto one = samples::failed();
  one.findings[0].certainty = path::Certainty::undecided;
  one.findings[0].candidates = {"cert-untrusted", "cert-expired"};
  CHECK(has(report::console(only(one), {}), "one of    cert-untrusted, cert-expired"));
}

TEST_CASE("the arrow is as long as the leg got, and who refused is an arrow too") {
  using policy::Party;
  CHECK(has(drawn(Story(path::Leg::origin).hello().alert(Party::server, 112).ends(How::alert_sent)),
            "proxy  ━╳┄┄┄┄┄┄ origin shop"));
  CHECK(has(drawn(Story(path::Leg::origin).hello().alert(Party::server, 112).ends(How::alert_sent)),
            "alert unrecognized_name (112) origin → proxy"));
  CHECK(has(drawn(Story(path::Leg::origin).handshake().alert(Party::client, 45).ends(How::alert_received)),
            "alert certificate_expired (45) proxy → origin"));
  CHECK(has(drawn(Story(path::Leg::origin).ends(How::eof)), "proxy  ╳┄┄┄┄┄┄┄ origin shop"));
  CHECK(has(drawn(Story(path::Leg::origin).hello().ends(How::reset)),
            "proxy reset the connection after the ClientHello"));
  CHECK(has(drawn(Story(path::Leg::origin).handshake().ends(How::timed_out)),
            "no answer from proxy in time, after the handshake, no request"));
  CHECK(has(drawn(Story(path::Leg::origin).handshake().alert(Party::client, 200).ends(How::alert_received)),
            "alert unassigned (200)"));
}

TEST_CASE("a peer that speaks something else") {
  Story story(path::Leg::origin);
  story.seen().handshake.transcript.foreign = bytes_of(view_of("GET / HTTP/1.1\r\n"));
  CHECK(has(drawn(story.ends(How::foreign)), "it sent \"GET / HTTP/1.1\\x0d\\n\""));
}

TEST_CASE("no connection, and many of them") {
  auto one = samples::passed();
  one.record->origins.clear();
  CHECK(has(report::console(only(one), {}), "proxy  ┄┄┄┄┄┄┄┄ origin shop     no connection came"));
  one.record->known.origin_name.clear();
  CHECK(has(report::console(only(one), {}), "no connection to any origin"));
  one.record->origins.assign(7, support::an_origin());
  for (std::size_t i = 0; i < 7; i += 2) one.record->origins[i].name = "other";
  CHECK(has(report::console(only(one), {}), "… and 3 more connections to origins"));
}

TEST_CASE("a proxy that tries again and fares the same takes one row") {
  auto one = samples::passed();
  one.record->origins.assign(4, support::an_origin());
  const auto text = report::console(only(one), {});
  CHECK(has(text, "SNI shop.test · HTTP 200 · 4 times"));
  CHECK_FALSE(has(text, "more connections"));
  CHECK(text.find("origin shop") == text.rfind("origin shop"));
}

TEST_CASE("errors and skipped tries say why; a broken scenario says where") {
  auto text = report::console(samples::mixed(), {});
  CHECK(has(text, "  ! with a port that is taken"));
  CHECK(has(text, "    error: the proxy did not start: port 4433 is taken"));
  CHECK(has(text, "  – with HAProxy\n    skipped: haproxy is not installed"));
  path::ScenarioOutcome scenario;
  scenario.file = "x.toml";
  scenario.error = Error{ErrorCode::syntax, "this is no table", {"x.toml", 3, 1}};
  CHECK(has(report::console(scenario, {.quiet = true}), "  ! x.toml:3:1: this is no table\n"));
}

TEST_CASE("quiet: failures and errors only") {
  auto text = report::console(samples::mixed(), {.quiet = true});
  CHECK(has(text, "a browser asks"));
  CHECK(has(text, "with a port"));
  CHECK_FALSE(has(text, "control"));
  CHECK_FALSE(has(text, "HAProxy"));
  CHECK(report::console(only(samples::passed()), {.quiet = true}).empty());
}

TEST_CASE("verbose: every message, what was met, and the log") {
  auto one = samples::passed();
  one.record->proxy_log = {"worker started"};
  auto text = report::console(only(one), {.verbose = true});
  CHECK(has(text, "✓ status 200"));
  CHECK(has(text, "client leg, seen by the client openssl: 127.0.0.1:50110 → 127.0.0.1:4433"));
  CHECK(has(text, "      1.000 ms  → ClientHello"));
  CHECK(has(text, "← ServerHello"));
  CHECK(has(text, "origin leg, connection 1"));
  CHECK(has(text, "← GET / HTTP/1.1"));
  CHECK(has(text, "Host: shop.test"));
  CHECK(has(text, "worker started"));
}

TEST_CASE("colours only when they are asked for, ASCII when that is all there is") {
  auto plain = report::console(samples::mixed(), {});
  CHECK_FALSE(has(plain, "\x1b"));
  auto colours = report::console(samples::mixed(), {.color = true});
  CHECK(has(colours, "\x1b[32m✓\x1b[0m"));
  auto ascii = report::console(samples::mixed(), {.unicode = false, .verbose = true});
  CHECK(std::all_of(ascii.begin(), ascii.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
  CHECK(has(ascii, "client =======> proxy nginx"));
  CHECK(has(ascii, "proxy  =====x.. origin shop"));
}

TEST_CASE("lines keep to the width") {
  for (unsigned width : {60u, 80u, 100u, 200u}) {
    CAPTURE(width);
    CHECK(widest(report::console(samples::mixed(), {.width = width, .verbose = true})) <= width);
    CHECK(widest(report::console(samples::hostile_scenario(), {.width = width, .verbose = true})) <= width);
  }
  CHECK_FALSE(report::console(samples::mixed(), {.width = 0, .verbose = true}).empty());
}

TEST_CASE("no peer and no file gets anything to the terminal but visible characters") {
  for (bool unicode : {true, false})
    for (bool verbose : {true, false})
      for (bool color : {true, false}) {
        ConsoleOptions options{color, unicode, 100, verbose, false};
        CHECK(first_harm(report::console(samples::hostile_scenario(), options), color) == "");
      }
}

TEST_CASE("what is huge is cut short") {
  auto text = report::console(samples::huge_scenario(), {.verbose = true});
  CHECK(text.size() < 200000);
  CHECK(has(text, "         │"));
  CHECK(has(text, "status = 200"));
  CHECK(has(text, "^^^"));
}

TEST_CASE("the caret stands below the value, whatever stands before it") {
  auto below = [](std::string line, unsigned column) {
    auto one = samples::failed();
    one.verdicts[0].expectation.line = std::move(line);
    one.verdicts[0].expectation.place.column = column;
    auto lines = split(report::console(only(one), {}), '\n');
    auto at = std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.find("^") != line.npos; });
    REQUIRE(at != lines.end());
    auto carets = at->find('^');
    auto last = at->find_last_of('^');
    auto columns = display_width(at->substr(0, carets));
    auto source = *(at - 1);
    std::size_t octet = 0;
    while (octet < source.size() && display_width(source.substr(0, octet)) < columns) ++octet;
    return source.substr(octet, last - carets + 1);
  };
  CHECK(below("status = 200", 10) == "200");
  CHECK(below("\tstatus = 200 # why", 11) == "200");
  CHECK(below("\"grüße\" = \"a b\" # why", 11) == "\"a b\"");
  CHECK(below("expect = { status = 200, body = 'x' }", 21) == "200");
  CHECK(below("x = [ 1, 2 ]", 5) == "[ 1, 2 ]");
}

TEST_CASE("without its line an expectation still has its place; a column beyond the line harms nobody") {
  auto one = samples::failed();
  one.verdicts[0].expectation.line.clear();
  auto text = report::console(only(one), {});
  CHECK(has(text, "no-sni.toml:31:10: expected status 200, got 502\n"));
  CHECK_FALSE(has(text, "^"));
  one.verdicts[0].expectation.line = "x";
  one.verdicts[0].expectation.place.column = 4000000000;
  CHECK(has(report::console(only(one), {}), "31 │ x\n         │  ^ actual: 502"));
}

TEST_CASE("the summary counts, says how long it took, and what to do next") {
  using std::chrono::milliseconds;
  auto text = report::console_summary({3, 1, 0, 2}, false, 0, milliseconds(1234), {});
  CHECK(has(text, "3 passed · 1 failed · 2 skipped in 1.2 s\n"));
  CHECK(has(text, "-v"));
  CHECK(report::console_summary({3, 0, 0, 0}, false, 0, milliseconds(3), {}) == "3 passed in 3 ms\n");
  CHECK(has(report::console_summary({}, false, 0, milliseconds(0), {}), "Nothing ran."));
  CHECK(has(report::console_summary({0, 0, 0, 2}, false, 0, milliseconds(0), {}), "Everything was skipped"));
  CHECK(has(report::console_summary({1, 0, 0, 0}, true, 7, milliseconds(0), {}), "did not run: 7"));
}

TEST_CASE("durations") {
  using std::chrono::microseconds;
  CHECK(report::duration(microseconds(-5)) == "0.0 ms");
  CHECK(report::duration(microseconds(400)) == "0.4 ms");
  CHECK(report::duration(microseconds(12400)) == "12 ms");
  CHECK(report::duration(microseconds(999499)) == "999 ms");
  CHECK(report::duration(microseconds(1200000)) == "1.2 s");
  CHECK(report::duration(microseconds(125000000)) == "2 min 5 s");
}
