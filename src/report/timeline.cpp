#include "report/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "report/words.hpp"
#include "wire/describe.hpp"

namespace bothends::report {
namespace {

constexpr std::size_t most_events = 200, most_fields = 40, most_log_lines = 20, most_connections = 16;

class Lines {
 public:
  Lines(const Style& style, std::size_t indent) : style_(style), indent_(indent) {}

  void add(std::string_view label, std::string_view sentence, Tone tone = Tone::plain) {
    auto left = std::string(indent_, ' ') + fmt::format("{:>10}  ", label);
    auto width = indent_ + 12, all = std::size_t{style_.options().width};
    out_ += hang(style_.paint({left, Tone::dim}), width,
                 style_.flow(style_.words(sentence, tone), " ", all > width ? all - width : 0));
  }
  void heading(std::string_view text) {
    auto all = std::size_t{style_.options().width};
    auto lines = style_.flow(style_.words(text, Tone::strong), " ", all > indent_ + 2 ? all - indent_ - 2 : 0);
    out_ += hang(std::string(indent_, ' '), indent_ + 2, lines);
  }
  std::string take() { return std::move(out_); }

 private:
  const Style& style_;
  std::size_t indent_;
  std::string out_;
};

std::string at(std::chrono::microseconds time) {
  return fmt::format("{:.3f} ms", static_cast<double>(time.count()) / 1e3);
}

void add_events(Lines& lines, const path::Observation& seen) {
  const auto& events = seen.handshake.transcript.events;
  for (std::size_t index = 0; index < std::min(events.size(), most_events); ++index) {
    bool alert = events[index].type == wire::alert;
    lines.add(at(events[index].at), wire::describe(events[index]), alert ? Tone::warn : Tone::plain);
  }
  if (events.size() > most_events) lines.add("", fmt::format("… {} more", events.size() - most_events));
}

void add_fields(Lines& lines, std::string_view arrow, const http::Fields& fields) {
  for (std::size_t index = 0; index < std::min(fields.size(), most_fields); ++index)
    lines.add(arrow, printable(fields[index].name, 80) + ": " + printable(fields[index].value, 200), Tone::dim);
  if (fields.size() > most_fields) lines.add(arrow, fmt::format("… {} more fields", fields.size() - most_fields));
}

void add_exchanges(Lines& lines, const path::Observation& seen) {
  bool client = seen.leg == path::Leg::client;
  auto asks = client ? "→" : "←", answers = client ? "←" : "→";
  for (const auto& [request, response, complete] : seen.exchanges) {
    if (request) {
      lines.add("", fmt::format("{} {} {} HTTP/1.{}", asks, printable(request->method, 20),
                                printable(request->target, 200), request->minor_version));
      add_fields(lines, "", request->fields);
    }
    if (!response) continue;
    lines.add("", fmt::format("{} HTTP/1.{} {} {}", answers, response->minor_version, response->status,
                              printable(response->reason, 80)));
    add_fields(lines, "", response->fields);
    lines.add("", fmt::format("{} octets of body{}", response->body.size(), complete ? "" : ", cut off"), Tone::dim);
  }
}

void add_connection(Lines& lines, const path::Observation& seen, std::string_view title) {
  lines.heading(title);
  add_events(lines, seen);
  add_exchanges(lines, seen);
  auto word = std::string(name(seen.ending.how));
  auto note = seen.ending.note.empty() ? seen.handshake.note : seen.ending.note;
  lines.add(at(seen.ending.at), word + ": " + ending_of(seen) + (note.empty() ? "" : " (" + note + ")"), Tone::dim);
}

std::string title_of(const path::Observation& seen, std::size_t number) {
  if (seen.leg == path::Leg::client)
    return fmt::format("client leg, seen by the client {}: {} → {}", printable(seen.name, 60), seen.local, seen.peer);
  return fmt::format("origin leg, connection {}, seen by the origin {}: {} → {}", number, printable(seen.name, 60),
                     seen.peer, seen.local);
}

}  // namespace

std::string timeline(const path::PathRecord& record, const Style& style, std::size_t indent) {
  Lines lines(style, indent);
  add_connection(lines, record.client, title_of(record.client, 0));
  for (std::size_t index = 0; index < std::min(record.origins.size(), most_connections); ++index)
    add_connection(lines, record.origins[index], title_of(record.origins[index], index + 1));
  if (!record.proxy_log.empty()) lines.heading("the proxy's log");
  auto skipped = record.proxy_log.size() - std::min(record.proxy_log.size(), most_log_lines);
  for (auto index = skipped; index < record.proxy_log.size(); ++index)
    lines.add("", record.proxy_log[index], Tone::dim);
  return lines.take();
}

}  // namespace bothends::report
