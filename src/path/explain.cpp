#include "path/explain.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "path/cause_page.hpp"
#include "path/explain_pattern.hpp"
#include "path/explain_rows.hpp"
#include "path/finding.hpp"

namespace bothends::path {

namespace {

constexpr std::size_t read_at_most = 64 * 1024;
constexpr std::size_t line_at_most = 4096;     // keeps the time of patterns with stars within bounds
constexpr std::size_t hits_at_most = 64;       // of one pattern in one line
constexpr std::size_t candidates_at_most = 5;  // more would not help anybody
constexpr int strength_points = 100, place_points = 30, number_points = 5, again_points = 1, again_at_most = 4;

/// Causes that can be of one leg only.
constexpr std::string_view of_the_origin_leg[] = {
    "origin-needs-sni", "proxy-stricter-than-origin", "origin-unreachable", "origin-aborted",
    "h2-origin-520",    "wrong-upstream-name",        "backend-by-ip",      "lb-reencrypt-drops-sni"};
constexpr std::string_view of_the_client_leg[] = {"client-sends-no-sni", "proxy-unreachable",    "client-aborted",
                                                  "h2-coalescing",       "trailing-dot-or-case", "wildcard-depth",
                                                  "origin-ca-exposed"};

struct Hit {
  const TextRow* row;
  PatternHit place;
};

/// What a line tells about where it was seen.
struct Place {
  std::optional<Leg> leg;
  Peer by = Peer::any;
  int doubt = 0;  // how much less a code of it counts
};

std::optional<Leg> leg_of(std::string_view word) {
  if (word == "client") return Leg::client;
  if (word == "origin") return Leg::origin;
  return std::nullopt;
}

bool is_possible(std::string_view cause, std::optional<Leg> leg) {
  if (!leg) return true;
  const auto& others = *leg == Leg::client ? std::span<const std::string_view>(of_the_origin_leg)
                                           : std::span<const std::string_view>(of_the_client_leg);
  return std::ranges::find(others, cause) == others.end();
}

/// What is known so far of one cause; points decide the order.
struct Scored {
  Candidate candidate;
  int points = 0;
  int again = 0;
};

class Tally {
 public:
  /// `place`: how far behind the likeliest cause of its row it stands.
  void add(std::string_view cause, int place, int points, bool names_it, std::string_view why, std::string_view status,
           std::optional<Leg> leg) {
    if (!is_possible(cause, leg)) return;
    points -= place * place_points;
    auto known = std::ranges::find_if(scored_, [&](const Scored& one) { return one.candidate.cause == cause; });
    if (known == scored_.end()) {
      scored_.push_back({});
      known = scored_.end() - 1;
      known->candidate.cause = cause;
    } else {
      known->again = std::min(known->again + 1, again_at_most);
    }
    if (known->points >= points && known->points != 0) return;
    known->points = points;
    known->candidate.why = why;
    known->candidate.status = status;
    known->candidate.leg = leg;
    known->candidate.likelihood = names_it && place == 0                         ? Likelihood::told
                                  : points >= 6 * strength_points - place_points ? Likelihood::likely
                                                                                 : Likelihood::possible;
  }

  std::vector<Candidate> ranked() && {
    std::ranges::stable_sort(scored_, [](const Scored& a, const Scored& b) {
      return a.points + a.again * again_points > b.points + b.again * again_points;
    });
    std::vector<Candidate> candidates;
    for (Scored& one : scored_)
      if (candidates.size() < candidates_at_most) candidates.push_back(std::move(one.candidate));
    return candidates;
  }

