#include "run/client.hpp"

#include <algorithm>
#include <utility>

namespace bothends::run {

namespace {
constexpr std::size_t kept_body = 64 << 10;  // octets of the answer's body that an observation keeps
}

Client::Client(net::Loop& loop, const Ask& ask, std::unique_ptr<tls::Engine> engine,
               std::function<void(path::Observation)> done)
    : request_(ask.request), done_(std::move(done)), after_request_(ask.after_request) {
  seen_.leg = path::Leg::client;
  seen_.name = ask.name;
  seen_.begun = loop.now() - ask.begun;
  if (request_.method == "HEAD") reader_.expect_no_body();
  connection_ =
      net::Connection::connect(loop, ask.to, std::move(engine), {.handshake = ask.timeout, .total = ask.timeout},
                               {
                                   .opened = [this] { opened(); },
                                   .data = [this] { received(); },
                                   .drained = [this] { asked(); },
                                   .peer_closed = [this] { peer_closed(); },
                                   .ended = [this](const policy::Ending& ending) { ended(ending); },
                               });
}

void Client::opened() { connection_->write(http::whole(request_)); }

// The whole request has gone to the system.
void Client::asked() {
  using Then = tls::Fault::Then;
  if (over_ || !after_request_ || *after_request_ == Then::silence) return;
  broke_off_ = over_ = true;
  if (*after_request_ == Then::reset) return connection_->reset();
  connection_->close(net::milliseconds{0});
}

void Client::received() {
  const Bytes plain = connection_->take_plain();
  if (!over_) read(reader_.feed(plain));
}

void Client::peer_closed() {
  if (over_) return;
  // RFC 9112 section 9.8: a body that only the end of the connection ends is whole only when TLS says that it is.
  const bool in_order = connection_->engine().phase() == tls::Phase::closed;
  if (reader_.framing() == http::Reader::Framing::until_close && !in_order) return cut_off();
  if (reader_.end() == http::Reader::State::malformed) return cut_off();
  read(reader_.state());
  if (!over_) connection_->close();  // nothing has come
}

void Client::cut_off() {
  over_ = true;
  note_ = "the answer is cut off";
  connection_->close();
}

void Client::keep_body() {
  const Bytes came = reader_.take_body();
  const std::size_t room = kept_body - body_.size();
  truncated_ = truncated_ || came.size() > room;
  append(body_, View(came).first(std::min(came.size(), room)));
}

// RFC 9110 section 15.2: interim answers precede the real one; 101 is the last one in HTTP.
bool Client::is_whole(http::Reader::State state) const {
  return state == http::Reader::State::done && (!reader_.interim() || reader_.response().status == 101);
}

void Client::read(http::Reader::State state) {
  using State = http::Reader::State;
  while (state == State::done && !is_whole(state)) state = reader_.next();
  keep_body();
  complete_ = is_whole(state);
  head_seen_ = head_seen_ || state == State::body || complete_;
  senseless_ = state == State::malformed;
  if (senseless_) note_ = "the answer is not HTTP/1.1: " + reader_.malformed();
  over_ = complete_ || senseless_;
  if (over_) connection_->close();
}

void Client::ended(const policy::Ending& ending) {
  seen_.handshake = connection_->handshake();
  seen_.peer = connection_->peer().text();
  seen_.local = connection_->local().text();
  seen_.ending = ending;
  seen_.spoke = seen_.handshake.spoke;
  if (broke_off_) seen_.ending.how = policy::Ending::How::broke_off;
  // A fault that struck when the handshake was complete: the request never went out.
  const bool struck = seen_.handshake.fell_silent || (ending.how == policy::Ending::How::broke_off && !broke_off_);
  if (connection_->opened() && !struck) {
    path::Exchange exchange{.request = request_, .complete = complete_};
    if (head_seen_) {
      exchange.response = reader_.response();
      exchange.response->body = text_of(body_);
      exchange.response->truncated = truncated_;
    }
    seen_.ending.stage = std::max(ending.stage, complete_    ? policy::Stage::done
                                                : head_seen_ ? policy::Stage::response
                                                             : policy::Stage::request);
    seen_.exchanges.push_back(std::move(exchange));
  }
  if (!note_.empty()) seen_.ending.note = note_;
  if (senseless_ && ending.how == policy::Ending::How::closed) seen_.ending.how = policy::Ending::How::malformed;
  // The client may be destroyed from inside done_.
  const auto done = std::move(done_);
  done(std::move(seen_));
}

}  // namespace bothends::run
