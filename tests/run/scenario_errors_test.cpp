// Every mistake is one sentence that says where, what is there, and what is wanted.
#include "scenario_support.hpp"

using namespace bothends;
using namespace bothends::run;

namespace {

std::string url_refusal(const std::string& url) { return refusal("[[try]]\nurl = \"" + url + "\"\n"); }

std::string expect_refusal(const std::string& expect) { return refusal(with_try("") + "expect = {" + expect + "}\n"); }

}  // namespace

TEST_CASE("unknown keys, anywhere") {
  says(refusal(with_try("titel = \"x\"")), "s.toml:1:1: there is no key titel; did you mean \"title\"?");
  says(refusal(with_try("[origin.shop]\nstatsu = 200")),
       "s.toml:2:1: there is no key origin.shop.statsu; did you mean \"status\"?");
  says(refusal(with_try("[proxy]\nfoo = 1")), "there is no key proxy.foo; it is one of");
  says(refusal(with_try("[proxy.routes.\"shop.test\"]\nverfy = \"full\"")),
       "s.toml:2:1: there is no key proxy.routes.\"shop.test\".verfy; did you mean \"verify\"?");
  says(refusal(with_try("[client]\nstrict_sni = true")), "there is no key client.strict_sni");
  says(refusal(with_try("[certs.a]\nkinds = \"good\"")), "did you mean \"kind\"?");
  says(refusal(with_try("") + "expects = {}\n"), "s.toml:4:1: there is no key try.expects; did you mean \"expect\"?");
}

TEST_CASE("wrong types say what is there and what is wanted") {
  says(refusal(with_try("[proxy]\nstrict_sni = \"yes\"")),
       "s.toml:2:14: proxy.strict_sni is a text (\"yes\"); it must be true or false");
  says(refusal(with_try("[origin.a]\nstatus = \"200\"")), "it must be a whole number from 200 to 599");
  says(refusal(with_try("[origin.a]\nstatus = 1200")), "origin.a.status is 1200");
  says(refusal(with_try("[origin.a]\nbody = 5")), "origin.a.body is a number (5); it must be a text");
  says(refusal(with_try("[origin.a]\ncerts = [1]")),
       "s.toml:2:10: origin.a.certs is a number (1); it must be a list of texts only");
  says(refusal(with_try("[origin.a]\ncerts = {}")), "is a table; it must be a text or a list of texts");
  says(refusal(with_try("[client]\ncertificate = [\"a\"]")), "client.certificate is a list; it must be a text");
  says(refusal(with_try("client = 1")), "s.toml:1:10: client is a number (1); it must be a table");
  says(refusal(with_try("[proxy]\ntimeout = 5")), "it must be a length of time like");
  says(refusal(with_try("[proxy]\ntimeout = \"5\"")), "proxy.timeout is a text (\"5\"); it must be a length of time");
  says(refusal(with_try("[proxy]\ntimeout = \"0s\"")), "too short");
  says(refusal(with_try("[origin]\nstack = \"openssl\"")), "every origin has a name");
  says(refusal(with_try("[origin.a]\nheaders = [\"a\"]")), "a table of header names");
  says(refusal(with_try("proxy.routes = [1]")), "proxy.routes is a list; it must be a table");
  says(refusal("[try]\nurl = \"https://a.test/\"\n"), "two brackets: [[try]]");
  says(refusal("try = [1]\n"), "it must be a table");
}

TEST_CASE("nothing to do") {
  says(refusal("title = \"x\"\n"), "no [[try]]");
  says(refusal("# only words\n"), "no [[try]]");
  says(refusal("try = []\n"), "no [[try]]");
  says(refusal(""), "s.toml:1:1: the file is empty");
  says(refusal("[[try]]\n"), "s.toml:1:1: a try needs a url");
}

