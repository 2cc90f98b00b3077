// HTTP/1.1 (RFC 9112), sans-IO: octets in, a message out; and heads as octets. Strict, since a tester must report
// anomalies and not smooth them: no obsolete folding, no bare LF, no space before a colon, no conflicting lengths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "http/message.hpp"

namespace bothends::http {

/// Reads one message after another from one connection. Bounded: a head over 64 KiB or 256 fields is malformed.
class Reader {
 public:
  enum class Kind { request, response };
  enum class State { head, body, done, malformed };
  explicit Reader(Kind kind) : kind_(kind) {}

  /// Takes octets; stops at the end of a message: what follows it is kept for next().
  State feed(View bytes);
  /// The peer's end of stream: completes a response whose body is "until close"; cuts off anything else.
  State end();
  /// Ready for the message after a `done` one, with what was already fed of it.
  State next();
  /// This response answers a HEAD request or a CONNECT: it has no body.
  void expect_no_body() { no_body_ = true; }

  State state() const { return state_; }
  const std::string& malformed() const { return malformed_; }  // why; printable
  /// Valid from `body` on (start line and fields; `body` stays empty).
  const Request& request() const { return request_; }
  const Response& response() const { return response_; }
  /// The body octets since the last call, transfer coding removed. Trailers are checked and dropped.
  Bytes take_body();
  /// How the end of the body is told (RFC 9112 section 6.3); from `body` on.
  enum class Framing { none, sized, chunked, until_close };
  Framing framing() const { return framing_; }
  /// With Framing::sized: of the whole body.
  std::uint64_t length() const { return length_; }
  /// Whether the connection may serve another message after this one (RFC 9112 section 9.3).
  bool keeps_alive() const;
  /// A 1xx was read and dropped? No: interim responses are handed out as messages of their own with status 1xx.
  bool interim() const { return kind_ == Kind::response && response_.status >= 100 && response_.status < 200; }
  /// Octets fed but not consumed. It is for the feeder to stop while they are many: after `done` they all wait here.
  std::size_t pending() const { return buffer_.size() - at_; }
  /// Something of the current message has come.
  bool begun() const { return state_ != State::head || step_ != Step::start_line || pending() > 0; }

 private:
  enum class Step { start_line, fields, sized, chunk_size, chunk_data, chunk_end, trailers, until_close };

  void run();
  bool advance();  // false: more octets are needed, or it is over
  std::optional<std::string_view> line();
  bool on_line(std::string_view line);
  bool start_line(std::string_view line);
  bool request_line(std::string_view line);
  bool status_line(std::string_view line);
  bool field_line(std::string_view line);
  bool chunk_size(std::string_view line);
  bool head_is_complete();
  bool find_framing();
  bool has_no_body() const;
  bool take_data();
  bool done();
  bool bad(std::string why);
  Fields& fields() { return kind_ == Kind::request ? request_.fields : response_.fields; }

  Kind kind_;
  State state_ = State::head;
  Step step_ = Step::start_line;
  Framing framing_ = Framing::none;
  std::string malformed_;
  Request request_;
  Response response_;
  Bytes buffer_;
  std::size_t at_ = 0;           // consumed of the buffer
  std::size_t scanned_ = 0;      // of the line that begins at at_
  std::size_t line_octets_ = 0;  // of the lines so far: head, or chunk sizes and trailers
  std::size_t field_count_ = 0;  // in the head, or in the trailers
  std::uint64_t length_ = 0;     // of a sized body
  std::uint64_t left_ = 0;       // of a sized body or of this chunk
  Bytes body_;
  bool no_body_ = false;
  bool blank_line_skipped_ = false;
};

/// Start line and fields with the final empty line; the fields as they are given.
Bytes head(const Request& request);
Bytes head(const Response& response);
/// A whole message: adds Content-Length when the fields say no framing and there is a body (or a response needs it);
/// where they say chunked, the body goes in one chunk. A Content-Length that is there stays, also a wrong one.
Bytes whole(const Request& request);
Bytes whole(const Response& response);
Bytes chunk(View body);  // one chunk of the chunked coding
Bytes last_chunk();
std::string_view reason_phrase(unsigned status);

/// Removes the fields that concern one connection only (RFC 9110 section 7.6.1), those that Connection names too,
/// except Host and Content-Length: nobody gets those removed by naming them.
void remove_hop_by_hop(Fields& fields);

}  // namespace bothends::http
