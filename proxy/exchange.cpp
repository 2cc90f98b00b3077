// The origin's side of a session: a request on its way there, the response on its way back.
#include <fmt/format.h>

#include "http/syntax.hpp"
#include "proxy/describe.hpp"
#include "proxy/session.hpp"

namespace bothends::proxy {

namespace {

using Framing = http::Reader::Framing;

void remove(http::Fields& fields, std::string_view name) {
  std::erase_if(fields, [&](const http::Field& field) { return http::equal_ignoring_case(field.name, name); });
}

/// Only one length remains, whatever there was: the reader has checked that all said the same.
void set_framing(http::Fields& fields, Framing framing, std::uint64_t length) {
  if (framing != Framing::none) remove(fields, "content-length");
  if (framing == Framing::sized) fields.push_back({"Content-Length", std::to_string(length)});
  if (framing == Framing::chunked) fields.push_back({"Transfer-Encoding", "chunked"});
}

/// "/path" of "http://a.test/path": the form that origins are asked in (RFC 9112 section 3.2.1).
std::pair<std::string, std::string> without_authority(const std::string& target) {
  const auto begin = target.find("://");
  if (target.front() == '/' || begin == std::string::npos) return {"", target};
  const auto path = target.find_first_of("/?", begin + 3);
  const std::string rest = path == std::string::npos ? "/" : target.substr(path);
  return {target.substr(begin + 3, path == std::string::npos ? path : path - begin - 3),
          rest.front() == '?' ? "/" + rest : rest};
}

}  // namespace

void Session::open_link(bool fresh) {
  link_begun_ = proxy_.loop.now();
  exchange_->head_sent = false;
  link_ = proxy_.link_to(exchange_->to, this, fresh);
  if (!link_) return respond({proxy_.setup.statuses.tls, "origin TLS failed"});
  touch();
  if (link_->opened()) send_head();
}

void Session::origin_opened() {
  const auto agreed = link_->connection().handshake().agreement();
  if (agreed && !agreed->alpn.empty() && agreed->alpn != "http/1.1") {
    proxy_.note(
        fmt::format("{}: it chose '{}', which this proxy does not speak", describe(exchange_->to), agreed->alpn));
    return fail({proxy_.setup.statuses.tls, "origin chose another protocol than HTTP/1.1"});
  }
  send_head();
}

http::Request Session::forwarded() const {
  http::Request request = requests_.request();
  const auto [authority, target] = without_authority(request.target);
  request.target = target;
  request.minor_version = 1;
  remove_hop_by_hop(request.fields);
  if (!authority.empty()) {
    remove(request.fields, "host");
    request.fields.insert(request.fields.begin(), {"Host", authority});
  }
  const std::string client = client_->peer().host;
  const auto through = http::find(request.fields, "x-forwarded-for");
  remove(request.fields, "x-forwarded-for");
  remove(request.fields, "x-forwarded-proto");
  request.fields.push_back({"X-Forwarded-For", through ? *through + ", " + client : client});
  request.fields.push_back({"X-Forwarded-Proto", proxy_.scheme});
  set_framing(request.fields, requests_.framing(), requests_.length());
  if (!proxy_.setup.pool) request.fields.push_back({"Connection", "close"});
  return request;
}

void Session::send_head() {
  const http::Request request = forwarded();
  if (request.method == "HEAD") link_->responses().expect_no_body();
  link_->connection().write(http::head(request));
  exchange_->head_sent = true;
  pass_request_body();
  if (exchange_) balance();
  touch();
}

void Session::pass_request_body() {
  if (!exchange_->head_sent || exchange_->request_sent) return;
  const bool chunked = requests_.framing() == Framing::chunked;
  if (const Bytes body = requests_.take_body(); !body.empty()) {
    link_->connection().write(chunked ? http::chunk(body) : body);
    exchange_->body_begun = true;
  }
  if (requests_.state() == http::Reader::State::malformed) return bad_request_body();
  if (requests_.state() != http::Reader::State::done) return;
  if (chunked) link_->connection().write(http::last_chunk());
  exchange_->request_sent = true;
}

void Session::bad_request_body() {
  proxy_.note(fmt::format("client {}: malformed request: {}", client_name_, requests_.malformed()));
  fail({400, "bad request"});
}

void Session::origin_came() {
  touch();
  link_->responses().feed(link_->connection().take_plain());
  pass_response();
}

void Session::origin_drained() {
  touch();
  balance();
}

void Session::pass_response() {
  using State = http::Reader::State;
  for (;;) {
    http::Reader& responses = link_->responses();
    if (responses.state() == State::malformed) {
      proxy_.note(fmt::format("{}: malformed response: {}", describe(exchange_->to), responses.malformed()));
      return fail({proxy_.setup.statuses.tls, "origin sent no proper HTTP"});
    }
    if (responses.state() == State::head) return balance();
    if (!responses.interim()) break;
    if (!pass_interim()) return;
  }
  if (!exchange_->answered) answer();
  pass_response_body();
  if (link_->responses().state() == State::done) return complete();
  if (link_->responses().state() == State::malformed) return pass_response();
  balance();
}

bool Session::pass_interim() {
  http::Response response = link_->responses().response();
  if (response.status == 101) {
    proxy_.note(fmt::format("{}: it switched protocols unasked", describe(exchange_->to)));
    fail({proxy_.setup.statuses.tls, "origin switched protocols"});
    return false;
  }
  remove_hop_by_hop(response.fields);
  remove(response.fields, "content-length");
  response.minor_version = 1;
  if (client_speaks_11()) client_->write(http::head(response));
  link_->responses().next();
  return true;
}

http::Response Session::passed_on() const {
  const http::Reader& responses = link_->responses();
  http::Response response = responses.response();
  response.minor_version = 1;
  remove_hop_by_hop(response.fields);
  if (response.status == 204) remove(response.fields, "content-length");
  set_framing(response.fields, exchange_->chunked ? Framing::chunked : responses.framing(), responses.length());
  if (!exchange_->stays) response.fields.push_back({"Connection", "close"});
  if (exchange_->stays && !client_speaks_11()) response.fields.push_back({"Connection", "keep-alive"});
  return response;
}

void Session::answer() {
  const Framing framing = link_->responses().framing();
  const bool length_unknown = framing == Framing::chunked || framing == Framing::until_close;
  exchange_->answered = true;
  exchange_->chunked = length_unknown && client_speaks_11();
  exchange_->until_close = length_unknown && !client_speaks_11();
  exchange_->stays = proxy_.setup.keep_alive && requests_.keeps_alive() && !exchange_->until_close;
  http::Response response = passed_on();
  if (exchange_->until_close) remove(response.fields, "transfer-encoding");
  client_->write(http::head(response));
}

void Session::pass_response_body() {
  http::Reader& responses = link_->responses();
  if (const Bytes body = responses.take_body(); !body.empty())
    client_->write(exchange_->chunked ? http::chunk(body) : body);
  if (exchange_->chunked && responses.state() == http::Reader::State::done) client_->write(http::last_chunk());
}

void Session::complete() {
  const http::Reader& responses = link_->responses();
  const bool request_read = exchange_->request_sent;
  const bool stays = exchange_->stays && request_read;
  const bool reusable = request_read && responses.keeps_alive() && responses.pending() == 0;
  exchange_.reset();
  proxy_.give_back(std::move(link_), reusable);
  if (!stays) return close_client(net::milliseconds{1000});
  requests_.next();
  touch();
  serve_next();
}

/// A body that lasts until the end is whole when the end was said: over TLS that is close_notify and not the FIN that
/// anybody on the way can send (RFC 9112 section 9.8).
void Session::origin_ended(const policy::Ending& ending) {
  using How = policy::Ending::How;
  const bool clean = ending.how == How::closed || (ending.how == How::eof && !exchange_->to.route->leg.tls);
  http::Reader& responses = link_->responses();
  if (clean && exchange_->answered && responses.framing() == Framing::until_close &&
      responses.end() == http::Reader::State::done) {
    pass_response_body();
    return complete();
  }
  if (try_again(ending)) return;
  proxy_.note(fmt::format("{}: {}{}", describe(exchange_->to), describe(ending), describe(link_->handshake())));
  fail(refusal_for(ending));
}

/// A pooled connection may have been given up by the origin just when we took it: a request that it cannot have seen
/// the end of, or can be asked twice, goes to a new one (RFC 9110 section 9.2.2).
bool Session::try_again(const policy::Ending& ending) {
  using How = policy::Ending::How;
  const bool went_away = ending.how == How::closed || ending.how == How::eof || ending.how == How::reset;
  const std::string& method = requests_.request().method;
  const bool safe = method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" || method == "DELETE";
  if (!link_->used_before() || !went_away || !safe || exchange_->answered || exchange_->body_begun ||
      link_->responses().begun())
    return false;
  proxy_.give_back(std::move(link_), false);
  open_link(true);
  return true;
}

Session::Refusal Session::refusal_for(const policy::Ending& ending) const {
  using How = policy::Ending::How;
  const Statuses& statuses = proxy_.setup.statuses;
  if (ending.how == How::connection_refused || ending.how == How::unreachable)
    return {statuses.connect, "origin not reached"};
  if (ending.how == How::timed_out) return {statuses.time, "origin did not answer in time"};
  const bool alert = ending.how == How::alert_sent || ending.how == How::alert_received;
  if (exchange_->to.route->leg.tls && (alert || !exchange_->head_sent)) return {statuses.tls, "origin TLS failed"};
  return {statuses.tls, "origin ended without an answer"};
}

void Session::fail(const Refusal& refusal) {
  if (exchange_ && exchange_->answered) return drop_client();
  proxy_.give_back(std::move(link_), false);
  respond(refusal);
  if (!closing_) serve_next();
}

}  // namespace bothends::proxy
