// What somebody found in a log, on a page or in an error message, and which causes it may have.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "path/path_record.hpp"

namespace bothends::path {

/// How much the text says by itself: it names the cause · it fits it well · it fits it among others. Never "certain": a
/// text is one end's word.
enum class Likelihood { told, likely, possible };
std::string_view name(Likelihood likelihood);

struct Candidate {
  std::string cause;       // an id of causes.cpp
  std::string why;         // one sentence: what in the text says so
  std::string status;      // measured, documented, uncertain, or the RFC that says so
  std::optional<Leg> leg;  // when the text tells it
  Likelihood likelihood = Likelihood::possible;

  bool operator==(const Candidate&) const = default;
};

/// The causes that a text may have, the likeliest first, at most five. Numbers, code points and hexadecimal codes are
/// asked before words, since libraries change their words. Understands a cause's id or an older name of it, alerts by
/// number or name, error texts of TLS libraries, log lines of proxies, statuses and pages of proxies and CDNs; several
/// lines are read one by one and add up. Only the first 64 KiB are read. Empty: nothing in it is known. Pure.
std::vector<Candidate> explain(std::string_view text);

/// The command that tells the candidates apart, or shows the only one: it provokes them one after the other, with both
/// ends seen. Empty when no scenario that comes with the program provokes any of them.
std::string decider(std::span<const Candidate> candidates);

}  // namespace bothends::path
