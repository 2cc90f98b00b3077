// What a probe's facts come to, a sentence each: what is wrong first, then what is unknown, then what is worth knowing.
#pragma once

#include "policy/probed.hpp"

namespace bothends::report {

struct ProbeVerdict {
  enum class Is { wrong, unknown, note } is = Is::note;
  std::string text;  // printable
};
std::vector<ProbeVerdict> verdicts_of(const policy::Probed& probed);

/// "the first chain (shop.test)": how a presented chain is spoken of.
std::string chain_name(const policy::Probed& probed, std::size_t presented);
/// Whole days from `at` to `then`, rounded down; far away times are as far as can be told.
std::int64_t days_between(std::int64_t at, std::int64_t then);
/// "2026-11-23"; what no calendar has is said in seconds.
std::string date_of(std::int64_t seconds);
/// "no SNI", "an unknown name", "SHOP.TEST".
std::string asked_name(const policy::NameAnswer& answer);
/// Broken ciphers, none at all, no authentication.
bool is_weak_suite(std::uint16_t suite);

constexpr std::int64_t days_to_renew = 30;  // fewer left are worth knowing
constexpr std::int64_t days_to_hurry = 14;  // fewer left are wrong

}  // namespace bothends::report
