// One question put to one endpoint, answered by callback. What the survey thinks up goes over the network here.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>

#include "net/connection.hpp"
#include "policy/question.hpp"
#include "run/proxy_protocol.hpp"
#include "tls/hello/hello.hpp"
#include "tls/stacks.hpp"

namespace bothends::run {

/// The connections to one target that there are at this moment, those included that only wait for the peer's end.
class Crowd {
 public:
  /// `gone` comes from the loop when one that had given its answer is gone.
  explicit Crowd(std::function<void()> gone) : gone_(std::move(gone)) {}
  unsigned size() const { return size_; }
  /// Nothing is called any more: connections may part for longer than whoever counts them lives.
  void forget() { gone_ = nullptr; }

 private:
  friend class AskingTools;
  std::function<void()> gone_;
  unsigned size_ = 0;
};

/// How questions get to an endpoint.
struct Way {
  net::Endpoint to;
  std::chrono::milliseconds timeout{5000};  // of each connection
  ProxyProtocol proxy_protocol = ProxyProtocol::none;
  std::shared_ptr<Crowd> crowd;  // in which its connections are counted; nullptr: nobody asks
};

/// What the askings of one loop share, and must outlive them all: key shares and contexts, made once, and connections
/// that have given their answer and now only wait for the peer's end.
class AskingTools {
 public:
  /// `stack` makes whole handshakes of questions that name none.
  explicit AskingTools(net::Loop& loop, const tls::Stack& stack = tls::openssl());
  /// Resets the connections that are still parting; run the loop until parting() is 0 to spare the peer that.
  ~AskingTools();
  AskingTools(const AskingTools&) = delete;

  std::size_t parting() const { return partings_.size(); }

 private:
  friend class Asking;
  struct Talk;
  using Context = std::shared_ptr<const tls::ClientContext>;

  Result<std::shared_ptr<const tls::KeyShare>> share(std::uint16_t group);
  Result<void> add_shares(const wire::Codes& groups, tls::HelloSettings& settings);
  Result<wire::ClientHello> like(const policy::Question& question, tls::HelloSettings& settings, View random);
  Result<tls::HelloSettings> hello(const policy::Question& question);
  Result<Context> context(const policy::Question& question);
  void part(std::unique_ptr<Talk> talk);
  void drop(const Talk& talk);

  net::Loop& loop_;
  const tls::Stack& stack_;
  unsigned talks_ = 0;  // connections that there are; declared before all that holds some
  std::map<std::uint16_t, std::shared_ptr<const tls::KeyShare>> shares_;
  std::list<std::pair<policy::Question, Context>> contexts_;
  std::list<std::unique_ptr<Talk>> partings_;
};

/// It has one connection at a time; that of a second handshake begins when the first one is gone.
class Asking {
 public:
  /// `done` comes once, from the loop; the asking may be destroyed from inside it. Destroying it earlier drops the
  /// connection and calls nothing. A question that cannot be put at all is answered with Kind::none and the reason.
  Asking(AskingTools& tools, Way way, policy::Question question, std::function<void(policy::Answer)> done);
  ~Asking();
  Asking(const Asking&) = delete;

 private:
  friend struct AskingTools::Talk;
  enum class Step { hello, whole, again };

  Result<std::unique_ptr<tls::Engine>> engine();
  Result<std::unique_ptr<tls::Engine>> stack_engine();
  void begin();
  void opened();
  std::chrono::milliseconds time_to_object() const;
  void look();
  void data(View plain);
  void satisfied();
  void decided(const policy::Ending& ending);
  void ended();
  void starved(const policy::Ending& ending);
  void whole_ended(const policy::Ending& ending);
  void again_ended(const policy::Ending& ending);
  void cannot(const Error& error);
  bool goes_on() const;
  void part();
  void finish();

  AskingTools& tools_;
  const Way way_;
  const policy::Question question_;
  std::function<void(policy::Answer)> done_;
  Step step_ = Step::hello;
  policy::Answer answer_;
  std::shared_ptr<const tls::Session> session_;
  std::string said_;         // by the server after a complete handshake: its first octets
  bool may_object_ = false;  // it asked for a certificate and got none
  bool is_silent_ = false;   // and then nothing came
  unsigned glances_ = 0;     // until no objection is expected any more
  std::chrono::milliseconds starved_for_{0};
  bool waits_for_end_ = false;  // of the first handshake's connection, to begin the second
  std::unique_ptr<AskingTools::Talk> talk_;
  std::unique_ptr<net::Timer> timer_;
};

}  // namespace bothends::run
