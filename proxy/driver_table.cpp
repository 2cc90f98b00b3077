#include "proxy/driver_table.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace bothends::proxy {

std::string in_quotes(std::string_view text) { return "\"" + printable(text, 80) + "\""; }

const toml::node* TableReader::node(std::string_view key, bool needed) {
  const toml::node* found = table_.get(key);
  if (!found && needed)
    complain(table_.source().begin.line ? table_.source().begin : toml::source_position{1, 1},
             what_ + " needs the key " + in_quotes(key));
  return found;
}

void TableReader::check_keys(const Words& known) {
  for (const auto& [key, value] : table_)
    if (std::ranges::find(known, key.str()) == known.end())
      complain(key.source().begin, what_ + " has no key " + in_quotes(key.str()) + suggestion(key.str(), known));
}

std::string TableReader::text_of(const toml::node& node, const std::string& what) {
  const auto value = node.value<std::string>();
  if (!value) complain(node, what + " must be a string");
  if (value && value->find('\0') != std::string::npos) complain(node, what + " must not hold a NUL");
  return value.value_or("");
}

std::string TableReader::text(std::string_view key, bool needed) {
  const toml::node* found = node(key, needed);
  return found ? text_of(*found, in_quotes(key)) : "";
}

std::string TableReader::word(std::string_view key, const Words& known) {
  if (!has(key)) return known.front();
  std::string said = text(key);
  if (std::ranges::find(known, said) == known.end())
    complain(key, in_quotes(key) + " must be one of " + join(known, ", ") + suggestion(said, known));
  return said;
}

TableReader::Words TableReader::texts(std::string_view key, bool needed) {
  std::vector<std::string> values;
  const toml::node* found = node(key, needed);
  if (!found) return values;
  const toml::array* array = found->as_array();
  if (!array) complain(*found, in_quotes(key) + " must be a list of strings");
  for (std::size_t i = 0; array && i < array->size(); ++i)
    values.push_back(text_of((*array)[i], "each of " + in_quotes(key)));
  if (needed && values.empty()) complain(*found, in_quotes(key) + " must not be empty");
  return values;
}

const toml::table* TableReader::table(std::string_view key, const std::string& must) {
  const toml::node* found = node(key);
  if (!found) return nullptr;
  if (!found->is_table()) complain(*found, in_quotes(key) + " must be " + must);
  return found->as_table();
}

TableReader::Pairs TableReader::pairs(std::string_view key, bool (*good)(const std::string&), const std::string& must) {
  Pairs values;
  const toml::table* found = table(key, "a table of strings");
  if (!found) return values;
  for (const auto& [name, value] : *found) {
    const std::string word(name.str());
    if (!good(word) || word.find('\0') != std::string::npos)
      complain(name.source().begin, in_quotes(word) + " " + must);
    values.emplace(word, text_of(value, in_quotes(word)));
  }
  return values;
}

std::chrono::milliseconds TableReader::duration(std::string_view key, std::chrono::milliseconds otherwise) {
  const toml::node* found = node(key, false);
  if (!found) return otherwise;
  const auto value = found->value<double>();
  if (value && *value >= 0.001 && *value <= 600) return std::chrono::milliseconds(std::lround(*value * 1000));
  complain(*found, in_quotes(key) + " must be a number of seconds, from 0.001 to 600");
  return otherwise;
}

std::optional<unsigned> TableReader::status(std::string_view key) {
  const toml::node* found = node(key);
  if (!found) return std::nullopt;
  const auto value = found->is_integer() ? found->value<std::int64_t>() : std::nullopt;
  if (value && *value >= 200 && *value <= 599) return static_cast<unsigned>(*value);
  complain(*found, in_quotes(key) + " must be an HTTP status, from 200 to 599");
  return std::nullopt;
}

}  // namespace bothends::proxy
