#include "run/unanswered.hpp"

#include <algorithm>

namespace bothends::run {

using How = policy::Ending::How;

bool may_be_throttling(How how) {
  return how == How::reset || how == How::eof || how == How::closed || how == How::timed_out ||
         how == How::connection_refused || how == How::unreachable || how == How::foreign;
}

bool nobody_listens(How how) { return how == How::connection_refused || how == How::unreachable; }

std::string words_of(How how) {
  std::string words(name(how));
  std::replace(words.begin(), words.end(), '-', ' ');
  return words;
}

}  // namespace bothends::run
