#include "wire/tcp_streams.hpp"

#include <algorithm>

namespace bothends::wire {

std::pair<std::size_t, std::size_t> Run::packets(std::size_t begin, std::size_t end) const {
  std::pair<std::size_t, std::size_t> numbers{0, 0};
  for (const auto& piece : pieces) {
    if (piece.at >= end) break;
    if (piece.at <= begin) numbers = {piece.packet, piece.packet};
    numbers.first = std::min(numbers.first, piece.packet);
    numbers.second = std::max(numbers.second, piece.packet);
  }
  return numbers;
}

/// Whether a SYN with this number belongs to what is there: it may be sent twice, or be captured behind its data.
bool TcpStreams::is_same(const Stream& stream, std::uint32_t sequence) {
  auto behind = static_cast<std::int32_t>(stream.first - sequence);
  return stream.begun ? behind == 0 : behind >= 0 && behind < static_cast<std::int32_t>(most_octets);
}

TcpStreams::Stream* TcpStreams::stream_of(const Segment& segment) {
  auto known = current_.find(segment.flow);
  bool is_new = known == current_.end();
  if (!is_new) {
    auto& stream = streams_[known->second];
    if (!segment.begins || is_same(stream, segment.sequence)) return &stream;
  }
  if (streams_.size() == most_streams) {
    left_out_ = true;
    return nullptr;
  }
  current_[segment.flow] = streams_.size();
  streams_.push_back({segment.flow, segment.sequence, segment.begins, {}});
  return &streams_.back();
}

void TcpStreams::add(const Segment& segment, std::size_t packet) {
  auto* stream = stream_of(segment);
  if (!stream) return;
  if (segment.begins && !stream->begun) {
    auto moved = static_cast<std::int32_t>(stream->first - segment.sequence);
    for (auto& piece : stream->pieces) piece.at += moved;
    stream->first = segment.sequence;
    stream->begun = true;
  }
  if (segment.payload.empty()) return;
  auto at = static_cast<std::int32_t>(segment.sequence - stream->first);
  constexpr auto reach = static_cast<std::int32_t>(most_octets);
  bool is_near = at > -reach && at < reach && stream->pieces.size() < most_pieces;
  if (is_near) stream->pieces.push_back({at, segment.payload, packet});
}

std::vector<Run> TcpStreams::runs(std::size_t stream) const {
  auto pieces = streams_[stream].pieces;
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.at < b.at; });
  std::vector<Run> runs;
  std::int64_t end = 0;
  for (const auto& piece : pieces) {
    std::int64_t at = piece.at;
    if (runs.empty() || at > end) {
      runs.emplace_back();
      runs.back().from_start = streams_[stream].begun && at == 0;
      end = at;
    }
    auto known = static_cast<std::size_t>(end - at);  // what came first counts
    if (known >= piece.octets.size()) continue;
    runs.back().pieces.push_back({runs.back().octets.size(), piece.packet});
    append(runs.back().octets, piece.octets.subspan(known));
    end = at + static_cast<std::int64_t>(piece.octets.size());
  }
  return runs;
}

}  // namespace bothends::wire
