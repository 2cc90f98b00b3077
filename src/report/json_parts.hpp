// What the compile units of the JSON report share. Only they include this.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/place.hpp"
#include "path/facts.hpp"

namespace bothends::report {

using Json = nlohmann::ordered_json;

// Whatever a peer can make long is cut, and what was left out is counted beside it.
constexpr std::size_t longest_text = 4096;
constexpr std::size_t longest_body = 4096;
constexpr std::size_t most_codes = 512;
constexpr std::size_t most_events = 512;
constexpr std::size_t most_exchanges = 64;
constexpr std::size_t most_connections = 64;

/// At most `longest_text` octets of it, then "…".
std::string shortened(std::string_view text);
/// {"name": …, "code": …}.
Json code(wire::Registry registry, std::uint16_t value);
Json codes(wire::Registry registry, const wire::Codes& values);
Json place(const Place& place);

Json record(const path::PathRecord& record, const path::Digests& digests);
Json handshake(const path::Observation& seen, const path::Digests& digests);
Json exchange(const path::Exchange& exchange);

/// One line; octets that are not UTF-8 become U+FFFD, all beyond ASCII is escaped.
std::string dumped(const Json& value);

}  // namespace bothends::report
