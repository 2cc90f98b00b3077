#include "wire/capture_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bothends::wire {
namespace {

constexpr std::uint32_t pcap_microseconds = 0xa1b2c3d4, pcap_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t section_header = 0x0a0d0d0a, byte_order_magic = 0x1a2b3c4d;
enum BlockType : std::uint32_t { interface_description = 1, old_packet = 2, simple_packet = 3, enhanced_packet = 6 };

/// Integers in the byte order of the machine that wrote the file. Sticky failure, as Reader has it.
class Fields {
 public:
  Fields(View octets, bool little) : reader_(octets), little_(little) {}
  std::uint32_t u32() {
    auto value = reader_.u32();
    return little_ ? __builtin_bswap32(value) : value;
  }
  std::uint16_t u16() {
    auto value = reader_.u16();
    return little_ ? __builtin_bswap16(value) : value;
  }
  View take(std::size_t count) { return reader_.take(count); }
  bool ok() const { return reader_.ok(); }
  std::size_t left() const { return reader_.left(); }

 private:
  Reader reader_;
  bool little_;
};

std::string broken_off(std::size_t number) { return fmt::format("the file ends within packet {}", number); }

CaptureFile read_pcap(View file, bool little, const std::function<void(const Packet&)>& tell) {
  CaptureFile capture{.form = "pcap"};
  Fields fields(file, little);
  fields.take(20);
  std::uint32_t link = fields.u32() & 0xffff;  // above it: how long the frame check sequence is
  if (!fields.ok()) {
    capture.problem = "the file ends within its header";
    return capture;
  }
  while (fields.left() > 0) {
    fields.take(8);
    std::uint32_t here = fields.u32(), whole = fields.u32();
    View octets = fields.take(here);
    if (!fields.ok()) {
      capture.problem = broken_off(capture.packets + 1);
      return capture;
    }
    tell({++capture.packets, link, octets, here < whole});
  }
  return capture;
}

/// One section after the other, each with its own byte order and interfaces.
class Pcapng {
 public:
  explicit Pcapng(const std::function<void(const Packet&)>& tell) : tell_(tell) {}

  CaptureFile read(View file) {
    while (!file.empty()) {
      std::size_t length = length_of(file);
      if (length == 0) break;
      block(file.subspan(8, length - 12));
      file = file.subspan(length);
    }
    return capture_;
  }

 private:
  struct Interface {
    std::uint32_t link, snapped_at;
  };

  std::size_t stop(std::string why) {
    capture_.problem = std::move(why);
    return 0;
  }

  /// Of the whole block; 0 when there is none. Notes its type, and of a section header the byte order.
  std::size_t length_of(View file) {
    if (file.size() < 12) return stop("the file ends within a block");
    type_ = Fields(file, little_).u32();
    if (type_ == section_header) {
      little_ = Fields(file.subspan(8), true).u32() == byte_order_magic;
      if (!little_ && Fields(file.subspan(8), false).u32() != byte_order_magic)
        return stop("a section has no byte order");
      interfaces_.clear();
    }
    std::uint32_t length = Fields(file.subspan(4), little_).u32();
    if (length < 12 || length % 4 != 0) return stop(fmt::format("a block says that it has {} octets", length));
    return length <= file.size() ? length : stop(broken_off(capture_.packets + 1));
  }

  void block(View body) {
    Fields fields(body, little_);
    if (type_ == interface_description) {
      std::uint32_t link = fields.u16();
      fields.u16();
      std::uint32_t snapped_at = fields.u32();
      if (fields.ok()) interfaces_.push_back({link, snapped_at});
    } else if (type_ == enhanced_packet) {
      std::uint32_t interface = fields.u32();
      fields.take(8);
      full_packet(interface, fields);
    } else if (type_ == old_packet) {
      std::uint32_t interface = fields.u16();
      fields.take(10);
      full_packet(interface, fields);
    } else if (type_ == simple_packet) {
      simple(fields);
    }
  }

  void full_packet(std::uint32_t interface, Fields& fields) {
    std::uint32_t here = fields.u32(), whole = fields.u32();
    View octets = fields.take(here);
    ++capture_.packets;
    if (fields.ok() && interface < interfaces_.size()) return give(interface, octets, here < whole);
    note(fields.ok() ? "is of an interface that nobody described" : "is longer than its block");
  }

  /// Always of the first interface; cut where that cuts.
  void simple(Fields& fields) {
    std::uint32_t whole = fields.u32();
    ++capture_.packets;
    if (interfaces_.empty()) return note("is of an interface that nobody described");
    std::uint32_t limit = interfaces_[0].snapped_at;
    std::size_t here = std::min<std::size_t>(limit > 0 ? std::min(limit, whole) : whole, fields.left());
    give(0, fields.take(here), here < whole);
  }

  void give(std::size_t interface, View octets, bool cut) {
    tell_({capture_.packets, interfaces_[interface].link, octets, cut});
  }

  void note(std::string_view what) {
    if (capture_.problem.empty()) capture_.problem = fmt::format("packet {} {}", capture_.packets, what);
  }

  const std::function<void(const Packet&)>& tell_;
  CaptureFile capture_{.form = "pcapng"};
  std::vector<Interface> interfaces_;
  std::uint32_t type_ = 0;
  bool little_ = false;
};

}  // namespace

std::optional<CaptureFile> read_packets(View file, const std::function<void(const Packet&)>& packet) {
  if (file.size() < 4) return std::nullopt;
  for (bool little : {false, true}) {
    auto magic = Fields(file, little).u32();
    if (magic == pcap_microseconds || magic == pcap_nanoseconds) return read_pcap(file, little, packet);
  }
  if (Fields(file, false).u32() == section_header) return Pcapng(packet).read(file);
  return std::nullopt;
}

}  // namespace bothends::wire
