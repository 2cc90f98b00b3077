// What the sessions of one proxy share. Only for this folder.
#pragma once

#include <deque>
#include <list>
#include <unordered_map>

#include "proxy/link.hpp"
#include "proxy/proxy.hpp"

namespace bothends::proxy {

class Session;

struct Proxy::State {
  State(net::Loop& of, Setup to_do);
  ~State();

  Result<void> prepare();
  Result<void> listen(const net::Endpoint& at);

  /// A connection for it from the pool, or a new one; nullptr (and a line in the log) when its engine cannot be made.
  std::unique_ptr<Link> link_to(const Destination& destination, Link::User* user, bool fresh);
  /// Takes a link back whose exchange is complete: for the next one, or to its end.
  void give_back(std::unique_ptr<Link> link, bool reusable);
  void note(std::string_view line);
  /// Asks for what is over to be removed, which never happens inside one of its own calls.
  void sweep_soon() { sweep.restart(net::milliseconds{0}); }
  void sweep_now();

  net::Loop& loop;
  Setup setup;
  std::string scheme;
  std::shared_ptr<const tls::ServerContext> front;
  std::unordered_map<const Route*, std::shared_ptr<const tls::ClientContext>> contexts;
  std::unique_ptr<net::Listener> listener;
  std::list<std::unique_ptr<Session>> sessions;
  std::list<std::unique_ptr<Link>> idle;     // the pool
  std::list<std::unique_ptr<Link>> leaving;  // on their way to their end
  std::deque<std::string> log;
  std::size_t logged = 0;
  net::Timer sweep;
};

}  // namespace bothends::proxy
