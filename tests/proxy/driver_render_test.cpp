#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "proxy/driver.hpp"
#include "tests/proxy/support.hpp"

using namespace bothends;
using namespace bothends::proxy;

namespace {

using From = NameSource::From;

/// Certificates for a.test and *.b.test; the routes in an order that no proxy wants.
Setup setup() {
  Setup setup;
  setup.front.certificates = {test::certificate("a.test"), test::certificate("*.b.test")};
  for (const std::string match : {"default", "*.b.test", "a.test", "*.long.b.test"}) {
    Route& route = setup.routes.emplace_back();
    route.match = match;
    route.leg.port = 1234;
    route.leg.sni = {From::host, ""};
    route.leg.settings.verify = policy::Verify::full;
  }
  return setup;
}

Setup one_route(const std::string& match = "a.test") {
  Setup one = setup();
  one.routes = {one.routes[2]};
  one.routes[0].match = match;
  return one;
}

Driver with_template(const std::string& text) {
  Driver driver{.name = "odd", .binaries = {"sh"}, .start = {"x"}, .files = {{"f", text}}};
  driver.place = {"odd.toml", 1, 1};
  return driver;
}

std::string render(const std::string& text, const Setup& of = setup()) {
  const auto files = files_for(with_template(text), {{of, 4711}}, "/scratch");
  return files ? files->at("f") : files.error().message();
}

std::string refusal(const Setup& of) {
  const auto files = files_for(with_template("x"), {{of, 1}}, "/scratch");
  return files ? "" : files.error().what;
}

}  // namespace

TEST_CASE("templates: places, flags and lists") {
  CHECK(render("{{folder}} {{port}}") == "/scratch 4711");
  CHECK(render("{{#root}}root{{/root}}{{^root}}not{{/root}}") == (::geteuid() == 0 ? "root" : "not"));
  CHECK(render("{{#certificates}}[{{crt}} {{key}} {{pem}}{{#names}} {{name}}{{/names}}]{{/certificates}}") ==
        "[/scratch/front0.crt /scratch/front0.key /scratch/front0.pem a.test]"
        "[/scratch/front1.crt /scratch/front1.key /scratch/front1.pem *.b.test]");
  CHECK(render("{{#routes}}{{origin_host}}:{{{origin_port}}} {{/routes}}", one_route()) == "127.0.0.1:1234 ");
  CHECK(render("{{connect_ms}} {{origin_ms}} {{connect_s}} {{origin_s}}") == "5000 10000 5 10");
  CHECK(render("{{! a note about {braces} }}x") == "x");
  Setup lists;
  lists.front.suites = {0x1301, 0xc02b, 0xc02f};
  lists.front.groups = {0x001d, 0x0017};
  lists.front.alpn = {"h2", "http/1.1"};
  CHECK(render("{{#suites12_list}}<{{suite}}>{{/suites12_list}} {{#groups_list}}<{{group}}>{{/groups_list}} "
               "{{#alpn_list}}<{{protocol}}>{{/alpn_list}}",
               lists) ==
        "<ECDHE-ECDSA-AES128-GCM-SHA256><ECDHE-RSA-AES128-GCM-SHA256> <x25519><secp256r1> <h2><http/1.1>");
}

TEST_CASE("templates: routes come with the most specific first") {
  CHECK(render("{{#routes}}{{index}}={{match}} {{/routes}}") == "0=a.test 1=*.long.b.test 2=*.b.test 3=default ");
  CHECK(render("{{#routes}}{{#is_first}}{{match}}{{/is_first}}{{/routes}}") == "a.test");
  CHECK(render("{{#routes}}{{#is_exact}}e{{/is_exact}}{{#is_wildcard}}w{{suffix}}{{/is_wildcard}}"
               "{{#is_default}}d{{/is_default}} {{/routes}}") == "e w.long.b.test w.b.test d ");
  CHECK(render("{{#has_default}}yes{{/has_default}}{{^has_default}}no{{/has_default}}") == "yes");
  CHECK(render("{{#has_default}}yes{{/has_default}}{{^has_default}}no{{/has_default}}", one_route()) == "no");
}

TEST_CASE("templates: each route has the certificate of the front that covers it") {
  CHECK(render("{{#routes}}{{match}} {{front_crt}};{{/routes}}") ==
        "a.test /scratch/front0.crt;*.long.b.test /scratch/front0.crt;*.b.test /scratch/front1.crt;"
        "default /scratch/front0.crt;");
  CHECK(render("{{#certificates}}{{#unrouted}}{{crt}}{{/unrouted}}{{/certificates}}", one_route()) ==
        "/scratch/front1.crt");
}

