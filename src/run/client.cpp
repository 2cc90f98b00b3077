#include "run/client.hpp"

#include <algorithm>
#include <utility>

namespace bothends::run {

namespace {
constexpr std::size_t kept_body = 64 << 10;  // octets of the answer's body that an observation keeps
}

Client::Client(net::Loop& loop, const Ask& ask, std::unique_ptr<tls::Engine> engine,
               std::function<void(path::Observation)> done)
    : request_(ask.request), done_(std::move(done)) {
  seen_.leg = path::Leg::client;
  seen_.name = ask.name;
  seen_.begun = loop.now() - ask.begun;
  if (request_.method == "HEAD") reader_.expect_no_body();
  connection_ =
      net::Connection::connect(loop, ask.to, std::move(engine), {.handshake = ask.timeout, .total = ask.timeout},
                               {
                                   .opened = [this] { opened(); },
                                   .data = [this] { received(); },
                                   .peer_closed = [this] { peer_closed(); },
                                   .ended = [this](const policy::Ending& ending) { ended(ending); },
                               });
}

void Client::opened() { connection_->write(http::whole(request_)); }

void Client::received() { read(reader_.feed(connection_->take_plain())); }

void Client::peer_closed() {
  if (!complete_) read(reader_.end());
  if (!complete_) connection_->close();
}

void Client::read(http::Reader::State state) {
  const Bytes came = reader_.take_body();
  const std::size_t room = kept_body - body_.size();
  truncated_ = truncated_ || came.size() > room;
  append(body_, View(came).first(std::min(came.size(), room)));
  head_seen_ = head_seen_ || state == http::Reader::State::body || state == http::Reader::State::done;
  if (state == http::Reader::State::done && reader_.interim()) return read(reader_.next());
  if (state == http::Reader::State::done) finish();
  if (state == http::Reader::State::malformed) connection_->close();
}

void Client::finish() {
  if (std::exchange(complete_, true)) return;
  connection_->close();
}

void Client::ended(const policy::Ending& ending) {
  seen_.handshake = connection_->handshake();
  seen_.peer = connection_->peer().text();
  seen_.local = connection_->local().text();
  seen_.ending = ending;
  if (connection_->opened()) {
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
  if (!reader_.malformed().empty()) seen_.ending.note = "the answer is not HTTP/1.1: " + reader_.malformed();
  // The client may be destroyed from inside done_.
  const auto done = std::move(done_);
  done(std::move(seen_));
}

}  // namespace bothends::run
