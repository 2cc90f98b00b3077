// What a probe found, for programs, and as a snapshot that is read again: schema/probe.schema.json describes it.
#pragma once

#include <optional>

#include "base/result.hpp"
#include "policy/clients.hpp"
#include "policy/grade.hpp"

namespace bothends::report {

/// What is said of an endpoint besides, when it was asked for.
struct Judged {
  std::optional<policy::Grade> grade;
  std::optional<std::vector<policy::ClientAnswer>> clients;
};

/// One line, without its end; `verdicts` (report/probed.hpp) stand in it too, and what was judged. What peers said
/// survives octet for octet.
std::string probed_json(const policy::Probed& probed, const Judged& judged = {});
/// The same on many lines, to be kept and compared.
std::string probed_snapshot(const policy::Probed& probed);

/// Written and read back it is equal; what was judged is passed over, since it follows from the rest. Error{syntax}
/// with line and column, or Error{value} with the way to what is wrong. Files are hostile: at most
/// `most_snapshot_octets`.
Result<policy::Probed> probed_of_json(std::string_view text, const std::string& file = {});

constexpr std::size_t most_snapshot_octets = std::size_t{8} << 20;

}  // namespace bothends::report
