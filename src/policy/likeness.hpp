// Whose manners a server has: the answers that it gave, held against what each known stack would have answered.
#pragma once

#include "policy/probed.hpp"

namespace bothends::policy {

Offer offer_of(const Question& question);

/// By probed.survey.heard, with the policy that was found and the keys of probed.chains.
Likeness likeness_of(const Probed& probed);

}  // namespace bothends::policy
