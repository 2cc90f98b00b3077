#include "path/path_record.hpp"

namespace bothends::path {

std::string_view name(Leg leg) { return leg == Leg::client ? "client" : "origin"; }

std::string_view name(Side side) {
  switch (side) {
    case Side::client:
      return "client";
    case Side::proxy:
      return "proxy";
    case Side::origin:
      break;
  }
  return "origin";
}

}  // namespace bothends::path
