// One client's connection and what it asks for, one request at a time: while one is being served, those behind it wait
// unread. Octets go straight through: whoever is too fast is paused as soon as the other end has too much queued.
#pragma once

#include "proxy/state.hpp"

namespace bothends::proxy {

class Session final : private Link::User {
 public:
  Session(Proxy::State& proxy, std::unique_ptr<net::Connection> client);
  ~Session();
  Session(const Session&) = delete;

  bool over() const { return over_; }
  std::size_t connections() const { return 1 + (link_ ? 1 : 0); }
  std::size_t queued() const;

 private:
  /// A request on its way.
  struct Exchange {
    Destination to;
    bool head_sent = false;     // to the origin
    bool request_sent = false;  // all of it, to the origin
    bool answered = false;      // a final response head went to the client
    bool chunked = false;       // towards the client
    bool until_close = false;   // towards the client: its end is the connection's
    bool stays = false;         // the client's connection, after this exchange
    bool body_begun = false;    // octets of the request's body have gone: it cannot be sent again
  };
  struct Refusal {
    unsigned status;
    std::string why;  // for the client, terse
  };

  // The client
  void client_came();
  void client_drained();
  void client_left();
  void client_ended(const policy::Ending& ending);
  void serve_next();

  // The request
  void begin();
  std::optional<Refusal> objection() const;
  std::optional<std::string> requested_authority() const;
  bool client_speaks_11() const { return requests_.request().minor_version == 1; }
  void open_link(bool fresh);
  void send_head();
  http::Request forwarded() const;
  void pass_request_body();

  // The response
  void origin_opened() override;
  void origin_came() override;
  void origin_drained() override;
  void origin_ended(const policy::Ending& ending) override;
  void pass_response();
  bool pass_interim();
  void answer();
  void pass_response_body();
  void complete();
  http::Response passed_on() const;

  // Failures
  void respond(const Refusal& refusal);
  void fail(const Refusal& refusal);
  bool try_again(const policy::Ending& ending);
  Refusal refusal_for(const policy::Ending& ending) const;
  void bad_request_body();
  void drop_client();

  // Time
  void touch();
  void look_at_clock();
  net::milliseconds limit() const;
  bool waits_for_client() const;
  void out_of_time();
  void close_client(net::milliseconds linger);
  void balance();

  Proxy::State& proxy_;
  std::unique_ptr<net::Connection> client_;
  std::string client_name_;
  http::Reader requests_{http::Reader::Kind::request};
  std::unique_ptr<Link> link_;
  std::optional<Exchange> exchange_;
  net::microseconds link_begun_{0}, touched_{0};
  net::Timer clock_;
  bool closing_ = false;  // nothing more is served
  bool over_ = false;
};

}  // namespace bothends::proxy
