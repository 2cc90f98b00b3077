// One [[try]]: what is asked, and what is expected of the answer.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "certs/names.hpp"
#include "run/scenario_parts.hpp"

namespace bothends::run {
namespace {

using Type = Value::Type;
using How = path::Expectation::How;

constexpr std::size_t most_expectations = 256;
constexpr std::size_t longest_shown_line = 1024;

constexpr std::pair<std::string_view, How> operators[] = {{"equals", How::equals},
                                                          {"differs", How::differs},
                                                          {"contains", How::contains},
                                                          {"one_of", How::one_of},
                                                          {"matches", How::matches}};

/// Flattens `expect`: tables are parts of a fact's name until a fact is named; a table there holds operators.
class Expectations {
 public:
  explicit Expectations(const Lines& lines) : lines_(lines) {}

  Result<void> read(const Value& table, const std::string& above) {
    if (table.members.empty()) return fail(ErrorCode::value, "nothing is expected here", table.place);
    for (const auto& member : table.members) {
      std::string fact = above.empty() ? member.key : above + "." + member.key;
      Result<void> good;
      if (!member.value.is(Type::table))
        good = add(fact, How::equals, member);
      else if (path::is_fact(fact))
        good = read_operators(fact, member.value);
      else
        good = read(member.value, fact);
      if (!good) return good;
    }
    return {};
  }

  std::vector<path::Expectation> take() { return std::move(read_); }

 private:
  Result<void> read_operators(const std::string& fact, const Value& table) {
    Words known;
    for (const auto& [word, how] : operators) known.emplace_back(word);
    if (table.members.empty()) return fail(ErrorCode::value, "nothing is expected of " + fact, table.place);
    for (const auto& member : table.members) {
      auto found = std::find(known.begin(), known.end(), member.key);
      if (found == known.end()) {
        auto what = fmt::format("\"{}\" is no way to compare {}{}", printable(member.key, 80), fact,
                                choice_hint(member.key, known));
        return fail(ErrorCode::value, std::move(what), member.place);
      }
      auto how = operators[static_cast<std::size_t>(found - known.begin())].second;
      if (auto good = add(fact, how, member); !good) return good;
    }
    return {};
  }

  static Result<std::string> scalar(const std::string& fact, const Value& value) {
    if (value.is(Type::text) || value.is(Type::integer) || value.is(Type::boolean)) return value.text;
    auto what =
        fmt::format("{} is expected to be {}; it must be a text, a whole number, true, false, or a list of them",
                    printable(fact, 80), kind_of_value(value));
    return fail(ErrorCode::value, std::move(what), value.place);
  }

  /// What is wrong with a fact's name is shown where the name is, anything else where the value is.
  Result<void> add(const std::string& fact, How how, const Member& member) {
    path::Expectation expectation;
    expectation.fact = fact;
    expectation.how = how;
    expectation.list = member.value.is(Type::list);
    for (const auto& item : expectation.list ? std::span(member.value.items) : std::span(&member.value, 1)) {
      auto text = scalar(fact, item);
      if (!text) return tl::unexpected(text.error());
      expectation.wanted.push_back(std::move(*text));
    }
    expectation.place = path::is_fact(fact) ? member.value.place : member.place;
    if (auto good = path::check(expectation); !good) return good;
    if (read_.size() == most_expectations) {
      auto what = fmt::format("a try cannot have more than {} expectations", most_expectations);
      return fail(ErrorCode::value, std::move(what), member.place);
    }
    expectation.line = lines_.at(expectation.place.line);
    read_.push_back(std::move(expectation));
    return {};
  }

