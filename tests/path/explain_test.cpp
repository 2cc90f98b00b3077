#include "path/explain.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "base/text.hpp"
#include "path/cause_page.hpp"
#include "path/explain_pattern.hpp"
#include "path/explain_rows.hpp"
#include "path/finding.hpp"

using namespace bothends;
using path::Candidate;
using path::explain;
using path::Leg;
using path::Likelihood;

namespace {

using Ids = std::vector<std::string>;

std::vector<Ids> table(const std::string& file) {
  std::ifstream in(TEST_DATA "/" + file);
  std::vector<Ids> rows;
  for (std::string line; std::getline(in, line);)
    if (!line.starts_with('#')) rows.push_back(split(line, '\t'));
  return rows;
}

Ids ids(const std::vector<Candidate>& candidates) {
  Ids all;
  for (const Candidate& candidate : candidates) all.push_back(candidate.cause);
  return all;
}

bool has_one(const Ids& found, const Ids& wanted, std::size_t among) {
  return std::any_of(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(std::min(among, found.size())),
                     [&](const std::string& id) { return std::ranges::find(wanted, id) != wanted.end(); });
}

bool can_two_serve(const std::vector<Ids>& rights) {
  const auto serves = [&](const std::string& one, const std::string& other) {
    return std::ranges::all_of(rights, [&](const Ids& right) { return has_one({one, other}, right, 2); });
  };
  Ids all;
  for (const Ids& right : rights) all.insert(all.end(), right.begin(), right.end());
  return std::ranges::any_of(all, [&](const std::string& one) {
    return std::ranges::any_of(all, [&](const std::string& other) { return serves(one, other); });
  });
}

bool is_printable(const std::vector<Candidate>& candidates) {
  return std::ranges::all_of(candidates, [](const Candidate& one) {
    return path::cause_of(one.cause) && !one.why.empty() && printable(one.why) == one.why;
  });
}

std::string first(std::string_view text) {
  const auto candidates = explain(text);
  return candidates.empty() ? "" : candidates.front().cause;
}

}  // namespace

TEST_CASE("every string of libraries and proxies leads to a right cause among the first two") {
  const auto rows = table("explain-strings.tsv");
  REQUIRE(rows.size() > 350);
  std::map<std::string, std::vector<Ids>> situations;  // of each text: what is right for each
  for (const Ids& row : rows) {
    REQUIRE(row.size() == 6);
    situations[row[5]].push_back(split(row[3], '|'));
    // An alert may be a server's or a client's word: where the text does not tell, both must be there.
    if (!row[4].empty()) situations[row[5]].push_back(split(row[4], '|'));
  }
  for (const auto& [text, rights] : situations) {
    const Ids found = ids(explain(text));
    CAPTURE(text);
    CAPTURE(join(found, " "));
    // Where two answers serve every situation that has this text, the first two do. A library that has one text for
    // three situations leaves more open: the first two serve one of them, and all are among the candidates.
    const bool two_suffice = can_two_serve(rights);
    bool one_is_served = false;
    for (const Ids& right : rights) {
      CAPTURE(join(right, " or "));
      if (right == Ids{"none"}) {
        CHECK(found.empty());
        one_is_served = true;
      } else {
        CHECK(has_one(found, right, two_suffice ? 2 : 5));
        one_is_served = one_is_served || has_one(found, right, 2);
      }
    }
    CHECK(one_is_served);
  }
}

TEST_CASE("a log that proxies really wrote leads to what was the matter") {
  const auto rows = table("explain-logs.tsv");
  REQUIRE(rows.size() > 75);
  for (const Ids& row : rows) {
    REQUIRE(row.size() == 6);
    const bool open = row[4].starts_with("open:");
    const Ids right = split(open ? row[4].substr(5) : row[4], '|');
    std::string log = row[5];
    for (std::size_t at; (at = log.find(" \\n ")) != std::string::npos;) log.replace(at, 4, "\n");
    const Ids found = ids(explain(log));
    CAPTURE(row[0] + " | " + row[1] + " | " + row[2]);
    CAPTURE(log);
    CAPTURE(join(found, " "));
    CHECK(has_one(found, right, open ? 5 : 2));
  }
}
