// What changes a scenario's tables before they are read: defaults, `[matrix]`, --matrix, `with` and a try's `client`.
// Strength, weakest first: the file's tables, the matrix, the try itself, --proxy. A dimension of the matrix that a try
// settles itself does not multiply that try: otherwise its label would lie.
#pragma once

#include <map>

#include "run/document.hpp"

namespace bothends::run {

struct Dimension {
  KeyPath path;
  std::vector<Value> values;
};

struct Variant {
  std::vector<std::pair<std::string, std::string>> labels;
  Value root;  // the whole file's tables as this variant has them
};

/// Adds the origin called "origin" when the file has none, and the default route when there is one origin and no route:
/// values without a place. Not when the proxy has an address: it has its own.
void add_defaults(Value& root);

/// The matrix of the file (null: none) and of the command line, which replaces the same key. Paths begin with certs,
/// origin, proxy, client or fault (where "all" means every fault of the leg); origin.KEY, certs.KEY and
/// proxy.routes.KEY mean all of them.
Result<std::vector<Dimension>> read_matrix(const Value* table,
                                           const std::map<std::string, std::vector<std::string>>& more);

/// Every combination that one try runs in, made one at a time: a large file times a large matrix never is in memory.
class Variants {
 public:
  /// `root` and `dimensions` must outlive it; `overlay` is what the try says itself.
  Variants(const Value& root, const std::vector<Dimension>& dimensions, const Value& overlay);
  /// At most `limit` + 1.
  std::size_t count(std::size_t limit) const;
  Variant make(std::size_t number) const;

 private:
  const Value& root_;
  Value overlay_;
  Value together_;  // root and overlay
  std::vector<const Dimension*> open_;
};

}  // namespace bothends::run
