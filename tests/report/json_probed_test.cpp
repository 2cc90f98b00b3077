#include "report/json_probed.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "report/probed.hpp"
#include "tests/report/probed_samples.hpp"
#include "tests/report/validate.hpp"
#include "tests/wire/mutator.hpp"

using namespace bothends;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::vector<policy::Probed> all() {
  return {samples::healthy_endpoint(), samples::sick_endpoint(), samples::hostile_endpoint(),
          samples::silent_endpoint(), policy::Probed{}};
}

std::string complaint(const std::string& json) {
  return samples::complaint_of("python3 -W ignore -m jsonschema -i @ schema/probe.schema.json", json);
}

/// The error of a document in which `from` stands as `to`.
std::string spoiled(std::string_view from, std::string_view to) {
  auto text = report::probed_json(samples::sick_endpoint());
  auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  auto read = report::probed_of_json(text.replace(at, from.size(), to), "a.json");
  return read ? "it was read" : read.error().message();
}

report::Judged a_judgement() {
  using What = policy::Item::What;
  policy::Grade grade{.verdict = policy::Grade::Verdict::differs, .policy = {.id = "modern", .vendor = "Mozilla"}};
  grade.policy.sources = {{"Server Side TLS", "6.0", "https://example.test/6.0.json"}};
  grade.too_much = {{What::version, wire::tls1_2, wire::tls1_2}, {What::suite, wire::tls1_3, 0x1304, "", 2}};
  grade.otherwise = {{What::key, 0, 0, "the leaf's key is RSA 2048"}};
  grade.unserved = {0xc02b};
  policy::Agreement agreed{.version = wire::tls1_3, .suite = 0x1301, .group = 0x11ec, .alpn = "h2"};
  policy::Refusal refused{.reason = policy::Reason::no_shared_suite, .alert = wire::handshake_failure};
  policy::Answer seen{.kind = policy::Answer::Kind::accepted, .version = wire::tls1_3, .suite = 0x1302};
  return {grade, std::vector<policy::ClientAnswer>{{"chrome-150", "Chrome 150", agreed, seen},
                                                   {"java-7", "Java 7", refused, policy::Answer{}},
                                                   {"odd", "Odd", std::nullopt, std::nullopt}}};
}

}  // namespace

TEST_CASE("written and read back it is the same") {
  for (const auto& probed : all())
    for (const auto& text : {report::probed_json(probed), report::probed_snapshot(probed)}) {
      auto read = report::probed_of_json(text);
      REQUIRE_MESSAGE(read.has_value(), read.error().message());
      CHECK(report::probed_snapshot(*read) == report::probed_snapshot(probed));
      CHECK(read->survey.versions == probed.survey.versions);
      CHECK(read->survey.presented == probed.survey.presented);
      CHECK(read->survey.alpn == probed.survey.alpn);
      CHECK(read->survey.sni == probed.survey.sni);
      CHECK(read->survey.issuers == probed.survey.issuers);
      CHECK(read->survey.unknown == probed.survey.unknown);
      CHECK(report::console(*read, {}) == report::console(probed, {}));
    }
}

TEST_CASE("it is what the schema says") {
  for (const auto& probed : all()) CHECK(complaint(report::probed_json(probed)) == "");
  CHECK(complaint(report::probed_snapshot(samples::sick_endpoint())) == "");
}

TEST_CASE("a grade and the clients stand beside it, and a reader passes over them") {
  auto probed = samples::healthy_endpoint();
  auto judged = a_judgement();
  CHECK_FALSE(has(report::probed_json(probed), "\"grade\":{"));
  CHECK(has(report::probed_json(probed, {{}, std::vector<policy::ClientAnswer>{}}), R"("clients":[])"));
  auto text = report::probed_json(probed, judged);
  CHECK(has(text, R"("verdict":"differs")"));
  CHECK(has(text, R"("id":"chrome-150")"));
  CHECK(complaint(text) == "");
  auto read = report::probed_of_json(text);
  REQUIRE(read.has_value());
  CHECK(report::probed_json(*read) == report::probed_json(probed));
  text.replace(text.find("\"too_much\""), 10, "\"too_mich\"");
  CHECK(has(complaint(text), "too_mich"));
}

