#include "proxy/version.hpp"

#include <utility>

#include "base/text.hpp"

namespace bothends::proxy {

namespace {

constexpr net::milliseconds patience{4000};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string version_in(std::string_view output) {
  for (std::size_t at = 0; at < output.size(); ++at) {
    if (!is_digit(output[at])) continue;
    std::size_t end = at;
    bool dotted = false;
    while (end < output.size() &&
           (is_digit(output[end]) || (output[end] == '.' && end + 1 < output.size() && is_digit(output[end + 1])))) {
      dotted = dotted || output[end] == '.';
      ++end;
    }
    if (dotted) return std::string(output.substr(at, std::min<std::size_t>(end - at, 40)));
    at = end;
  }
  return "";
}

bool is_tested(const Driver& driver, std::string_view version) {
  return driver.tested.empty() || version == driver.tested || version.starts_with(driver.tested + ".");
}

AskedVersion::AskedVersion(net::Loop& loop, const Driver& driver, Told told) : driver_(driver), told_(std::move(told)) {
  const auto begun = begin(loop);
  const auto error =
      begun ? Error{ErrorCode::proxy, driver.name + " did not say its version within 4 s", {}} : begun.error();
  limit_ = std::make_unique<net::Timer>(loop, begun ? patience : net::milliseconds{0},
                                        [this, error] { tell(tl::unexpected(error)); });
}

Result<void> AskedVersion::begin(net::Loop& loop) {
  const auto binary = find_binary(driver_);
  if (!binary) return tl::unexpected(binary.error());
  net::Command command{.arguments = {binary->string()}, .environment = {}, .folder = {}, .own_folder = false};
  for (const std::string& argument : driver_.version) command.arguments.push_back(argument);
  auto started = net::Process::start(loop, command, [this](const net::Exit&) {
    const std::string version = version_in(process_->output());
    if (!version.empty()) return tell(version);
    const std::string asked = printable(join(driver_.version, " "), 80);
    tell(fail(ErrorCode::proxy, driver_.name + " says no version when it is asked with " + asked));
  });
  if (!started) return tl::unexpected(started.error());
  process_ = std::move(*started);
  return {};
}

void AskedVersion::tell(Result<std::string> result) {
  if (process_ && process_->running()) process_->stop(net::milliseconds{0});
  if (const auto told = std::exchange(told_, nullptr)) told(std::move(result));
}

}  // namespace bothends::proxy
