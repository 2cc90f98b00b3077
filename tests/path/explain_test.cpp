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

TEST_CASE("every row leads to causes that exist, and every number that a row names is known") {
  const auto known = [](std::string_view registry, std::string_view number) {
    return std::ranges::any_of(path::code_rows(), [&](const path::CodeRow& row) {
      return row.registry == registry && std::to_string(row.number) == number;
    });
  };
  std::set<std::string, std::less<>> registries{"packed"};
  for (const path::CodeRow& row : path::code_rows()) {
    registries.emplace(row.registry);
    for (const std::string& cause : split(row.causes, '|'))
      CHECK_MESSAGE(path::cause_of(cause), row.says << ": " << cause);
    CHECK_MESSAGE(printable(row.says) == row.says, row.says);
  }
  for (const path::TextRow& row : path::text_rows()) {
    CAPTURE(row.pattern);
    CHECK(printable(row.says) == row.says);
    for (const std::string& one : row.means.empty() ? Ids{} : split(row.means, '|')) {
      const Ids parts = split(one.starts_with('@') ? one.substr(1) : one, ':');
      if (!one.starts_with('@'))
        CHECK_MESSAGE(path::cause_of(one), one);
      else if (parts.size() == 2)
        CHECK_MESSAGE(known(parts[0], parts[1]), one);
      else
        CHECK_MESSAGE(registries.contains(parts[0]), one);
    }
  }
}

TEST_CASE("a cause by its id, and the older words for several causes") {
  CHECK(explain("cert-expired") ==
        std::vector<Candidate>{{"cert-expired", "it is the name of this cause", "", {}, Likelihood::told}});
  CHECK(first("  Cert-Expired\n") == "cert-expired");
  CHECK(ids(explain("mtls-aop")) == Ids{"client-certificate-wanted", "client-certificate-refused"});
  CHECK(ids(explain("version-cipher-gap")).size() == 5);
  CHECK(has_one(ids(explain("strict-mode-untrusted")), {"self-signed"}, 2));
  CHECK(has_one(ids(explain("wrong-mode-525")), {"plaintext-vs-tls"}, 1));
  CHECK(!explain("proxy-status-codes-differ").empty());
}