TEST_CASE("templates: versions, also when one end of the range is left open") {
  const auto versions = [](std::uint16_t low, std::uint16_t high) {
    Setup one = one_route();
    one.front.min_version = low;
    one.front.max_version = high;
    return render("{{min_version}}-{{max_version}}{{#versions}} {{version}}{{/versions}}{{#weak}} weak{{/weak}}", one);
  };
  CHECK(versions(0, 0) == "TLSv1.2-TLSv1.3 TLSv1.2 TLSv1.3");
  CHECK(versions(wire::tls1_0, 0) == "TLSv1.0-TLSv1.3 TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3 weak");
  CHECK(versions(0, wire::tls1_1) == "TLSv1.1-TLSv1.1 TLSv1.1 weak");
  CHECK(versions(0, wire::tls1_2) == "TLSv1.2-TLSv1.2 TLSv1.2");
  CHECK(versions(wire::tls1_3, 0xffff).starts_with("TLSv1.3-"));
}

TEST_CASE("templates: suites, groups and the rest by the proxy's words") {
  Setup one = one_route();
  one.front.suites = {0x1301, 0xc02f, 0xc02b};
  one.front.groups = {29, 23};
  one.front.alpn = {"h2", "http/1.1"};
  one.front.signature_schemes = {0x0403};
  const std::string text = "{{suites12}} {{suites13}} {{groups}} {{signature_schemes}} {{alpn}}";
  CHECK(render(text, one) ==
        "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256 TLS_AES_128_GCM_SHA256 "
        "x25519:secp256r1 ecdsa_secp256r1_sha256 h2,http/1.1");
  Driver driver = with_template(text);
  driver.words = {{"x25519", "X25519"},
                  {"secp256r1", "P-256"},
                  {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "rsa128"},
                  {"ecdsa_secp256r1_sha256", "ECDSA+SHA256"}};
  CHECK(files_for(driver, {{one, 1}}, "/s")->at("f") ==
        "rsa128:ECDHE-ECDSA-AES128-GCM-SHA256 TLS_AES_128_GCM_SHA256 X25519:P-256 ECDSA+SHA256 h2,http/1.1");
  CHECK(render("{{#has_suites12}}a{{/has_suites12}}{{#has_suites13}}b{{/has_suites13}}{{#has_groups}}c{{/has_groups}}"
               "{{#has_signature_schemes}}d{{/has_signature_schemes}}{{#has_alpn}}e{{/has_alpn}}",
               one) == "abcde");
  CHECK(render("{{#routes}}{{#has_suites12}}a{{/has_suites12}}{{#has_alpn}}b{{/has_alpn}}{{/routes}}.", one) == ".");
}

TEST_CASE("templates: how the origin is named and checked") {
  const auto leg = [](NameSource sni, NameSource checked, const std::string& match) {
    Setup one = one_route(match);
    one.routes[0].leg.sni = sni;
    one.routes[0].leg.verify_name = checked;
    return render(
        "{{#routes}}{{#sni_none}}none{{/sni_none}}{{#sni_host}}host{{/sni_host}}{{#sni_fixed}}{{sni_name}}"
        "{{/sni_fixed}} {{#check_host}}host{{/check_host}} {{#check_fixed}}{{check_name}}{{/check_fixed}}"
        "{{/routes}}",
        one);
  };
  const NameSource none{}, host{From::host, ""}, fixed{From::fixed, "x.test"};
  CHECK(leg(none, none, "a.test") == "none host a.test");
  CHECK(leg(none, none, "default") == "none host ");
  CHECK(leg(host, none, "a.test") == "host host a.test");
  CHECK(leg(fixed, none, "default") == "x.test  x.test");
  CHECK(leg(host, fixed, "*.b.test") == "host  x.test");
  Setup one = one_route();
  one.routes[0].leg.settings.verify = policy::Verify::none;
  CHECK(render("{{#routes}}{{#verify}}v{{/verify}}{{#verify_none}}n{{/verify_none}}{{#check_fixed}}c{{/check_fixed}}"
               "{{#tls}}t{{/tls}}{{/routes}}",
               one) == "nt");
}

