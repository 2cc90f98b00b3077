#include "run/running_proxy.hpp"

#include <algorithm>

namespace bothends::run {

namespace {

constexpr std::size_t most_lines = 2000;

/// ":471" is not in "127.0.0.1:4711".
bool names(std::string_view line, std::string_view port) {
  for (std::size_t at = line.find(port); at != std::string_view::npos; at = line.find(port, at + 1)) {
    const std::size_t end = at + port.size();
    if (end == line.size() || line[end] < '0' || line[end] > '9') return true;
  }
  return false;
}

bool names_any(std::string_view line, const std::vector<std::string>& ports) {
  return std::ranges::any_of(ports, [&](const std::string& port) { return names(line, port); });
}

}  // namespace

Result<std::shared_ptr<RunningProxy>> RunningProxy::start(net::Loop& loop, const proxy::Driver& driver,
                                                          std::vector<proxy::Setup> sites,
                                                          std::function<void(Result<void>)> ready) {
  auto running = std::make_shared<RunningProxy>();
  for (const proxy::Setup& site : sites) {
    auto& ports = running->ports_.emplace_back();
    for (const proxy::Route& route : site.routes) ports.push_back(":" + std::to_string(route.leg.port));
  }
  auto proxy = proxy::RealProxy::start(loop, driver, std::move(sites), std::move(ready));
  if (!proxy) return tl::unexpected(proxy.error());
  running->proxy_ = std::move(*proxy);
  for (std::size_t i = 0; i < running->ports_.size(); ++i)
    running->ports_[i].push_back(":" + std::to_string(running->proxy_->port(i)));
  return running;
}

void RunningProxy::read_log() {
  for (std::string& line : proxy_->take_log()) lines_.push_back(std::move(line));
  for (; lines_.size() > most_lines; ++forgotten_) lines_.pop_front();
}

std::size_t RunningProxy::logged() {
  read_log();
  return forgotten_ + lines_.size();
}

std::vector<std::string> RunningProxy::log_since(std::size_t since, std::size_t site) {
  read_log();
  std::vector<std::string> own;
  for (std::size_t i = std::max(since, forgotten_) - forgotten_; i < lines_.size(); ++i) {
    const std::string& line = lines_[i];
    bool of_another = false;
    for (std::size_t other = 0; other < ports_.size() && !of_another; ++other)
      of_another = other != site && names_any(line, ports_[other]) && !names_any(line, ports_[site]);
    if (!of_another) own.push_back(line);
  }
  return own;
}

void RunningProxy::retire(std::vector<std::unique_ptr<Origin>> origins) {
  for (auto& origin : origins) retired_.push_back(std::move(origin));
}

}  // namespace bothends::run
