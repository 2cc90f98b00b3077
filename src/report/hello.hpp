// A captured ClientHello for people and programs: every field by name, extensions in their order.
#pragma once

#include <map>

#include "path/facts.hpp"
#include "policy/against.hpp"
#include "report/console.hpp"
#include "wire/capture.hpp"

namespace bothends::report {

/// One line: where it was, highest version, name, protocols, JA4; or its problem.
std::string hello_line(const wire::CapturedHello& hello, std::size_t number, const path::Digests& digests,
                       const ConsoleOptions& options);
/// All of it.
std::string hello_whole(const wire::CapturedHello& hello, std::size_t number, const path::Digests& digests,
                        const ConsoleOptions& options);
/// The sentences about what was read and what was left out.
std::string hello_notes(const wire::Capture& capture, const ConsoleOptions& options);

/// Hellos held against an endpoint.
struct HeldAgainst {
  policy::Probed probed;
  std::map<std::size_t, policy::Against> hellos;  // by number; those that could be read
};

/// {"format": "bothends-hello", …}: the hellos with those numbers (from 1), all of them without any; each with what
/// would come of it when `held` is not nullptr.
std::string hello_json(const wire::Capture& capture, const std::vector<std::size_t>& numbers,
                       const path::Digests& digests, const HeldAgainst* held = nullptr);

/// So much of a list is shown; then how many more there are.
constexpr std::size_t most_hello_values = 64;

}  // namespace bothends::report
