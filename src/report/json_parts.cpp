#include "report/json_parts.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace bothends::report {
namespace {

/// A little more than asked for, so that no character is cut in two.
std::string_view first(std::string_view text, std::size_t octets) {
  if (text.size() <= octets) return text;
  std::size_t at = 0;
  while (at < octets) at += utf8_step(text.substr(at)).octets;
  return text.substr(0, at);
}

Json body(const std::string& body, bool truncated) {
  auto kept = first(body, longest_body);
  return {{"text", kept}, {"octets", body.size()}, {"whole", !truncated && kept.size() == body.size()}};
}

Json fields(const http::Fields& fields) {
  auto list = Json::array();
  for (const auto& field : fields) list.push_back({{"name", shortened(field.name)}, {"value", shortened(field.value)}});
  return list;
}

Json observation(const path::Observation& seen, const path::Digests& digests) {
  Json out{{"leg", name(seen.leg)}, {"name", shortened(seen.name)}, {"tls", seen.tls},
           {"peer", seen.peer},     {"local", seen.local},          {"begun_us", seen.begun.count()},
           {"reused", seen.reused}, {"spoke", to_hex(seen.spoke)}};
  out.update(handshake(seen, digests));
  auto exchanges = Json::array();
  for (const auto& one : seen.exchanges)
    if (exchanges.size() < most_exchanges) exchanges.push_back(exchange(one));
  out["exchanges_omitted"] = seen.exchanges.size() - exchanges.size();
  out["exchanges"] = std::move(exchanges);
  return out;
}

}  // namespace

std::string shortened(std::string_view text) {
  auto kept = first(text, longest_text);
  return std::string(kept) + (kept.size() < text.size() ? "…" : "");
}

Json code(wire::Registry registry, std::uint16_t value) {
  return {{"name", wire::name(registry, value)}, {"code", value}};
}

Json codes(wire::Registry registry, const wire::Codes& values) {
  auto list = Json::array();
  for (auto value : values)
    if (list.size() < most_codes) list.push_back(code(registry, value));
  return list;
}

Json place(const Place& place) {
  if (!place.known()) return nullptr;
  return {{"file", shortened(place.file)}, {"line", place.line}, {"column", place.column}};
}

Json exchange(const path::Exchange& exchange) {
  Json request, response;
  if (const auto& sent = exchange.request)
    request = {{"method", shortened(sent->method)},
               {"target", shortened(sent->target)},
               {"http", "1." + std::to_string(sent->minor_version)},
               {"fields", fields(sent->fields)},
               {"body", body(sent->body, sent->truncated)}};
  if (const auto& came = exchange.response)
    response = {{"status", came->status},
                {"reason", shortened(came->reason)},
                {"http", "1." + std::to_string(came->minor_version)},
                {"fields", fields(came->fields)},
                {"body", body(came->body, came->truncated)}};
  return {{"request", request}, {"response", response}, {"complete", exchange.complete}};
}

Json record(const path::PathRecord& record, const path::Digests& digests) {
  auto origins = Json::array(), log = Json::array();
  for (const auto& seen : record.origins)
    if (origins.size() < most_connections) origins.push_back(observation(seen, digests));
  auto log_from = record.proxy_log.size() - std::min(record.proxy_log.size(), most_events);
  for (auto at = log_from; at < record.proxy_log.size(); ++at) log.push_back(shortened(record.proxy_log[at]));
  auto omitted = record.origins.size() - origins.size();
  return {{"url", shortened(record.url)},
          {"host", shortened(record.host)},
          {"proxy", shortened(record.proxy)},
          {"took_us", record.took.count()},
          {"client", observation(record.client, digests)},
          {"origins", std::move(origins)},
          {"origins_omitted", omitted},
          {"proxy_log", std::move(log)}};
}

std::string dumped(const Json& value) { return value.dump(-1, ' ', true, Json::error_handler_t::replace); }

}  // namespace bothends::report