TEST_CASE("the schema refuses what it does not know") {
  auto text = report::probed_json(samples::healthy_endpoint());
  text.replace(text.find("\"grease\""), 8, "\"greese\"");
  CHECK(has(complaint(text), "greese"));
}

TEST_CASE("one line of ASCII for each target") {
  for (const auto& probed : all()) {
    auto text = report::probed_json(probed);
    CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; }));
  }
  auto text = report::probed_json(samples::sick_endpoint());
  CHECK(has(text, R"("format":"bothends-probe","version":1,"target":"shop.test:443")"));
  CHECK(has(text, R"("suites":["TLS_AES_256_GCM_SHA384","TLS_AES_128_GCM_SHA256"])"));
  CHECK(has(text, R"("complete":false)"));
  CHECK(has(text, R"({"is":"wrong","text":"weak versions are spoken: TLSv1.0"})"));
}

TEST_CASE("what is wrong with a snapshot is said with its place") {
  CHECK(spoiled("\"version\":1", "\"version\":2") == "a.json: version: version 2 is not known, only 1");
  CHECK(spoiled("bothends-probe", "bothends-hello") == "a.json: format: this is no snapshot of bothends-probe");
  CHECK(spoiled("\"TLS_AES_256_GCM_SHA384\"", "\"TLS_AES_257\"") ==
        "a.json: survey.versions[0].suites[0]: there is no cipher suite \"TLS_AES_257\"");
  CHECK(spoiled("\"spoken\":\"yes\"", "\"spoken\":\"maybe\"") ==
        "a.json: survey.versions[0].spoken: \"maybe\" is not known here; it is one of no, yes, unknown");
  CHECK(spoiled("\"grease\"", "\"greese\"") == "a.json: survey: it has no \"grease\"");
  CHECK(spoiled("\"presented\":1,", "\"presented\":2,") == "a.json: survey.names: there is no presented chain 2");
  CHECK(has(spoiled("\"questions\":412", "\"questions\":-1"), "it must be a whole number from 0"));
  CHECK(has(spoiled("\"questions\":412", "\"questions\":4294967296"), "it must be a whole number from 0"));
  CHECK(has(spoiled("\"questions\":412", "\"questions\":1e999"), "a.json"));
  CHECK(has(spoiled("\"010203\"", "\"01020\""), "it must be octets in hex"));
  CHECK(has(spoiled("\"interrupted\":false", "\"interrupted\":0"), "it must be true or false"));
  auto read = report::probed_of_json("{\n \"format\": }", "b.json");
  CHECK(read.error().message() == "b.json:2:12: this is no JSON");
  CHECK_FALSE(report::probed_of_json("").has_value());
  CHECK_FALSE(report::probed_of_json("[]").has_value());
}

TEST_CASE("hostile files end soon and without harm") {
  CHECK(has(report::probed_of_json(std::string(4 << 20, '[')).error().message(), "deep"));
  CHECK_FALSE(report::probed_of_json(std::string(report::most_snapshot_octets + 1, ' ')).has_value());
  std::string keys = "{\"a\":1";
  for (int count = 0; count < 200000; ++count) keys += ",\"" + std::to_string(count) + "\":1";
  CHECK_FALSE(report::probed_of_json(keys + "}").has_value());
  auto seed = report::probed_json(samples::hostile_endpoint());
  seed.resize(std::min<std::size_t>(seed.size(), 6000));
  const Bytes good = bytes_of(view_of(report::probed_json(samples::healthy_endpoint())));
  test::Mutator mutator(22);
  for (int round = 0; round < 3000; ++round) {
    Bytes input = good;
    mutator.mutate(input, bytes_of(view_of(seed)));
    if (auto read = report::probed_of_json(text_of(input))) CHECK_FALSE(report::console(*read, {}).empty());
  }
}
