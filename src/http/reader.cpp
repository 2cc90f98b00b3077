#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "http/http1.hpp"
#include "http/syntax.hpp"

namespace bothends::http {

namespace {

constexpr std::size_t most_head =
    64 * 1024;  // also of chunk sizes with extensions and trailers that follow one another
constexpr std::size_t most_fields = 256;
constexpr std::size_t most_chunk_line = 4096;

/// Digits only, up to 2^63 - 1: signs, spaces and empty text are none.
std::optional<std::uint64_t> number(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value >> 63 ? std::nullopt : std::optional(value);
}

/// "HTTP/1.0" and "HTTP/1.1", which are case-sensitive (RFC 9112 section 2.3).
std::optional<unsigned> minor_version(std::string_view text) {
  if (text == "HTTP/1.1") return 1;
  if (text == "HTTP/1.0") return 0;
  return std::nullopt;
}

bool connection_says(const Fields& fields, std::string_view option) {
  bool said = false;
  for (const Field& field : fields)
    if (equal_ignoring_case(field.name, "connection"))
      for_each_element(field.value, [&](std::string_view element) { said |= equal_ignoring_case(element, option); });
  return said;
}

}  // namespace

Reader::State Reader::feed(View bytes) {
  if (state_ == State::malformed) return state_;
  if (at_ > 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
  }
  append(buffer_, bytes);
  run();
  return state_;
}

Reader::State Reader::end() {
  if (state_ == State::body && step_ == Step::until_close)
    done();
  else if (state_ == State::body || (state_ == State::head && begun()))
    bad(state_ == State::head ? "the head is cut off" : "the body is cut off");
  return state_;
}

Reader::State Reader::next() {
  if (state_ != State::done) return state_;
  const bool same_exchange = interim();
  state_ = State::head;
  step_ = Step::start_line;
  framing_ = Framing::none;
  request_ = {};
  response_ = {};
  body_.clear();
  line_octets_ = field_count_ = scanned_ = 0;
  length_ = left_ = 0;
  no_body_ = no_body_ && same_exchange;
  blank_line_skipped_ = false;
  run();
  return state_;
}

Bytes Reader::take_body() { return std::exchange(body_, {}); }

bool Reader::keeps_alive() const {
  if (state_ == State::head || state_ == State::malformed || framing_ == Framing::until_close) return false;
  const Fields& fields = kind_ == Kind::request ? request_.fields : response_.fields;
  if (connection_says(fields, "close")) return false;
  const unsigned version = kind_ == Kind::request ? request_.minor_version : response_.minor_version;
  return version == 1 || connection_says(fields, "keep-alive");
}

void Reader::run() {
  while ((state_ == State::head || state_ == State::body) && advance()) continue;
}

bool Reader::advance() {
  if (step_ == Step::sized || step_ == Step::chunk_data || step_ == Step::until_close) return take_data();
  const auto found = line();
  if (!found) return false;
  return on_line(*found);
}

/// The next line without its CRLF. Every octet is looked at once, and a wrong one is told as soon as it has come, so
/// that the answer does not depend on how the octets were cut up.
std::optional<std::string_view> Reader::line() {
  const std::size_t limit = step_ == Step::chunk_size ? most_chunk_line : most_head;
  for (; at_ + scanned_ < buffer_.size(); ++scanned_) {
    const std::uint8_t octet = buffer_[at_ + scanned_];
    const bool after_cr = scanned_ > 0 && buffer_[at_ + scanned_ - 1] == '\r';
    if (line_octets_ + scanned_ >= most_head || scanned_ >= limit) return bad("too long a head"), std::nullopt;
    if (octet == '\n' && after_cr) break;
    if (octet == '\n') return bad("a line ends without CR"), std::nullopt;
    if (after_cr) return bad("CR without LF"), std::nullopt;
    if ((octet < 0x20 && octet != '\t' && octet != '\r') || octet == 0x7f)
      return bad(fmt::format("control character {:#04x}", octet)), std::nullopt;
  }
  if (at_ + scanned_ == buffer_.size()) return std::nullopt;
  const auto text = text_of(View(buffer_).subspan(at_, scanned_ - 1));
  at_ += scanned_ + 1;
  line_octets_ += scanned_ + 1;
  scanned_ = 0;
  return text;
}

bool Reader::on_line(std::string_view line) {
  switch (step_) {
    case Step::start_line:
      return start_line(line);
    case Step::fields:
      return line.empty() ? head_is_complete() : field_line(line);
    case Step::chunk_size:
      return chunk_size(line);
    case Step::chunk_end:
      line_octets_ -= 2;
      step_ = Step::chunk_size;
      return line.empty() || bad("a chunk is longer than it says");
    case Step::trailers:
      return line.empty() ? done() : field_line(line);
    default:
      return false;
  }
}

bool Reader::start_line(std::string_view line) {
  // RFC 9112 section 2.2: an empty line before a request is to be overlooked.
  if (line.empty() && kind_ == Kind::request && !std::exchange(blank_line_skipped_, true)) return true;
  step_ = Step::fields;
  return kind_ == Kind::request ? request_line(line) : status_line(line);
}

bool Reader::request_line(std::string_view line) {
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return bad("not a request line: " + printable(line, 80));
  request_.method = line.substr(0, first);
  request_.target = line.substr(first + 1, last - first - 1);
  const auto version = minor_version(line.substr(last + 1));
  if (!is_token(request_.method)) return bad("not a method: " + printable(request_.method, 80));
  if (!version) return bad("not a version of HTTP/1: " + printable(line.substr(last + 1), 80));
  if (!is_target(request_.method, request_.target)) return bad("not a target: " + printable(request_.target, 80));
  request_.minor_version = *version;
  return true;
}

/// "HTTP/1.1 200 OK"; the second space is there also when the reason is not (RFC 9112 section 4).
bool Reader::status_line(std::string_view line) {
  const auto version = minor_version(line.substr(0, 8));
  const auto status =
      line.size() >= 13 && line[8] == ' ' && line[12] == ' ' ? number(line.substr(9, 3), 10) : std::nullopt;
  if (!version || !status || *status < 100) return bad("not a status line: " + printable(line, 80));
  response_.minor_version = *version;
  response_.status = static_cast<unsigned>(*status);
  response_.reason = line.substr(13);
  return true;
}

bool Reader::field_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return bad("a folded field");
  if (++field_count_ > most_fields) return bad("too many fields");
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  if (colon == std::string_view::npos) return bad("a field without a colon: " + printable(line, 80));
  if (!is_token(name)) return bad("not a field name: " + printable(name, 80));
  if (step_ == Step::fields)
    fields().push_back({std::string(name), std::string(without_space(line.substr(colon + 1)))});
  return true;
}

