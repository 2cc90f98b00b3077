// What a proxy changes in the stage that stands around it.
#pragma once

#include "proxy/driver.hpp"
#include "run/scenario.hpp"

namespace bothends::run {

/// A proxy that is told nothing of its origins: each route becomes what the proxy does by itself, except for an
/// `upstream` that the file says. The route's `trust` stands for the authorities of the proxy's system. When
/// it sends the upstream's name, origins' certificates for the host of a try that is routed there get that name too:
/// they are what the owner of such a proxy would have had issued.
void apply(const proxy::Defaults& defaults, StageSpec& stage);

/// A proxy that runs already knows where it looks for origins: they listen there, one port after the other, unless the
/// file says where.
void place_origins(StageSpec& stage, const proxy::Driver& driver);

/// How an origin that listens there is reached: 0.0.0.0 and :: are every address of this machine.
std::string address_to_reach(const std::string& listening);

}  // namespace bothends::run
