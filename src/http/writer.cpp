#include <fmt/format.h>

#include "http/http1.hpp"
#include "http/syntax.hpp"

namespace bothends::http {

namespace {

Bytes head_of(std::string text, const Fields& fields) {
  for (const Field& field : fields) text += field.name + ": " + field.value + "\r\n";
  return bytes_of(view_of(text + "\r\n"));
}

bool is_chunked(const Fields& fields) {
  const auto coding = find(fields, "transfer-encoding");
  return coding && equal_ignoring_case(without_space(*coding), "chunked");
}

/// RFC 9110 section 8.6: where a Content-Length of nothing must not be, or says nothing.
bool may_have_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

template <class Message>
Bytes with_body(Message message, bool needs_length) {
  const bool framed = find(message.fields, "content-length") || find(message.fields, "transfer-encoding");
  if (!framed && (needs_length || !message.body.empty()))
    message.fields.push_back({"Content-Length", std::to_string(message.body.size())});
  Bytes all = head(message);
  if (!is_chunked(message.fields)) {
    append(all, view_of(message.body));
    return all;
  }
  if (!message.body.empty()) append(all, chunk(view_of(message.body)));
  append(all, last_chunk());
  return all;
}

}  // namespace

Bytes head(const Request& request) {
  return head_of(fmt::format("{} {} HTTP/1.{}\r\n", request.method, request.target, request.minor_version),
                 request.fields);
}

Bytes head(const Response& response) {
  return head_of(fmt::format("HTTP/1.{} {:03} {}\r\n", response.minor_version, response.status,
                             response.reason.empty() ? reason_phrase(response.status) : response.reason),
                 response.fields);
}

Bytes whole(const Request& request) { return with_body(request, false); }
Bytes whole(const Response& response) { return with_body(response, may_have_body(response.status)); }

Bytes chunk(View body) {
  Bytes coded = bytes_of(view_of(fmt::format("{:x}\r\n", body.size())));
  append(coded, body);
  append(coded, view_of("\r\n"));
  return coded;
}

Bytes last_chunk() { return bytes_of(view_of("0\r\n\r\n")); }

}  // namespace bothends::http