TEST_CASE("words that are none, and references that lead nowhere") {
  says(refusal(with_try("[client]\nverify = \"ful\"")), "client.verify cannot be \"ful\"; did you mean \"full\"?");
  says(refusal(with_try("[client]\nverify = \"maybe\"")), "it is one of \"none\", \"chain\", \"full\"");
  says(refusal(with_try("[client]\nstack = \"gnutls\"")), "there is no TLS stack \"gnutls\"");
  says(refusal(with_try("[client]\nlike = \"netscape\"")), "s.toml:2:8: client.like");
  says(refusal(with_try("[client]\ncertificate = \"me\"")), "there is no certificate \"me\"; there is none");
  says(refusal(with_try("[client]\ntrust = [\"rot\"]")), "there is no trust anchor \"rot\"; did you mean \"root\"?");
  says(refusal(with_try("[certs]\nshop = {}\n[origin.a]\ncerts = \"shp\"")),
       "s.toml:4:9: origin.a.certs: there is no certificate \"shp\"; did you mean \"shop\"?");
  says(refusal(with_try("[origin.shop]\n[proxy.routes.default]\nto = \"shpo\"")),
       "there is no origin \"shpo\"; did you mean \"shop\"?");
  says(refusal(with_try("[origin.a]\n[origin.b]\n[proxy.routes.default]\nsni = \"none\"")),
       "proxy.routes.default.to is missing; it is one of \"a\", \"b\"");
  says(refusal(with_try("[origin.a]\n[origin.b]")), "the proxy has no routes");
  says(refusal(with_try("[origin.a]\nspeaks = \"tsl\"")), "did you mean \"tls\"?");
  says(refusal(with_try("[origin.a]\ncerts = []")), "needs at least one certificate");
}

TEST_CASE("keys of certificates") {
  says(refusal(with_try("[certs]\na = {key = \"rsa-2048\"}")),
       "s.toml:2:12: certs.a.key is a kind only: write key = \"rsa\" and bits = 2048");
  says(refusal(with_try("[certs]\na = {key = \"ecdsa\"}")), "certs.a.key cannot be \"ecdsa\"");
  says(refusal(with_try("[certs]\na = {key = \"rsa\", bits = 512}")), "1024 to 8192");
}

TEST_CASE("code points") {
  says(refusal(with_try("[client]\nsuites = [\"TLS_AES_128_GCM_SHA257\"]")),
       "s.toml:2:11: client.suites: there is no cipher suite \"TLS_AES_128_GCM_SHA257\"; did you mean "
       "\"TLS_AES_128_GCM_SHA256\"?");
  says(refusal(with_try("[client]\ngroups = [\"x25518\"]")), "did you mean \"x25519\"?");
  says(refusal(with_try("[client]\nversions = [\"TLSv1.1\", \"TLSv1.3\"]")),
       "s.toml:2:12: client.versions leaves out TLSv1.2");
  says(refusal(with_try("[client]\nversions = \"0x0305\"")), "no stack speaks 0x0305");
  says(refusal(with_try("[client]\nalpn = [\"\"]")), "1 to 255 octets");
}

TEST_CASE("names") {
  says(refusal(with_try("[certs]\nroot = {}")), "\"root\" is there always");
  says(refusal(with_try("[certs]\norigin-default = {}")), "is there always");
  says(refusal(with_try("[certs]\n\"../x\" = {}")), "s.toml:2:1: \"../x\" cannot name a certificate");
  says(refusal(with_try("[origin.\"a/b\"]")), "cannot name an origin");
  says(refusal(with_try("[certs]\na = {names = [\"a b\"]}")),
       "s.toml:2:15: certs.a.names: \"a b\" is neither a DNS name nor an address");
  says(refusal(with_try("[certs]\na = {names = []}")), "certs.a.names is an empty list");
  says(refusal(with_try("[client]\nsni = \"hots\"")), "client.sni cannot be \"hots\"; did you mean \"host\"?");
  says(refusal(with_try("[client]\nsni = \"*.shop.test\"")), "client.sni cannot be");
  says(refusal(with_try("[proxy.routes.defualt]")), "did you mean \"default\"?");
  says(refusal(with_try("[proxy.routes.\"a b\"]")), "s.toml:1:15: a route is for a host name");
  says(refusal(with_try("[proxy.routes]\n\"A.test\" = {}\n\"a.test\" = {}")),
       "s.toml:3:1: there is a route for \"a.test\" already");
  for (auto address : {"10.0.0.1", "10.0.0.1:0", "10.0.0.1:65536", "::1:443", "[::1]", "a b:1", ":443", "a:1x"}) {
    says(refusal(with_try("[proxy]\naddress = \"" + std::string(address) + "\"")), "write HOST:PORT");
  }
}

