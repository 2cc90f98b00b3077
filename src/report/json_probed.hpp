// What a probe found, for programs, and as a snapshot that is read again: schema/probe.schema.json describes it.
#pragma once

#include "base/result.hpp"
#include "policy/probed.hpp"

namespace bothends::report {

/// One line, without its end; `verdicts` (report/probed.hpp) stand in it too. What peers said survives octet for octet.
std::string probed_json(const policy::Probed& probed);
/// The same on many lines, to be kept and compared.
std::string probed_snapshot(const policy::Probed& probed);

/// Written and read back it is equal. Error{syntax} with line and column, or Error{value} with the way to what is
/// wrong. Files are hostile: at most `most_snapshot_octets`.
Result<policy::Probed> probed_of_json(std::string_view text, const std::string& file = {});

constexpr std::size_t most_snapshot_octets = std::size_t{8} << 20;

}  // namespace bothends::report