TEST_CASE("templates: credentials are files of the scratch folder") {
  Setup one = one_route();
  one.routes[0].leg.settings.certificate = test::certificate("proxy.test");
  one.routes[0].leg.settings.trust = {test::mint().root()};
  const auto files = files_for(with_template("{{#routes}}{{ca}} {{crt}}{{/routes}}"), {{one, 1}}, "/scratch");
  REQUIRE(files);
  CHECK(files->at("f") == "/scratch/route0.ca /scratch/route0.crt");
  for (const std::string name : {"front0", "front1", "route0"}) {
    CHECK(files->at(name + ".crt").starts_with("-----BEGIN CERTIFICATE-----"));
    CHECK(files->at(name + ".key").starts_with("-----BEGIN PRIVATE KEY-----"));
    CHECK(files->at(name + ".pem") == files->at(name + ".crt") + files->at(name + ".key"));
  }
  CHECK(files->at("route0.ca").starts_with("-----BEGIN CERTIFICATE-----"));
  Driver greedy = with_template("x");
  greedy.files = {{"front0.key", "mine"}};
  CHECK(files_for(greedy, {{one, 1}}, "/s").error().what == "\"front0.key\" is the name of a certificate's file");
}

TEST_CASE("templates: a name that does not exist is an error, wherever it stands") {
  CHECK(render("{{prot}}") ==
        "odd.toml:1:1: the template of \"f\" uses {{prot}}, which does not exist; did you mean {{port}}?");
  for (const std::string bad : {"{{#prot}}{{/prot}}", "{{^prot}}{{/prot}}", "{{&prot}}", "{{{prot}}}", "{{> port}}",
                                "{{=<% %>=}}", "{{}}", "{{ }}", "{{\x1b}}"})
    CHECK_MESSAGE(render(bad).find("does not exist") != std::string::npos, bad);
  CHECK(render("{{\x1b}}").find('\x1b') == std::string::npos);
}

TEST_CASE("templates: sections are closed in order and never stand in themselves") {
  CHECK(render("{{#routes}}").find("does not close {{routes}}") != std::string::npos);
  CHECK(render("{{/routes}}").find("closes {{routes}}, not open") != std::string::npos);
  CHECK(render("{{#routes}}{{#tls}}{{/routes}}{{/tls}}").find("closes {{routes}}") != std::string::npos);
  CHECK(render("{{#routes}}{{#tls}}{{#routes}}").find("opens {{routes}} within itself") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 20000; ++i) deep += "{{#tls}}";
  CHECK(render(deep).find("within itself") != std::string::npos);
  CHECK(render("a {{port") != "");
}

TEST_CASE("templates: commands and the environment know everything that files know") {
  Driver driver = with_template("");
  driver.start = {"-c", "{{folder}}/x.conf", "{{port}}",
                  "{{#routes}}{{match}}={{origin_host}}:{{origin_port}}{{/routes}}"};
  driver.check = {"-t", "{{folder}}/x.conf"};
  driver.reload_command = {"/bin/kill", "{{site}}"};
  driver.environment = {{"CA", "{{#routes}}{{ca}}{{/routes}}"}, {"PLAIN", "a b;c"}};
  const auto commands = commands_for(driver, {{one_route(), 5}}, "/scratch");
  REQUIRE(commands);
  CHECK(commands->start == std::vector<std::string>{"-c", "/scratch/x.conf", "5", "a.test=127.0.0.1:1234"});
  CHECK(commands->check == std::vector<std::string>{"-t", "/scratch/x.conf"});
  CHECK(commands->reload == std::vector<std::string>{"/bin/kill", "0"});
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(commands->environment == Pairs{{"CA", "/scratch/route0.ca"}, {"PLAIN", "a b;c"}});
  const auto refused = [&](std::vector<std::string> Driver::*where) {
    Driver wrong = with_template("");
    (wrong.*where) = {"{{nothing}}"};
    const auto made = commands_for(wrong, {{one_route(), 5}}, "/s");
    return made ? "" : made.error().what;
  };
  CHECK(refused(&Driver::start) == "the template of \"start\" uses {{nothing}}, which does not exist");
  CHECK(refused(&Driver::check) == "the template of \"check\" uses {{nothing}}, which does not exist");
  CHECK(refused(&Driver::reload_command) == "the template of \"reload\" uses {{nothing}}, which does not exist");
  driver.environment = {{"A", "{{nothing}}"}};
  CHECK(commands_for(driver, {{one_route(), 5}}, "/s").error().what.find("which does not exist") != std::string::npos);
}

