#include "wire/capture.hpp"

#include <fmt/format.h>

#include <set>

#include "base/text.hpp"
#include "wire/hex_text.hpp"
#include "wire/tcp_streams.hpp"

namespace bothends::wire {
namespace {

std::string counted(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

/// Packets that gave nothing, by why.
struct LeftOut {
  std::size_t cut = 0, fragments = 0, others = 0, malformed = 0;
  std::set<std::uint32_t> links;

  void add(Carries what, const Packet& packet) {
    if (packet.cut) ++cut;
    if (what == Carries::fragment) ++fragments;
    if (what == Carries::other_protocol) ++others;
    if (what == Carries::malformed && !packet.cut) ++malformed;
    if (what == Carries::unknown_link && links.size() < 8) links.insert(packet.link);
  }
};

std::vector<std::string> notes_of(const LeftOut& left) {
  std::vector<std::string> notes;
  if (left.cut)
    notes.push_back(counted(left.cut, "packet") +
                    " not captured in full (the capture's snap length cut them): capture with -s 0.");
  if (left.fragments) notes.push_back(counted(left.fragments, "IP fragment") + " left out: they are not put together.");
  if (left.malformed) notes.push_back(counted(left.malformed, "packet") + " made no sense as Ethernet, IP or TCP.");
  for (auto link : left.links)
    notes.push_back(fmt::format("Link type {} is not read: its packets are left out.", link));
  return notes;
}

class Reading {
 public:
  Capture take() && { return std::move(capture_); }

  void octets(View octets, std::string_view in) {
    if (packets(octets, in)) return;
    auto before = capture_.hellos.size();
    if (auto bare = bare_hello(octets)) {
      add({.found = std::move(*bare)});
      capture_.form = std::string(in) + "a handshake message";
    } else {
      for (auto& found : hellos_in(octets)) add_found(std::move(found), before);
      if (capture_.hellos.size() > before) capture_.form = std::string(in) + "TLS records";
    }
    if (capture_.hellos.size() > before) return;
    if (capture_.form.empty()) capture_.form = std::string(in) + "octets";
    if (capture_.nothing.empty())
      capture_.nothing =
          fmt::format("There is no ClientHello in these {}: {}.", counted(octets.size(), "octet"), looks_like(octets));
  }

  void text(std::string_view text) {
    auto dumps = octets_of_text(text);
    if (!dumps) {
      capture_.form = "text";
      auto what = looks_like(view_of(text));
      bool known = what.find("no TLS") == std::string::npos;
      capture_.nothing = known ? fmt::format("There is no ClientHello in this: it is {}.", what)
                               : fmt::format("This is text, and no hex: {}.", dumps.error().what);
      return;
    }
    std::erase_if(*dumps, [](const Bytes& dump) { return dump.empty(); });
    for (const auto& dump : *dumps) octets(dump, "hex text of ");
    if (dumps->empty()) capture_.nothing = "There is no ClientHello in this: it is empty.";
  }

 private:
  void add(CapturedHello hello) {
    if (capture_.hellos.size() < most_captured_hellos) return capture_.hellos.push_back(std::move(hello));
    if (full_) return;
    full_ = true;
    capture_.notes.push_back(fmt::format("Only the first {} ClientHellos are here.", most_captured_hellos));
  }

  void add_found(FoundHello found, std::size_t before) {
    CapturedHello hello{.stream_offset = found.begin, .is_second = capture_.hellos.size() > before};
    hello.found = std::move(found);
    add(std::move(hello));
  }

  bool packets(View octets, std::string_view in) {
    TcpStreams streams;
    LeftOut left;
    auto file = read_packets(octets, [&](const Packet& packet) {
      Segment segment;
      auto what = carries(packet, segment);
      left.add(what, packet);
      if (what == Carries::segment) streams.add(segment, packet.number);
    });
    if (!file) return false;
    capture_.form = fmt::format("{}{} of {}, {} of TCP", in, file->form, counted(file->packets, "packet"),
                                counted(streams.count(), "direction"));
    if (!file->problem.empty()) capture_.notes.push_back("The capture is read only in part: " + file->problem + ".");
    for (auto& note : notes_of(left)) capture_.notes.push_back(std::move(note));
    if (streams.left_out())
      capture_.notes.push_back(fmt::format("Only the first {} directions were looked at.", TcpStreams::most_streams));
    for (std::size_t at = 0; at < streams.count(); ++at) stream(streams, at);
    if (capture_.hellos.empty()) capture_.nothing = nothing_in(streams, left);
    return true;
  }

  void stream(const TcpStreams& streams, std::size_t at) {
    std::size_t before = capture_.hellos.size();
    for (const auto& run : streams.runs(at))
      for (auto& found : hellos_in(run.octets)) {
        CapturedHello hello{.stream = streams.flow(at).text(), .stream_offset = found.begin};
        std::tie(hello.packet, hello.last_packet) = run.packets(found.begin, found.end);
        hello.is_second = capture_.hellos.size() > before;
        hello.found = std::move(found);
        add(std::move(hello));
      }
  }

  std::string nothing_in(const TcpStreams& streams, const LeftOut& left) const {
    if (streams.count() == 0)
      return fmt::format("There is no ClientHello in this {}: no packet of TCP is in it{}.", capture_.form,
                         left.others ? ", only other protocols (QUIC is not read)" : "");
    for (std::size_t at = 0; at < streams.count(); ++at)
      if (auto runs = streams.runs(at); !runs.empty())
        return fmt::format("There is no ClientHello in this {}: {} begins with {}.", capture_.form,
                           streams.flow(at).text(), looks_like(runs.front().octets));
    return fmt::format("There is no ClientHello in this {}: no segment carries data.", capture_.form);
  }

  Capture capture_;
  bool full_ = false;
};

}  // namespace

Capture read_capture(View octets) {
  Reading reading;
  if (octets.size() > most_capture_octets) {
    Capture capture{.form = "octets"};
    capture.nothing = fmt::format("This is longer than {} MiB: cut out the packets of one connection first.",
                                  most_capture_octets >> 20);
    return capture;
  }
  if (is_text(octets))
    reading.text(text_of(octets));
  else
    reading.octets(octets, "");
  auto capture = std::move(reading).take();
  if (!capture.hellos.empty()) capture.nothing.clear();
  return capture;
}

}  // namespace bothends::wire
