// A failed expectation as a compiler would show it: the line of the file, a caret below the value, and the actual one.
#pragma once

#include "report/style.hpp"

namespace bothends::report {

std::string excerpt(const path::Verdict& verdict, const Style& style, std::size_t indent);

}  // namespace bothends::report
