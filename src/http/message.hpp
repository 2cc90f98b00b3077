// One request and one response, as values. Kept as the peer really sent them: order, case and repetition of fields.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bothends::http {

struct Field {
  std::string name, value;
  friend bool operator==(const Field&, const Field&) = default;
};
using Fields = std::vector<Field>;
/// The first of that name, ignoring case.
std::optional<std::string> find(const Fields& fields, std::string_view name);

struct Request {
  std::string method = "GET";
  std::string target = "/";
  unsigned minor_version = 1;  // HTTP/1.x
  Fields fields;
  std::string body;        // at most the reader's limit of it
  bool truncated = false;  // the body was longer
  std::optional<std::string> host() const { return find(fields, "host"); }
  friend bool operator==(const Request&, const Request&) = default;
};

struct Response {
  unsigned status = 0;
  std::string reason;
  unsigned minor_version = 1;
  Fields fields;
  std::string body;
  bool truncated = false;
  friend bool operator==(const Response&, const Response&) = default;
};

}  // namespace bothends::http
