// Every message of both legs with its time, for --verbose.
#pragma once

#include "report/style.hpp"

namespace bothends::report {

std::string timeline(const path::PathRecord& record, const Style& style, std::size_t indent);

}  // namespace bothends::report
