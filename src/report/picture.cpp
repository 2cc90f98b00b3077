#include "report/picture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "path/facts.hpp"
#include "report/words.hpp"

namespace bothends::report {
namespace {

using policy::Stage;

constexpr std::size_t most_connections = 4;
constexpr std::size_t longest_name = 32;  // columns
constexpr std::size_t stages = static_cast<std::size_t>(Stage::done);

struct Row {
  std::string_view from;
  Spans arrow;
  std::string to;
  Spans details;
  unsigned times = 1;  // a proxy that tries again and fares the same takes one row
};

bool alike(const Spans& a, const Spans& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Span& one, const Span& other) {
    return one.text == other.text && one.tone == other.tone;
  });
}

std::string repeated(std::string_view sign, std::size_t count) {
  std::string out;
  for (std::size_t at = 0; at < count; ++at) out += sign;
  return out;
}

/// A cell for each stage: what was passed, where it broke, what never came.
Spans arrow_of(const path::Observation& seen, const Style& style) {
  if (way_of(seen) == Way::whole) return {{style.text(repeated("━", stages - 1) + "▸"), Tone::good}};
  auto passed = std::min(static_cast<std::size_t>(seen.ending.stage), stages - 1);
  return {{style.text(repeated("━", passed)), Tone::good},
          {style.text("╳"), Tone::bad},
          {style.text(repeated("┄", stages - 1 - passed)), Tone::dim}};
}

class Details {
 public:
  Details(const path::Observation& seen, Detail detail, const Style& style)
      : seen_(seen), brief_(detail == Detail::brief && way_of(seen) == Way::whole), style_(style) {}

  Spans all() {
    if (!seen_.tls) add("clear text");
    if (auto agreed = seen_.handshake.agreement()) add_agreement(*agreed);
    add_hello();
    add_certificate();
    if (seen_.reused) add("connection of an earlier try");
    add_exchange();
    if (way_of(seen_) == Way::broken) add(ending_of(seen_), Tone::bad);
    return std::move(details_);
  }

 private:
  void add(std::string_view text, Tone tone = Tone::plain) { details_.push_back({style_.text(text), tone}); }
  void add_code(wire::Registry registry, std::uint16_t code) {
    if (code != 0) add(wire::name(registry, code));
  }

  void add_agreement(const policy::Agreement& agreed) {
    add_code(wire::Registry::version, agreed.version);
    if (!brief_) add_code(wire::Registry::suite, agreed.suite);
    add_code(wire::Registry::group, agreed.group);
    if (!agreed.alpn.empty()) details_.push_back({style_.raw(agreed.alpn, 32), Tone::plain});
    if (agreed.resumed) add("resumed");
    if (agreed.hello_retry) add("second ClientHello");
    if (agreed.client_certificate_asked)
      add(agreed.client_certificate_sent ? "client certificate" : "no client certificate");
  }

  /// The proxy's name for the origin is always of interest; the client's own is known, unless it went wrong there.
  void add_hello() {
    auto hello = seen_.handshake.transcript.client_hello();
    bool broken = way_of(seen_) == Way::broken;
    if (!hello || (seen_.leg == path::Leg::client && !broken)) return;
    auto sni = hello->sni();
    add(sni ? "SNI " + printable(*sni, 80) : "no SNI", sni ? Tone::plain : Tone::warn);
    if (!seen_.handshake.transcript.server_hello()) add_offer(*hello);
  }

  void add_offer(const wire::ClientHello& hello) {
    std::vector<std::string> versions;
    for (auto version : hello.versions())
      if (!wire::is_grease(version) && versions.size() < 6)
        versions.push_back(wire::name(wire::Registry::version, version));
    if (!versions.empty()) add("offers " + join(versions, ", "));
  }

  void add_certificate() {
    const auto* known = path::server_chain(seen_);
    if (!known) return;
    const auto& chain = *known;
    auto of = chain.names.empty() ? chain.subject : chain.names.front();
    auto text = of.empty() ? "certificate" : "certificate " + printable(of, 80);
    for (std::size_t at = 0; at < chain.problems.size() && at < 3; ++at)
      text += (at == 0 ? ": " : ", ") + std::string(name(chain.problems[at].defect));
    if (!chain.ok() || way_of(seen_) == Way::broken) add(text, chain.ok() ? Tone::plain : Tone::bad);
  }