bool Reader::head_is_complete() {
  if (!find_framing()) return false;
  state_ = State::body;
  line_octets_ = field_count_ = 0;
  left_ = length_;
  switch (framing_) {
    case Framing::chunked:
      step_ = Step::chunk_size;
      break;
    case Framing::until_close:
      step_ = Step::until_close;
      break;
    case Framing::sized:
      step_ = Step::sized;
      break;
    case Framing::none:
      return done();
  }
  return step_ != Step::sized || left_ > 0 || done();
}

bool Reader::has_no_body() const {
  const unsigned status = response_.status;
  return kind_ == Kind::response && (no_body_ || status < 200 || status == 204 || status == 304);
}

/// RFC 9112 section 6.3. What could be read in two ways is refused: that is how requests are smuggled.
bool Reader::find_framing() {
  std::optional<std::uint64_t> length;
  bool chunked = false;
  for (const Field& field : fields()) {
    if (equal_ignoring_case(field.name, "transfer-encoding")) {
      if (chunked || !equal_ignoring_case(field.value, "chunked"))
        return bad("not the transfer coding 'chunked': " + printable(field.value, 80));
      chunked = true;
    }
    if (!equal_ignoring_case(field.name, "content-length")) continue;
    const auto said = number(field.value, 10);
    if (!said) return bad("not a length: " + printable(field.value, 80));
    if (length && *length != *said) return bad("two lengths that differ");
    length = said;
  }
  const unsigned version = kind_ == Kind::request ? request_.minor_version : response_.minor_version;
  if (chunked && length) return bad("both a length and a transfer coding");
  if (chunked && version == 0) return bad("a transfer coding in HTTP/1.0");
  length_ = length.value_or(0);
  if (has_no_body())
    framing_ = Framing::none;
  else if (chunked)
    framing_ = Framing::chunked;
  else if (length)
    framing_ = Framing::sized;
  else
    framing_ = kind_ == Kind::request ? Framing::none : Framing::until_close;
  return true;
}

bool Reader::chunk_size(std::string_view line) {
  const auto digits = line.substr(0, line.find_first_of("; \t"));
  const auto size = number(digits, 16);
  const auto rest = without_space(line.substr(digits.size()));
  if (!size || (rest.empty() && digits.size() != line.size()) || (!rest.empty() && rest.front() != ';'))
    return bad("not the size of a chunk: " + printable(line, 80));
  line_octets_ -= digits.size() + 2;  // only extensions and trailers count: chunks there may be many
  left_ = *size;
  step_ = left_ == 0 ? Step::trailers : Step::chunk_data;
  return true;
}

bool Reader::take_data() {
  const std::uint64_t limit = step_ == Step::until_close ? pending() : std::min<std::uint64_t>(left_, pending());
  const auto count = static_cast<std::size_t>(limit);
  append(body_, View(buffer_).subspan(at_, count));
  at_ += count;
  if (step_ == Step::until_close || (left_ -= count) > 0) return false;
  if (step_ == Step::sized) return done();
  step_ = Step::chunk_end;
  return true;
}

bool Reader::done() {
  state_ = State::done;
  return false;
}

bool Reader::bad(std::string why) {
  state_ = State::malformed;
  malformed_ = std::move(why);
  return false;
}

}  // namespace bothends::http
