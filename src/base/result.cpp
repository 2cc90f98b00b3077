#include "base/result.hpp"

namespace bothends {

std::string Place::text() const {
  std::string text = file;
  if (line == 0) return text;
  text += (text.empty() ? "line " : ":") + std::to_string(line);
  if (column != 0) text += ":" + std::to_string(column);
  return text;
}

std::string Error::message() const {
  std::string where = place.text();
  return where.empty() ? what : where + ": " + what;
}

}  // namespace bothends
