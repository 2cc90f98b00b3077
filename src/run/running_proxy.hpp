// One process of a real proxy, which serves the site of one stage, or the sites of several that are alike but for their
// origins' ports: starting a proxy costs more than most tries do.
#pragma once

#include <deque>

#include "proxy/real_proxy.hpp"
#include "run/origin.hpp"

namespace bothends::run {

class RunningProxy {
 public:
  /// As RealProxy::start; a site for each setup.
  static Result<std::shared_ptr<RunningProxy>> start(net::Loop& loop, const proxy::Driver& driver,
                                                     std::vector<proxy::Setup> sites,
                                                     std::function<void(Result<void>)> ready);

  std::uint16_t port(std::size_t site) const { return proxy_->port(site); }
  bool running() const { return proxy_->running(); }
  std::string ended() const { return proxy_->ended(); }
  void stop(std::function<void()> stopped) { proxy_->stop(std::move(stopped)); }
  /// Lines logged so far.
  std::size_t logged();
  /// Those from `since` on, without what plainly belongs to another site: it names one of that one's ports. The process
  /// has one log for all of them; what names no port is told to each whose try it may belong to.
  std::vector<std::string> log_since(std::size_t since, std::size_t site);
  /// A site is done with. The process may still connect to its origins: they go only after it.
  void retire(std::vector<std::unique_ptr<Origin>> origins);

 private:
  void read_log();

  std::vector<std::unique_ptr<Origin>> retired_;
  std::unique_ptr<proxy::RealProxy> proxy_;      // goes before them
  std::vector<std::vector<std::string>> ports_;  // of each site, as they read in a log: ":4711"
  std::deque<std::string> lines_;                // the last ones
  std::size_t forgotten_ = 0;                    // lines before them
};

}  // namespace bothends::run