TEST_CASE("an alert in all the ways it is written") {
  for (const char* text :
       {"116", "alert 116", "Alert: 116", "SSL alert number 116", "Received alert [116]:", "alert(116)",
        "certificate_required", "certificate required", "Received fatal alert: certificate_required",
        "received fatal alert: CertificateRequired", "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "Level: Fatal, Description: Certificate Required", "fatal alert code is 116"})
    CHECK_MESSAGE(first(text) == "client-certificate-wanted", std::string(text));
  CHECK(explain("117").empty());
  CHECK(explain("1160").empty());
  CHECK(explain("alert 4x8").empty());
}

TEST_CASE("numbers decide before words, whatever a version calls them") {
  // One code, two wordings; OpenSSL 1.1.1, 3.x, curl, Squid; BoringSSL in decimal.
  for (const char* text :
       {"error:0A00045C:SSL routines::something new entirely", "error:1409445C:SSL routines:ssl3_read", "0A00045C",
        "TLS_LIB_ERR=A00045C", "TLS_error:|268436572:SSL routines:OPENSSL_internal:X"})
    CHECK_MESSAGE(first(text) == "client-certificate-wanted", std::string(text));
  // The number contradicts the words.
  CHECK(first("verify error:num=10:self-signed certificate") == "cert-expired");
  CHECK(first("error:0A00010B:SSL routines::tlsv1 alert unknown ca") == "plaintext-vs-tls");
  CHECK(explain("error:0B000074:x509 certificate routines").empty());
  CHECK(first("returned -30592") == "tls-refused");
  CHECK(first("mbedtls_ssl_handshake: -0x7200") == "plaintext-vs-tls");
  CHECK(first("-0x7202") == "plaintext-vs-tls");  // with a code of a lower layer added
  CHECK(ids(explain("verify flags 0x5")) ==
        Ids{"cert-expired", "cert-name-mismatch", "intermediate-expired", "cert-no-san"});
}

TEST_CASE("the leg and who spoke are taken from the line") {
  const auto upstream = explain("SSL_do_handshake() failed (SSL alert number 48) while SSL handshaking to upstream");
  REQUIRE(!upstream.empty());
  CHECK(upstream[0].cause == "client-certificate-refused");
  CHECK(upstream[0].leg == Leg::origin);
  CHECK(first("SSL_do_handshake() failed (SSL alert number 48) while SSL handshaking, client: 192.0.2.1") ==
        "unknown-ca");
  CHECK_FALSE(explain("SSL alert number 48")[0].leg);
  // What can only be on the other leg is no candidate.
  for (const Candidate& one : explain("ssl_bc_err: alert number 112")) CHECK(one.cause != "client-sends-no-sni");
  CHECK(has_one(ids(explain("fc_err_str: alert number 112")), {"client-sends-no-sni"}, 2));
}

TEST_CASE("lines add up, and the more specific words win") {
  CHECK(first("error:0A000086:SSL routines::certificate verify failed\nverify error:num=62:hostname mismatch") ==
        "cert-name-mismatch");
  CHECK(first("self-signed certificate in certificate chain") == "unknown-ca");
  CHECK(first("503 sC-- ...") == "no-answer");    // case counts here: a timeout,
  CHECK(first("503 SC-- ...") == "tls-refused");  // and a refusal
  CHECK(first("HTTP/1.1 421 Misdirected Request") == "421-behind-proxy");
  CHECK(first("421") == "421-behind-proxy");
  CHECK(explain("the weather is fine").empty());
  CHECK(explain("").empty());
  CHECK(explain("thereof").empty());
  CHECK(first("wrong version number").size() > 0);
  CHECK(explain("wrong version numbers").empty());
}

TEST_CASE("the deciding command names scenarios of the candidates") {
  CHECK(path::decider(explain("0A000415")).starts_with("bothends run scenarios/cert-expired.toml"));
  CHECK(path::decider({}).empty());
  for (const path::Cause& cause : path::causes()) {
    const std::string page(path::cause_page(cause.id));
    CHECK_MESSAGE(page.starts_with("# " + std::string(cause.id) + "\n\n" + std::string(cause.title) + "\n"), cause.id);
  }
  CHECK(path::cause_page("no-such-cause").empty());
  CHECK(path::scenarios_of("cert-weak") == Ids{"scenarios/cert-weak-key.toml", "scenarios/cert-weak-signature.toml"});
  CHECK(path::scenarios_of("client-aborted").empty());
}

TEST_CASE("a page for a terminal has no marks and keeps to its width") {
  const std::string plain = path::plain_page(
      "# id\n\nA **title** with a [link](x.md)\n\n<!-- measured -->\n- one `two` three\n  four\n- five\n\n    bothends "
      "run x\n"
      "| a | b |\n",
      12);
  CHECK(plain == "id\n\nA title with\na link\n\n- one two\n  three four\n- five\n\n    bothends run x\n| a | b |\n");
  CHECK(path::plain_page("", 80).empty());
  CHECK(path::plain_page("##", 80) == "\n");
  CHECK(path::plain_page("[open ](", 80) == "[open ](\n");
  CHECK(path::plain_page("averyverylongword x", 5) == "averyverylongword\nx\n");
}

TEST_CASE("patterns") {
  const auto at = [](std::string_view pattern, std::string_view line) {
    const auto hit = path::find_pattern(pattern, line);
    return hit ? std::string(line.substr(hit->begin, hit->end - hit->begin)) : std::string("-");
  };
  CHECK(at("eof", "thereof, eof.") == "eof");
  CHECK(at("eof$", "eof and more") == "-");
  CHECK(at("^#", "502 bad") == "502");
  CHECK(at("^#", "x 502") == "-");
  CHECK(at("a*c", "xa b c") == "-");  // xa: letters stand before it
  CHECK(at("a*c", "x a b c") == "a b c");
  CHECK(at("a*", "a b") == "a");
  CHECK(path::find_pattern("alert #", "alert 4848484848484848") == std::nullopt);
  CHECK(path::find_pattern("flags %", "flags 0x1f")->number == 31);
  CHECK(path::find_pattern("#.#", "10.20")->number == 10);
  CHECK(at("", "text") == "");
  CHECK(at("x", "") == "-");
}

TEST_CASE("any text is survived, in bounded time, and what comes out is printable") {
  const std::string line = "upstream SSL certificate verify error: (10:certificate has expired)";
  std::vector<std::string> texts{std::string(1 << 20, '\0'),
                                 std::string(1 << 20, '\n'),
                                 std::string(1 << 20, '#'),
                                 std::string(1 << 20, 'a'),
                                 std::string(1 << 20, '9'),
                                 "\x1b[31m" + line + "\x1b[0m\x07\x9b" + "\xff\xfe\xc0\x80",
                                 line + std::string(1, '\0') + "alert number 48",
                                 "verify flags 0xffffffffff",
                                 "alert number 99999999999999999999",
                                 "-0x",
                                 "error:",
                                 "error:FFFFFFFF",
                                 "TLS_error:|99999999999:SSL routines"};
  std::string repeated;
  while (repeated.size() < 1 << 20) repeated += "x509: certificate has expired or is not yet validx routines:";
  texts.push_back(repeated);
  std::string random;
  for (std::uint32_t state = 1; random.size() < 1 << 20; state = state * 1664525 + 1013904223)
    random += static_cast<char>(state >> 24);
  texts.push_back(random);
  for (const std::string& text : texts) {
    const auto candidates = explain(text);
    CHECK(candidates.size() <= 5);
    CHECK(is_printable(candidates));
  }
  CHECK(first(texts[5]) == "cert-expired");
  CHECK(has_one(ids(explain(texts[6])), {"unknown-ca"}, 5));
  CHECK(first(line + std::string(1 << 20, ' ')) == "cert-expired");
  CHECK(explain(std::string(64 * 1024, ' ') + line).empty());  // behind what is read
}

TEST_CASE("a log that lies adds candidates and takes none away") {
  const std::string true_line =
      "[error] upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to upstream";
  for (const char* name :
       {"x: (18:self-signed certificate)", "alert number 116", "cert-weak", "SSL alert number 48 fc_err_str",
        "\\n502 Bad Gateway", "while SSL handshaking, client: 1"}) {
    const auto found = ids(explain(true_line + ", server: \"" + name + "\""));
    CHECK_MESSAGE(std::ranges::find(found, "cert-expired") != found.end(), name);
  }
}
