#include "run/targets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "run/reach.hpp"

namespace bothends::run {

namespace {

constexpr std::size_t largest_text = 128 * 1024 * 1024;
constexpr unsigned most_lines = 1'000'000;
constexpr std::size_t longest_line = 1024;
constexpr std::size_t longest_name = 253;  // RFC 1035 section 2.3.4, without the root's dot

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool is_numeric(std::string_view host) {
  if (host.find(':') != std::string_view::npos) return true;
  return std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

Result<void> check_host(std::string_view host) {
  if (host.find(':') == std::string_view::npos) {
    const auto good = check_name(host);
    return good ? good : fail(ErrorCode::value, good.error().what + "; write HOST or HOST:PORT");
  }
  const auto fits = [](char c) { return c == ':' || c == '.' || c == '%' || is_name_character(c); };
  if (host.size() <= 64 && std::all_of(host.begin(), host.end(), fits)) return {};
  return fail(ErrorCode::value, "\"" + printable(host, 80) + "\" is no address");
}

Result<std::string> content_of(const std::string& file) {
  const bool from_input = file == "-";
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorCode::file, "cannot read " + (from_input ? "standard input" : printable(file)) + ": " + why);
  };
  const int fd = from_input ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refuse(std::strerror(errno));
  std::string content;
  ssize_t got = 1;
  while (got > 0 && content.size() <= largest_text) {
    const auto before = content.size();
    content.resize(before + 64 * 1024);
    do got = ::read(fd, content.data() + before, content.size() - before);
    while (got < 0 && errno == EINTR);
    content.resize(before + static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  }
  const int problem = errno;
  if (!from_input) ::close(fd);
  if (got < 0) return refuse(std::strerror(problem));
  if (content.size() > largest_text) return refuse("it is larger than 128 MiB");
  return content;
}

/// The next word of `line` from `at` on; empty at its end or at a comment. `at` then stands behind it.
std::string_view next_word(std::string_view line, std::size_t& at) {
  constexpr std::string_view space = " \t\r";
  const auto begin = std::min(line.find_first_not_of(space, at), line.size());
  if (begin == line.size() || line[begin] == '#') {
    at = line.size();
    return {};
  }
  const auto end = std::min(line.find_first_of(space, begin), line.size());
  at = end;
  return line.substr(begin, end - begin);
}

}  // namespace

Result<void> check_name(std::string_view name) {
  if (name.size() > longest_name)
    return fail(ErrorCode::value, "\"" + printable(name, 40) + "\" is longer than a host name can be");
  if (!name.empty() && std::all_of(name.begin(), name.end(), is_name_character)) return {};
  return fail(ErrorCode::value, "\"" + printable(name, 80) + "\" is no host name: other scripts are written as xn--…");
}

Result<Target> target_of(std::string_view text) {
  const auto colons = std::count(text.begin(), text.end(), ':');
  const bool bracketed = text.starts_with('[');
  if (colons > 1 && !bracketed)
    return fail(ErrorCode::value, "\"" + printable(text, 80) + "\" has more than one colon: write [ADDRESS]:PORT");
  const bool has_port = bracketed ? !text.ends_with(']') : colons == 1;
  auto endpoint = endpoint_of(has_port ? std::string(text) : std::string(text) + ":443");
  if (!endpoint) return tl::unexpected(endpoint.error());
  if (const auto good = check_host(endpoint->host); !good) return tl::unexpected(good.error());
  Target target{printable(text), std::move(*endpoint), std::nullopt, {}};
  if (!is_numeric(target.endpoint.host)) target.sni = target.endpoint.host;
  return target;
}

Result<std::optional<Target>> Targets::read() {
  while (at_ < text_.size()) {
    const auto end = std::min(text_.find('\n', at_), text_.size());
    const auto line = std::string_view(text_).substr(at_, end - at_);
    at_ = end + 1;
    ++line_;
    const Place place{file_, line_, 1};
    if (line_ > most_lines) return fail(ErrorCode::value, "more than 1,000,000 lines: split the file", place);
    if (line.size() > longest_line) return fail(ErrorCode::syntax, "a line of more than 1024 octets", place);
    std::size_t at = 0;
    const auto address = next_word(line, at);
    if (address.empty()) continue;
    const auto column = [&](std::string_view word) { return static_cast<unsigned>(word.data() - line.data()) + 1; };
    auto target = target_of(address);
    if (!target) return fail(target.error().code, target.error().what, {file_, line_, column(address)});
    target->place = {file_, line_, column(address)};
    const auto name = next_word(line, at);
    const auto good = name.empty() || name == "-" ? Result<void>() : check_name(name);
    if (!good) return fail(good.error().code, good.error().what, {file_, line_, column(name)});
    if (!name.empty()) target->sni = name == "-" ? std::nullopt : std::optional<std::string>(name);
    const auto more = next_word(line, at);
    if (!more.empty())
      return fail(ErrorCode::syntax, "a line is HOST[:PORT] and a name to ask for, nothing more",
                  {file_, line_, column(more)});
    return std::move(*target);
  }
  return std::nullopt;
}

Result<Targets> Targets::of_text(std::string text, const std::string& file) {
  Targets targets(std::move(text), printable(file));
  while (true) {
    const auto target = targets.read();
    if (!target) return tl::unexpected(target.error());
    if (!*target) break;
    ++targets.size_;
  }
  if (targets.size_ == 0)
    return fail(ErrorCode::value, "there is no target in it: write one HOST[:PORT] per line", {targets.file_, 0, 0});
  targets.at_ = 0;
  targets.line_ = 0;
  return targets;
}

Result<Targets> Targets::of_file(const std::string& file) {
  auto content = content_of(file);
  if (!content) return tl::unexpected(content.error());
  return of_text(std::move(*content), file == "-" ? "standard input" : file);
}

std::optional<Target> Targets::next() {
  auto target = read();
  return target ? std::move(*target) : std::nullopt;
}

}  // namespace bothends::run
