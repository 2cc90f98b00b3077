// The facts of schema/scenario.schema.json are those that expectations know. Everything else of the schema is compared
// with what the program says: tests/cli/schema_test.py.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "path/facts.hpp"

namespace {

using Json = nlohmann::json;

Json schema() {
  std::ifstream in(SHIPPED_SCENARIOS "/../schema/scenario.schema.json");
  return Json::parse(in);
}

const Json& resolved(const Json& root, const Json& node) {
  if (!node.contains("$ref")) return node;
  return resolved(root, root.at(Json::json_pointer(node["$ref"].get<std::string>().substr(1))));
}

struct Names {
  std::set<std::string> all, lists;
};

/// Tables are parts of a name; what is no table, or may be something else too, is a fact.
void collect(const Json& root, const Json& node, const std::string& name, Names& into) {
  const auto& table = resolved(root, node);
  if (!table.contains("anyOf")) {
    std::string above = name.empty() ? "" : name + ".";
    if (table["additionalProperties"].is_object()) collect(root, table["additionalProperties"], above + "*", into);
    if (!table.contains("properties")) return;
    for (const auto& [key, value] : table["properties"].items()) collect(root, value, above + key, into);
    return;
  }
  into.all.insert(name);
  for (const auto& one : table["anyOf"]) {
    const auto& type = resolved(root, one).value("type", Json());
    if (type == "array" || (type.is_array() && type.back() == "array")) into.lists.insert(name);
  }
}

}  // namespace

TEST_CASE("the schema's facts are the facts that can be expected") {
  const auto root = schema();
  Names found;
  collect(root, root["definitions"]["expect"], "", found);
  const auto& names = bothends::path::fact_names();
  for (const auto& name : names) CHECK_MESSAGE(found.all.contains(name), name << " is not in the schema");
  for (const auto& name : found.all) {
    CHECK_MESSAGE(std::find(names.begin(), names.end(), name) != names.end(), name << " is no fact");
    bool header = name.ends_with(".*");  // becomes a list by repetition
    CHECK_MESSAGE(found.lists.contains(name) == (header || bothends::path::is_list(name)), name);
  }
}