  const Lines& lines_;
  std::vector<path::Expectation> read_;
};

struct Authority {
  std::string host;
  std::string_view problem;  // empty: it is one
};

Authority authority_of(std::string_view text) {
  if (text.find('@') != text.npos) return {{}, "a user name has no place in it"};
  auto end = text.starts_with('[') ? text.find(']') : text.rfind(':');
  std::string host(text.starts_with('[') ? text.substr(1, end == text.npos ? end : end - 1) : text.substr(0, end));
  auto rest = end == text.npos ? std::string_view() : text.substr(end + (text.starts_with('[') ? 1 : 0));
  bool bracketed = text.starts_with('[');
  if (bracketed && (end == text.npos || host.find(':') == host.npos)) return {{}, "brackets are for IPv6 addresses"};
  if (!bracketed && host.find(':') != host.npos) return {{}, "an IPv6 address needs brackets"};
  if (host.ends_with('.')) host.pop_back();
  if (host.find('*') != host.npos || !certs::check_names(std::span(&host, 1))) {
    return {{}, "its host is neither a DNS name nor an address"};
  }
  unsigned port = 0;
  auto digits = rest.substr(rest.empty() ? 0 : 1);
  auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  bool good_port = rest.empty() || (rest.starts_with(':') && problem == std::errc() &&
                                    stop == digits.data() + digits.size() && port > 0 && port <= 65535);
  return {lower(host), good_port ? "" : "its port is none"};
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void read_url(Fields& fields, const Value& table, TrySpec& into) {
  constexpr std::string_view scheme = "https://";
  fields.text("url", into.url);
  const Value* found = table.find("url");
  if (!found) return fields.fail_at(table.place, "a try needs a url, as in url = \"https://shop.test/\"");
  auto refuse = [&](std::string_view why) {
    fields.fail_at(found->place, fmt::format("\"{}\" is no URL to ask for: {}", printable(into.url, 120), why));
  };
  if (!lower(into.url).starts_with(scheme)) return refuse("it must begin with https://");
  if (!is_visible_ascii(into.url)) return refuse("spaces and characters beyond ASCII must be percent-encoded");
  if (into.url.find('#') != into.url.npos) return refuse("a fragment (#) is never sent");
  std::string_view rest = std::string_view(into.url).substr(scheme.size());
  auto end = std::min(rest.find_first_of("/?"), rest.size());
  auto authority = authority_of(rest.substr(0, end));
  if (!authority.problem.empty()) return refuse(authority.problem);
  into.host = authority.host;
  into.host_field = rest.substr(0, end);
  into.target = rest.substr(end);
  if (!into.target.starts_with('/')) into.target.insert(0, "/");
}

void read_request(Fields& fields, const Value& table, TrySpec& into) {
  read_url(fields, table, into);
  fields.checked("host", [](const Value& item) -> Result<void> {
    if (is_visible_ascii(item.text)) return {};
    return fail(ErrorCode::value, "it may hold visible ASCII characters only");
  });
  fields.text("host", into.host_field);
  fields.checked("method", [](const Value& item) -> Result<void> {
    bool token = !item.text.empty() && is_visible_ascii(item.text) &&
                 item.text.find_first_of("\"(),/:;<=>?@[\\]{}") == std::string::npos;
    if (token) return {};
    return fail(ErrorCode::value, "this is no method: it must be a token like GET");
  });
  fields.text("method", into.method);
  fields.headers("headers", into.headers);
  fields.text("body", into.body);
}

}  // namespace

Lines::Lines(std::string_view text) {
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    lines_.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  lines_.push_back(text);
}

std::string Lines::at(unsigned number) const {
  if (number == 0 || number > lines_.size()) return {};
  auto line = lines_[number - 1];
  if (line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line.substr(0, longest_shown_line));
}

Result<TrySpec> read_try(const Value& table, std::size_t number, const Lines& lines) {
  TrySpec one;
  one.place = table.place;
  one.name = fmt::format("try {}", number);
  Fields fields(table, {"try"});
  fields.text("name", one.name);
  read_request(fields, table, one);
  fields.span("timeout", one.timeout, std::chrono::milliseconds(1), std::chrono::minutes(10));
  fields.value("with", Type::table);
  fields.value("client", Type::table);
  fields.value("fault", Type::table);
  fields.flag("fresh", one.fresh);
  const Value* expect = fields.value("expect", Type::table);
  if (auto good = fields.finish(); !good) return tl::unexpected(good.error());
  if (!expect) return one;
  Expectations expectations(lines);
  if (auto good = expectations.read(*expect, ""); !good) return tl::unexpected(good.error());
  one.expectations = expectations.take();
  return one;
}

}  // namespace bothends::run