TEST_CASE("templates: sites are the same but for ports, and each has its number") {
  const Driver driver = with_template(
      "{{port}}{{#sites}}|{{site}}:{{port}}{{#routes}} {{site}}-{{index}}={{origin_port}}{{/routes}}{{/sites}}");
  Site one{one_route(), 80}, two{one_route(), 81};
  two.setup.routes[0].leg.port = 99;
  CHECK(batches(driver));
  CHECK(files_for(driver, {one, two}, "/s")->at("f") == "80|0:80 0-0=1234|1:81 1-0=99");
  CHECK(files_for(driver, {one}, "/s")->at("f") == "80|0:80 0-0=1234");
  CHECK(*batch_key(driver, one.setup) == *batch_key(driver, two.setup));
  Setup other = one.setup;
  other.routes[0].match = "b.test";
  // It is nowhere in this configuration, but the certificates' files tell them apart.
  other.front.certificates = {test::certificate("c.test")};
  CHECK(*batch_key(driver, one.setup) != *batch_key(driver, other));
  CHECK(files_for(driver, {one, {other, 82}}, "/s").error().what == "sites of one odd may differ in ports only");

  const Driver alone = with_template("{{port}}");
  CHECK_FALSE(batches(alone));
  CHECK(files_for(alone, {one}, "/s")->at("f") == "80");
  CHECK(files_for(alone, {one, two}, "/s").error().what ==
        "odd serves one site in a process: its templates have no {{#sites}}");
  CHECK_FALSE(batch_key(with_template("{{prot}}"), one.setup));
}

TEST_CASE("templates: what is in a batch's key") {
  for (const std::string& name : shipped_drivers()) {
    const Driver driver = *driver_named(name);
    CAPTURE(driver.name);
    CHECK(batches(driver));
    const auto differs = [&](const std::function<void(Setup&)>& change) {
      Setup changed = one_route();
      change(changed);
      return declines(driver, changed) || *batch_key(driver, changed) != *batch_key(driver, one_route());
    };
    CHECK_FALSE(differs([](Setup&) {}));
    CHECK_FALSE(differs([](Setup& s) { s.routes[0].leg.port = 4; }));
    CHECK(differs([](Setup& s) { s.routes[0].match = "x.test"; }));
    CHECK(differs([](Setup& s) { s.routes[0].leg.host = "localhost"; }));
    CHECK(differs([](Setup& s) { s.routes[0].leg.tls = false; }));
    CHECK(differs([](Setup& s) { s.routes[0].leg.sni = {}; }));
    CHECK(differs([](Setup& s) { s.routes[0].leg.settings.verify = policy::Verify::none; }));
    CHECK(differs([](Setup& s) { s.routes[0].leg.settings.trust = {test::mint().unknown_root()}; }));
    CHECK(differs([](Setup& s) { s.routes[0].leg.settings.max_version = wire::tls1_2; }));
    CHECK(differs([](Setup& s) { s.routes[0].leg.settings.suites = {0xc02f}; }));
    CHECK(differs([](Setup& s) { s.routes[0].leg.settings.certificate = test::certificate("p.test"); }));
    CHECK(differs([](Setup& s) { s.told = false; }));
    CHECK(differs([](Setup& s) { s.front.certificates.pop_back(); }));
    CHECK(differs([](Setup& s) { s.front.strict_sni = true; }));
    CHECK(differs([](Setup& s) { s.front.client_certificate = policy::ClientCertificate::optional; }));
    CHECK(differs([](Setup& s) { s.origin_timeout = std::chrono::milliseconds{1}; }));
  }
}

TEST_CASE("templates: an origin that is named by its upstream") {
  const auto leg = [](const std::string& host, NameSource sni, NameSource checked) {
    Setup one = one_route("default");
    one.routes[0].leg.host = host;
    one.routes[0].leg.sni = sni;
    one.routes[0].leg.verify_name = checked;
    return render(
        "{{#routes}}{{origin_host}} {{#sni_none}}none{{/sni_none}}{{#sni_host}}host{{/sni_host}}"
        "{{#sni_fixed}}{{sni_name}}{{/sni_fixed}} {{#check_host}}host{{/check_host}}"
        "{{#check_fixed}}{{check_name}}{{/check_fixed}}{{/routes}}",
        one);
  };
  const NameSource upstream{From::upstream, ""}, none{}, host{From::host, ""};
  CHECK(leg("shop.internal", upstream, none) == "shop.internal shop.internal shop.internal");
  CHECK(leg("10.0.0.1", upstream, none) == "10.0.0.1 none 10.0.0.1");
  CHECK(leg("::1", upstream, host) == "::1 none host");
  CHECK(leg("shop.internal", host, upstream) == "shop.internal host shop.internal");
}