  void add_exchange() {
    if (seen_.exchanges.empty()) return;
    const auto& last = seen_.exchanges.back();
    if (!brief_ && seen_.leg == path::Leg::origin && last.request)
      add(printable(last.request->method, 16) + " " + printable(last.request->target, 80));
    if (!last.response) return;
    auto status = last.response->status;
    auto answer = fmt::format("HTTP {} {}", status, brief_ ? "" : printable(last.response->reason, 40));
    add(trim(answer), status < 400 ? Tone::good : Tone::warn);
  }

  const path::Observation& seen_;
  bool brief_;
  const Style& style_;
  Spans details_;
};

/// "proxy nginx": a party and its name.
std::string called(std::string_view party, const std::string& name, const Style& style) {
  if (name.empty()) return std::string(party);
  return clipped(fmt::format("{} {}", party, style.raw(name, longest_name)), longest_name, style.text("…"));
}

/// Nothing arrived at any origin.
Row unreached(const path::PathRecord& record, const Style& style) {
  auto why = record.known.origin_name.empty() ? "no connection to any origin" : "no connection came";
  return {"proxy",
          {{style.text(repeated("┄", stages)), Tone::dim}},
          called("origin", record.known.origin_name, style),
          {{why, Tone::dim}}};
}

std::vector<Row> rows_of(const path::PathRecord& record, Detail detail, const Style& style) {
  std::vector<Row> rows;
  rows.push_back({"client", arrow_of(record.client, style), called("proxy", record.proxy, style),
                  Details(record.client, detail, style).all()});
  if (record.origins.empty()) rows.push_back(unreached(record, style));
  for (const auto& seen : record.origins) {
    if (rows.size() > most_connections) break;
    Row row{"proxy", arrow_of(seen, style), called("origin", seen.name, style), Details(seen, detail, style).all()};
    Row& last = rows.back();
    const bool same = last.from == row.from && last.to == row.to && alike(last.arrow, row.arrow);
    if (same && alike(last.details, row.details))
      ++last.times;
    else
      rows.push_back(std::move(row));
  }
  for (Row& row : rows)
    if (row.times > 1) row.details.push_back({fmt::format("{} times", row.times), Tone::strong});
  return rows;
}

std::string drawn(const Row& row, const Style& style, std::size_t indent, std::size_t to_width) {
  std::string space(indent, ' ');
  auto pad = std::string(to_width - std::min(to_width, display_width(row.to)), ' ');
  auto left = fmt::format("{}{:<6} {} {}{}   ", space, row.from, style.paint(row.arrow),
                          style.paint({row.to, Tone::strong}), pad);
  auto left_width = indent + 7 + stages + 1 + to_width + 3;
  auto width = style.options().width;
  auto room = width > left_width ? width - left_width : 0;
  if (room >= 36) return hang(left, left_width, style.flow(row.details, " · ", room));
  auto below = std::string(indent + 7, ' ');
  while (!left.empty() && left.back() == ' ') left.pop_back();
  return left + "\n" +
         hang(below, indent + 7, style.flow(row.details, " · ", width - std::min<std::size_t>(width, indent + 7)));
}

}  // namespace

std::string picture(const path::PathRecord& record, Detail detail, const Style& style, std::size_t indent) {
  auto rows = rows_of(record, detail, style);
  std::size_t to_width = 0;
  for (const auto& row : rows) to_width = std::max(to_width, display_width(row.to));
  std::string out;
  for (const auto& row : rows) out += drawn(row, style, indent, to_width);
  std::size_t shown = 0;
  for (const auto& row : rows) shown += row.times;
  if (const std::size_t all = 1 + record.origins.size(); all > shown && !record.origins.empty()) {
    auto more = fmt::format("… and {} more connections to origins", all - shown);
    out += std::string(indent + 7, ' ') + style.paint({style.text(more), Tone::dim}) + "\n";
  }
  return out;
}

}  // namespace bothends::report
