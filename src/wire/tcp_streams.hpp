// Captured TCP segments put together by sequence number: out of order, sent twice, overlapping. Bounded: of each
// direction the first 128 KiB, of a capture so many directions.
#pragma once

#include <map>

#include "wire/packet.hpp"

namespace bothends::wire {

/// Octets of one direction that follow each other without a gap.
struct Run {
  Bytes octets;
  struct Piece {
    std::size_t at;      // in `octets`
    std::size_t packet;  // that brought it
  };
  std::vector<Piece> pieces;  // by `at`
  bool from_start = false;    // the SYN was seen just before it

  /// The first and the last packet, as they were captured, that brought octets from `begin` up to `end`.
  std::pair<std::size_t, std::size_t> packets(std::size_t begin, std::size_t end) const;
};

class TcpStreams {
 public:
  void add(const Segment& segment, std::size_t packet);

  /// Directions, in the order in which they were first seen; a new SYN on the same ports begins another.
  std::size_t count() const { return streams_.size(); }
  const Flow& flow(std::size_t stream) const { return streams_[stream].flow; }
  std::vector<Run> runs(std::size_t stream) const;
  bool left_out() const { return left_out_; }

  static constexpr std::size_t most_streams = 1 << 16;
  static constexpr std::size_t most_octets = 1 << 17;
  static constexpr std::size_t most_pieces = 1 << 10;

 private:
  struct Piece {
    std::int32_t at;  // relative to Stream::first
    View octets;      // of the capture
    std::size_t packet;
  };
  struct Stream {
    Flow flow;
    std::uint32_t first = 0;
    bool begun = false;  // `first` is what the SYN says
    std::vector<Piece> pieces;
  };

  static bool is_same(const Stream& stream, std::uint32_t sequence);
  Stream* stream_of(const Segment& segment);

  std::vector<Stream> streams_;
  std::map<Flow, std::size_t> current_;
  bool left_out_ = false;
};

}  // namespace bothends::wire
