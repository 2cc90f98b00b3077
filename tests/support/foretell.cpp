// What the product foretells, for the end-to-end tests: reads a snapshot and, from standard input, ClientHellos as
// lines of hex (whole records), and prints a line of JSON for each.
//   foretell SNAPSHOT [STACK]      by the manners of STACK instead of those that the probe found
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "policy/probed.hpp"
#include "report/json_probed.hpp"

namespace {

using namespace bothends;
using nlohmann::ordered_json;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "foretell: %s\n", why.c_str());
  std::exit(2);
}

template <class Code>
ordered_json number(const std::optional<Code>& code) {
  return code ? ordered_json(*code) : ordered_json();
}

/// How the answer is named by random_hellos.py.
ordered_json said(const policy::Probed& probed, const std::optional<policy::Outcome>& outcome) {
  if (!outcome) return {{"kind", "unknown"}};
  if (const auto* refusal = std::get_if<policy::Refusal>(&*outcome))
    return {{"kind", "refused"}, {"alert", number(refusal->alert)}, {"reason", name(refusal->reason)}};
  const auto& agreed = std::get<policy::Agreement>(*outcome);
  ordered_json leaf;
  for (std::size_t at = 0; at < probed.chains.size(); ++at)
    if (const auto& chain = probed.survey.presented[at].chain; !chain.empty() && chain.front() == agreed.leaf)
      leaf = probed.chains[at].certificates.front().sha256;
  return {{"kind", "accepted"},
          {"version", agreed.version},
          {"suite", agreed.suite},
          {"group", agreed.group},
          {"scheme", agreed.signature_scheme},
          {"alpn", agreed.alpn},
          {"retry", agreed.hello_retry},
          {"leaf", leaf}};
}

policy::Offer offer_of(const std::string& line) {
  const auto octets = from_hex(line);
  if (!octets || octets->size() < 9) stop("this is no record in hex: " + line.substr(0, 40));
  const auto hello = wire::parse_client_hello(View(*octets).subspan(5));
  if (!hello.value) stop("this is no ClientHello: " + line.substr(0, 40));
  return policy::offer_of(*hello.value);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) stop("foretell SNAPSHOT [STACK]");
  std::ifstream file(argv[1]);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto probed = report::probed_of_json(text, argv[1]);
  if (!probed) stop(probed.error().what);
  const policy::Foreteller foreteller(*probed, argc > 2 ? argv[2] : probed->likeness.stack);
  for (std::string line; std::getline(std::cin, line);)
    std::puts(said(*probed, foreteller.outcome(offer_of(line))).dump().c_str());
  return 0;
}
