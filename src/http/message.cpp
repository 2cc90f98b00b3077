#include "http/message.hpp"

#include <algorithm>
#include <array>

#include "http/http1.hpp"
#include "http/syntax.hpp"

namespace bothends::http {

namespace {

bool is_one_of(std::string_view name, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const auto& other) { return equal_ignoring_case(name, other); });
}

}  // namespace

std::optional<std::string> find(const Fields& fields, std::string_view name) {
  const auto at = std::find_if(fields.begin(), fields.end(),
                               [&](const Field& field) { return equal_ignoring_case(field.name, name); });
  return at == fields.end() ? std::nullopt : std::optional(at->value);
}

void remove_hop_by_hop(Fields& fields) {
  std::vector<std::string> named{"connection", "proxy-connection", "keep-alive", "te", "transfer-encoding", "upgrade"};
  for (const Field& field : fields)
    if (equal_ignoring_case(field.name, "connection"))
      for_each_element(field.value, [&](std::string_view element) {
        if (!equal_ignoring_case(element, "host") && !equal_ignoring_case(element, "content-length"))
          named.emplace_back(element);
      });
  std::erase_if(fields, [&](const Field& field) { return is_one_of(field.name, named); });
}

std::string_view reason_phrase(unsigned status) {
  struct Phrase {
    unsigned status;
    std::string_view text;
  };
  // RFC 9110 section 15, RFC 6585 and RFC 8297: those that a proxy or an origin of a test speaks.
  static constexpr std::array<Phrase, 42> phrases{{
      {100, "Continue"},
      {101, "Switching Protocols"},
      {103, "Early Hints"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {425, "Too Early"},
      {426, "Upgrade Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  }};
  const auto at = std::find_if(phrases.begin(), phrases.end(), [&](const Phrase& p) { return p.status == status; });
  return at == phrases.end() ? std::string_view{} : at->text;
}

}  // namespace bothends::http
