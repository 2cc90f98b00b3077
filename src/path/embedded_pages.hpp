// docs/causes/*.md, embedded by tools/embed.py.
#pragma once

#include <span>

#include "base/embedded.hpp"

namespace bothends::path {

std::span<const EmbeddedFile> embedded_pages();

}  // namespace bothends::path