TEST_CASE("templates: what clients must show") {
  const auto front = [](policy::ClientCertificate asked) {
    Setup one = one_route();
    one.front.client_certificate = asked;
    return render("{{#asks_certificate}}asks{{/asks_certificate}}{{#wants_certificate}} wants{{/wants_certificate}}",
                  one);
  };
  CHECK(front(policy::ClientCertificate::none) == "");
  CHECK(front(policy::ClientCertificate::optional) == "asks");
  CHECK(front(policy::ClientCertificate::required) == "asks wants");
  Setup one = one_route();
  one.front.trust = {test::mint().root()};
  const auto files = files_for(with_template("{{front_ca}}"), {{one, 1}}, "/scratch");
  CHECK(files->at("f") == "/scratch/front.ca");
  CHECK(files->at("front.ca").starts_with("-----BEGIN CERTIFICATE-----"));
}

TEST_CASE("templates: what could change a configuration's meaning is never written") {
  for (const std::string bad :
       {"a\"b",     "a'b",     "a\nb", "a\rb", "a;b", "{{port}}", "a{b",   "a b",         "a\tb",
        "$host",    "a`b",     "a\\b", "#a",   "~a",  "a|b",      "a\x01", "caf\xc3\xa9", "-i",
        "-f/etc/x", ".a.test", "a/b",  "a,b",  "a@b", "a=b",      "*",     "www.*"}) {
    CAPTURE(bad);
    Setup match = one_route(bad), sni = one_route(), checked = one_route(), name = one_route(), host = one_route();
    sni.routes[0].leg.sni = {From::fixed, bad};
    checked.routes[0].leg.verify_name = {From::fixed, bad};
    name.front.certificates[1].names.push_back(bad);
    host.routes[0].leg.host = bad;
    for (const Setup& hostile : {match, sni, checked, name, host})
      CHECK(refusal(hostile).find("cannot be written into the configuration of odd") != std::string::npos);
  }
  for (const std::string good : {"a.test", "A-1._x.test", "a.test.", "*.a.test", "xn--caf-dma.test", "::1", "10.0.0.1"})
    CHECK(refusal(one_route(good)) == "");
  Setup alpn = one_route();
  alpn.front.alpn = {"http/1.1", "x y"};
  CHECK(refusal(alpn).find("\"http/1.1,x y\" cannot be written") != std::string::npos);
  CHECK(files_for(with_template("x"), {{one_route(), 1}}, "/scratch folder").error().what.find("cannot be written") !=
        std::string::npos);
  CHECK(commands_for(with_template("x"), {{one_route(), 1}}, "/a;b").error().what.find("cannot be written") !=
        std::string::npos);
}

TEST_CASE("find_binary: PATH, then the sbin folders, then a word about the package") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("find-binary-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder / "directory");
  std::ofstream(folder / "plain") << "#!/bin/sh\n";
  std::ofstream(folder / "program") << "#!/bin/sh\n";
  ::chmod((folder / "program").c_str(), 0755);
  const char* old = ::getenv("PATH");
  const std::string path = old ? old : "";
  ::setenv("PATH", (folder.string() + "::/bin").c_str(), 1);

  Driver driver{.name = "odd", .package = "odd-proxy", .binaries = {"directory", "plain", "program", "sh"}};
  CHECK(*find_binary(driver) == folder / "program");
  driver.binaries = {(folder / "directory").string(), (folder / "plain").string(), "no-such", "sh"};
  CHECK(find_binary(driver)->filename() == "sh");
  driver.binaries = {(folder / "program").string()};
  CHECK(*find_binary(driver) == folder / "program");
  driver.binaries = {"no-such", "x\x1by", ""};
  const auto missing = find_binary(driver);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::resource);
  CHECK(missing.error().what ==
        "odd is not installed: no no-such, x\\x1by,  in PATH; on Debian: apt-get install odd-proxy");

  ::setenv("PATH", path.c_str(), 1);
  std::filesystem::remove_all(folder);
}
