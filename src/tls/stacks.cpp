#include "tls/stacks.hpp"

#include <algorithm>

namespace bothends::tls {

std::vector<const Stack*> stacks() { return {&openssl(), &mbedtls()}; }

const Stack* stack_named(std::string_view name) {
  auto all = stacks();
  all.push_back(&plain());
  const auto found = std::find_if(all.begin(), all.end(), [name](const Stack* stack) { return stack->name() == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace bothends::tls
