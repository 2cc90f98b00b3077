// One client of one try: connects to the proxy, asks once, reads the answer, and says what it saw.
#pragma once

#include <functional>
#include <memory>

#include "http/http1.hpp"
#include "net/connection.hpp"
#include "path/path_record.hpp"
#include "tls/fault.hpp"

namespace bothends::run {

struct Ask {
  net::Endpoint to;
  std::string name;  // Observation::name
  http::Request request;
  std::chrono::milliseconds timeout{10000};
  std::chrono::microseconds begun{0};             // Loop::now() when the try began
  std::optional<tls::Fault::Then> after_request;  // instead of waiting for the answer
};

class Client {
 public:
  /// `done` comes once, from the loop. Destroying the client earlier drops the connection and calls nothing.
  Client(net::Loop& loop, const Ask& ask, std::unique_ptr<tls::Engine> engine,
         std::function<void(path::Observation)> done);
  /// What the proxy has granted until now, to be resumed by another client of the same settings; nullptr: nothing.
  std::shared_ptr<const tls::Session> session() const { return connection_->engine().session(); }

 private:
  void opened();
  void asked();
  void received();
  void peer_closed();
  void read(http::Reader::State state);
  void keep_body();
  bool is_whole(http::Reader::State state) const;
  void cut_off();
  void ended(const policy::Ending& ending);

  http::Request request_;
  std::function<void(path::Observation)> done_;
  path::Observation seen_;
  http::Reader reader_{http::Reader::Kind::response};
  Bytes body_;
  std::optional<tls::Fault::Then> after_request_;
  bool truncated_ = false;
  bool broke_off_ = false;  // as told
  bool complete_ = false;   // the whole answer is here
  bool head_seen_ = false;  // of the answer itself: interim ones do not count
  bool senseless_ = false;  // it is no HTTP/1.1
  bool over_ = false;       // nothing more is read
  std::string note_;        // what was wrong with the answer
  std::unique_ptr<net::Connection> connection_;
};

}  // namespace bothends::run
