// Looks at the record headers that go by, without keeping what is in the records: tells a peer that does not speak TLS
// from one that began to and then made no sense. Stacks say neither in a way one could rely on.
#pragma once

#include <array>

#include "wire/transcript.hpp"

namespace bothends::tls {

class RecordWatch {
 public:
  /// Everything the peer sent, in any pieces. Fills `transcript.foreign` or `transcript.malformed`, at most one of
  /// them.
  void feed(View bytes, wire::Transcript& transcript);

  /// The peer's very first octets are no record, and as many are here as a stack needs to see that too.
  bool foreign() const { return state_ == State::foreign && seen_ >= header_.size(); }
  bool malformed() const { return state_ == State::malformed; }

 private:
  enum class State { records, foreign, malformed };

  void judge(wire::Transcript& transcript);

  State state_ = State::records;
  std::array<std::uint8_t, 5> header_{};
  std::size_t have_ = 0;  // octets of the header
  std::size_t skip_ = 0;  // octets of the fragment that are still to come
  std::size_t seen_ = 0;  // octets in all, as long as they are foreign
  bool first_ = true;     // no whole header was good so far
};

}  // namespace bothends::tls
