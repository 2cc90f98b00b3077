// Real handshakes by our stacks, held against what the survey foretells: which to make, and what they show.
#pragma once

#include <functional>

#include "policy/clients.hpp"

namespace bothends::policy {

/// Whole handshakes, one for each version that is spoken and each leaf that was seen in it. Only such suites and
/// schemes are named as make the server show that leaf; which of them the stack has is for the asking to find out.
std::vector<Question> cross_questions(const Probed& probed, std::string_view stack);

/// What came of one, against what its own hello foretells. Whose a difference is:
/// `the_servers` when it refused, or chose something else; `the_stacks` when the stack could not ask, or gave up though
/// the server did not refuse; `unknown` when nothing came, or the survey does not know enough.
CrossCheck cross_check(const Question& asked, const Answer& answer, const Probed& probed,
                       const Foretelling& foretelling = foretell);

}  // namespace bothends::policy