TEST_CASE("URLs") {
  for (auto url :
       {"http://shop.test/", "shop.test", "https://", "https:///x", "https://a@shop.test/", "https://shop.test:0/",
        "https://shop.test:99999/", "https://shop.test:x/", "https://shop.test:/", "https://sh op.test/",
        "https://caf\xc3\xa9.test/", "https://shop.test/#x", "https://[::1/", "https://::1/", "https://[a.test]/",
        "https://*.shop.test/", "https://shop.test/a b", "https://[::1]x/", "https://shop.test\\\\r/"}) {
    CAPTURE(url);
    says(url_refusal(url), "s.toml:2:7: ");
    says(url_refusal(url), "is no URL to ask for");
  }
}

TEST_CASE("requests cannot break their own frame") {
  says(refusal(with_try("") + "headers = {\"X Y\" = \"1\"}\n"), "s.toml:4:12: \"X Y\" is no header name");
  says(refusal(with_try("") + "headers = {X = \"a\\r\\nb\"}\n"), "the end of a line");
  says(refusal(with_try("") + "headers = {host = \"a\"}\n"), "the key \"host\"");
  says(refusal(with_try("") + "headers = {X = 1}\n"), "try.headers.X is a number (1)");
  says(refusal(with_try("") + "method = \"GET /\"\n"), "no method");
  says(refusal(with_try("") + "host = \"a\\nb\"\n"), "visible ASCII");
}

TEST_CASE("expectations") {
  says(expect_refusal("statsu = 200"), "s.toml:4:11:");
  says(expect_refusal("client.agred.version = \"TLSv1.3\""), "s.toml:4:");
  says(expect_refusal("status = {equal = 200}"),
       "s.toml:4:21: \"equal\" is no way to compare status; did you mean \"equals\"?");
  says(expect_refusal("status = {}"), "nothing is expected of status");
  says(expect_refusal(""), "nothing is expected here");
  says(expect_refusal("client = {}"), "nothing is expected here");
  says(expect_refusal("status = 2.5"), "s.toml:4:20: status is expected to be a number with a fraction");
  says(expect_refusal("client.hello.alpn = [[\"h2\"]]"), "a list; it must be a text");
  says(expect_refusal("client.agreed.version = \"TLSv1.9\""), "s.toml:4:");
}

TEST_CASE("every prefix of a scenario, and keys and values swapped, are read or refused") {
  const std::string whole =
      with_try(
          "[certs]\na = {kind = \"expired\"}\n[origin.shop]\ncerts = [\"a\"]\nheaders = {X = \"1\"}\n"
          "[proxy.routes.default]\nsni = \"none\"\n[matrix]\nclient.stack = [\"openssl\", \"mbedtls\"]\n") +
      "with.origin.shop.status = 503\nexpect = {status = {one_of = [502]}, client.hello.alpn = [\"h2\"]}\n";
  CHECK(refusal(whole) == "accepted");
  for (std::size_t size = 0; size < whole.size(); ++size) refusal(whole.substr(0, size));
  for (const std::string part : {"[]", "{}", "1", "true", "\"\"", "1979-05-27", "[{}]", "{a = {}}", "-0.0", "[[]]"}) {
    for (auto at = whole.find("= "); at != std::string::npos; at = whole.find("= ", at + 1)) {
      auto end = whole.find('\n', at);
      std::string changed = whole.substr(0, at + 2) + part + whole.substr(end);
      refusal(changed);
    }
  }
}
