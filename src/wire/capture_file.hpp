// The packets of a capture file: pcap (microseconds and nanoseconds) and pcapng, both in either byte order. Nothing is
// copied: packets are views into the file.
#pragma once

#include <functional>

#include "wire/reader.hpp"

namespace bothends::wire {

struct Packet {
  std::size_t number = 0;  // from 1, as Wireshark counts
  std::uint32_t link = 0;  // LINKTYPE_…
  View octets;
  bool cut = false;  // not all of it was captured
};

struct CaptureFile {
  std::string_view form;  // "pcap", "pcapng"
  std::size_t packets = 0;
  std::string problem;  // why reading stopped before the end; empty: it did not
};

/// nullopt when the octets are no capture file.
std::optional<CaptureFile> read_packets(View file, const std::function<void(const Packet&)>& packet);

}  // namespace bothends::wire
