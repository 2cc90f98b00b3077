#include "tls/record_watch.hpp"

#include <algorithm>

#include "wire/codes.hpp"

namespace bothends::tls {

namespace {

constexpr std::size_t foreign_limit = 64;

}  // namespace

void RecordWatch::feed(View bytes, wire::Transcript& transcript) {
  while (!bytes.empty() && state_ == State::records) {
    if (skip_ > 0) {
      const auto count = std::min(skip_, bytes.size());
      if (in_alert_) append(plain_alert_, bytes.first(count));
      skip_ -= count;
      bytes = bytes.subspan(count);
      continue;
    }
    header_[have_++] = bytes.front();
    bytes = bytes.subspan(1);
    judge(transcript);
  }
  transcript.unfinished.reset();
  if (skip_ > 0 && state_ == State::records) {
    const std::size_t announced = static_cast<std::size_t>(header_[3]) << 8 | header_[4];
    transcript.unfinished = {header_[0], announced, announced - skip_};
  }
  if (state_ != State::foreign) return;
  seen_ += bytes.size();
  const auto room = foreign_limit - transcript.foreign.size();
  append(transcript.foreign, bytes.first(std::min(room, bytes.size())));
}

void RecordWatch::judge(wire::Transcript& transcript) {
  // What the record layer itself refuses is not written down here a second time: wire knows.
  const auto record = wire::parse_record(View(header_).first(have_));
  if (!record.malformed.empty()) {
    state_ = first_ ? State::foreign : State::malformed;
    seen_ = have_;
    if (first_)
      transcript.foreign.assign(header_.begin(), header_.begin() + static_cast<std::ptrdiff_t>(have_));
    else
      transcript.malformed = record.malformed;
    return;
  }
  if (have_ < header_.size()) return;
  first_ = false;
  have_ = 0;
  skip_ = static_cast<std::size_t>(header_[3]) << 8 | header_[4];
  in_alert_ = header_[0] == wire::alert && skip_ == 2;
  if (in_alert_) plain_alert_.clear();
}

}  // namespace bothends::tls