 private:
  std::vector<Scored> scored_;
};

constexpr int names_the_cause = 9;

void add_all(Tally& tally, std::string_view causes, int strength, bool number, std::string_view why,
             std::string_view status, std::optional<Leg> leg) {
  const int points = strength * strength_points + (number ? number_points : 0);
  int place = 0;
  for (const std::string& cause : split(causes, '|'))
    tally.add(cause, place++, points, strength >= names_the_cause, why, status, leg);
}

/// The rows of a number; those of the side that did not speak count for less. Whether there were any.
bool add_code(Tally& tally, std::string_view registry, std::uint64_t number, const Place& place) {
  bool found = false;
  for (const CodeRow& row : code_rows()) {
    if (row.registry != registry || row.number != number) continue;
    found = true;
    const bool other = row.by != Peer::any && place.by != Peer::any && row.by != place.by;
    const int strength = std::max(1, row.strength - place.doubt - (other ? 3 : 0));
    add_all(tally, row.causes, strength, true, row.says, row.status, place.leg);
  }
  return found;
}

/// OpenSSL's codes hold library and reason: 3.x in 9 and 23 bits, 1.x (with the function) in 8, 12 and 12; BoringSSL's
/// in 8 and 12. In all of them 1000 and more is an alert.
void add_packed(Tally& tally, std::uint64_t code, const Place& place) {
  constexpr std::uint64_t openssl_library = 20, boringssl_library = 16;
  const std::uint64_t reason = code & 0xfff;
  const bool boringssl = code >> 24 == boringssl_library;
  if (!boringssl && code >> 23 != openssl_library && code >> 24 != openssl_library) return;
  if (reason >= 1000 && reason < 1256)
    add_code(tally, "alert", reason - 1000, place);
  else
    add_code(tally, boringssl ? "boringssl" : "openssl", reason, place);
}

/// mbedTLS adds a code of a lower layer to one of a higher.
void add_mbedtls(Tally& tally, std::uint64_t code, const Place& place) {
  if (add_code(tally, "mbedtls", code, place)) return;
  add_code(tally, "mbedtls", code & ~std::uint64_t{0x7f}, place);
}

void add_flags(Tally& tally, std::uint64_t flags, const Place& place) {
  for (std::uint64_t bit = 1; bit <= flags && bit < 1U << 20; bit <<= 1)
    if (flags & bit) add_code(tally, "flag", bit, place);
}

void add_number(Tally& tally, std::string_view registry, std::uint64_t number, const Place& place) {
  if (registry == "packed") return add_packed(tally, number, place);
  if (registry == "mbedtls") return add_mbedtls(tally, number, place);
  if (registry == "flag") return add_flags(tally, number, place);
  add_code(tally, registry, number, place);
}

/// "@alert:48" or, with the number that was found, "@alert".
void add_reference(Tally& tally, std::string_view reference, std::optional<std::uint64_t> number, const Place& place) {
  const std::size_t colon = reference.find(':');
  if (colon != std::string_view::npos) {
    std::uint64_t told = 0;
    std::from_chars(reference.data() + colon + 1, reference.data() + reference.size(), told);
    number = told;
  }
  if (number)
    add_number(tally, reference.substr(1, colon == std::string_view::npos ? colon : colon - 1), *number, place);
}

void add_hit(Tally& tally, const Hit& hit, Place place) {
  const TextRow& row = *hit.row;
  if (!row.leg.empty()) place.leg = leg_of(row.leg);
  if (row.by != Peer::any) place.by = row.by;
  if (!row.means.starts_with('@'))
    return add_all(tally, row.means, row.strength, false, row.says, row.status, place.leg);
  // A bare number may be of several registries; the first is meant most often.
  for (const std::string& reference : split(row.means, '|')) {
    add_reference(tally, reference, hit.place.number, place);
    place.doubt += 2;
  }
}

std::vector<Hit> hits_in(std::string_view line) {
  const std::string small = lower(line);
  std::vector<Hit> hits;
  for (const TextRow& row : text_rows()) {
    const std::string_view text = row.exact_case ? line : std::string_view(small);
    std::size_t from = 0;
    for (std::size_t count = 0; count < hits_at_most; ++count) {
      const std::optional<PatternHit> place = find_pattern(row.pattern, text, from);
      if (!place) break;
      hits.push_back({&row, *place});
      from = place->begin + 1;
      if (!place->number) break;  // further places of the same words say nothing new
    }
  }
  return hits;
}

/// Whether the words stand within other words that say more. Numbers are never hidden by words.
bool is_within_another(const Hit& hit, std::span<const Hit> hits) {
  const PatternHit& place = hit.place;
  return !place.number && std::ranges::any_of(hits, [&](const Hit& other) {
    const PatternHit& wider = other.place;
    return !other.row->means.empty() && wider.begin <= place.begin && wider.end >= place.end &&
           wider.end - wider.begin > place.end - place.begin;
  });
}

void read_line(Tally& tally, std::string_view line) {
  if (line.empty()) return;
  const std::vector<Hit> hits = hits_in(line);
  Place place;
  const auto told = std::ranges::find_if(hits, [](const Hit& hit) { return hit.row->means.empty(); });
  if (told != hits.end()) place = {leg_of(told->row->leg), told->row->by};
  for (const Hit& hit : hits)
    if (!hit.row->means.empty() && !is_within_another(hit, hits)) add_hit(tally, hit, place);
}

}  // namespace

std::string_view name(Likelihood likelihood) {
  switch (likelihood) {
    case Likelihood::told:
      return "told";
    case Likelihood::likely:
      return "likely";
    case Likelihood::possible:
      break;
  }
  return "possible";
}

std::vector<Candidate> explain(std::string_view text) {
  text = text.substr(0, read_at_most);
  if (const Cause* cause = cause_of(lower(trim(text))))
    return {{std::string(cause->id), "it is the name of this cause", "", std::nullopt, Likelihood::told}};
  Tally tally;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(std::string_view("\n\r\0", 3)), line_at_most);
    read_line(tally, trim(text.substr(0, end)));
    text.remove_prefix(std::min(text.size(), std::max<std::size_t>(end == line_at_most ? end : end + 1, 1)));
  }
  return std::move(tally).ranked();
}

std::string decider(std::span<const Candidate> candidates) {
  std::vector<std::string> scenarios;
  for (const Candidate& candidate : candidates) {
    const std::vector<std::string> all = scenarios_of(candidate.cause);
    if (!all.empty() && std::ranges::find(scenarios, all.front()) == scenarios.end()) scenarios.push_back(all.front());
  }
  if (scenarios.empty()) return "";
  return "bothends run " + join(scenarios, " ") + " -v";
}

}  // namespace bothends::path
