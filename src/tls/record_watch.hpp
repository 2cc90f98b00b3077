// Looks at the record headers that go by, without keeping what is in the records: tells a peer that does not speak TLS
// from one that began to and then made no sense. Stacks say neither in a way one could rely on.
#pragma once

#include <array>

#include "wire/transcript.hpp"

namespace bothends::tls {

class RecordWatch {
 public:
  /// Everything the peer sent, in any pieces. Fills `transcript.foreign` or `transcript.malformed`, at most one of
  /// them, and keeps `transcript.unfinished` true.
  void feed(View bytes, wire::Transcript& transcript);

  /// The peer's very first octets are no record, and as many are here as a stack needs to see that too.
  bool foreign() const { return state_ == State::foreign && seen_ >= header_.size(); }
  bool malformed() const { return state_ == State::malformed; }

  /// The last alert that came in the clear, as far as it is here: two octets in the end. (Only there is an alert's
  /// record that short.) Stacks may drop it unread, say because its record is of another version than they settled on.
  View plain_alert() const { return plain_alert_; }
  bool awaits_alert() const { return in_alert_ && skip_ > 0; }

 private:
  enum class State { records, foreign, malformed };

  void judge(wire::Transcript& transcript);

  State state_ = State::records;
  std::array<std::uint8_t, 5> header_{};
  std::size_t have_ = 0;  // octets of the header
  std::size_t skip_ = 0;  // octets of the fragment that are still to come
  std::size_t seen_ = 0;  // octets in all, as long as they are foreign
  Bytes plain_alert_;
  bool in_alert_ = false;  // what is to be skipped is a plain alert
  bool first_ = true;      // no whole header was good so far
};

}  // namespace bothends::tls
