#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "proxy/driver.hpp"

using namespace bothends;
using namespace bothends::proxy;
using std::chrono::milliseconds;

namespace {

const std::string least = "name = \"x\"\nbinaries = [\"x\"]\nstart = [\"y\"]\n";

/// The message of the error; "" when there is none.
std::string refusal(const std::string& text) {
  const auto read = parse_driver(text, "d.toml");
  return read ? "" : read.error().message();
}

std::string with(const std::string& line) { return refusal(least + line); }

}  // namespace

TEST_CASE("driver file: every key is read") {
  const auto read = parse_driver(R"(
name = "squid"
about = "Squid, one worker"
package = "squid-openssl"
binaries = ["squid", "/opt/squid/sbin/squid"]
start = ["-N", "-f", "{{folder}}/squid.conf"]
log = "logs/cache.log"
folders = ["logs", "run/a"]
stack = "mbedtls"
ready_within = 2.5
stop_within = 1
[environment]
HOME = "{{folder}}"
[words]
"TLSv1.0" = "TLSv1"
x25519 = "X25519"
[cannot]
"routes.alpn" = "no words for it"
"front.strict_sni&routes.match=default" = "not both"
[files]
"squid.conf" = "port {{port}}"
"conf/more.conf" = ""
)",
                                 "d.toml");
  REQUIRE_MESSAGE(read, read.error().message());
  CHECK(read->name == "squid");
  CHECK(read->about == "Squid, one worker");
  CHECK(read->package == "squid-openssl");
  CHECK(read->binaries == std::vector<std::string>{"squid", "/opt/squid/sbin/squid"});
  CHECK(read->start == std::vector<std::string>{"-N", "-f", "{{folder}}/squid.conf"});
  CHECK(read->log == "logs/cache.log");
  CHECK(read->folders == std::vector<std::string>{"logs", "run/a"});
  CHECK(read->stack == "mbedtls");
  CHECK(read->ready_within == milliseconds{2500});
  CHECK(read->stop_within == milliseconds{1000});
  CHECK(read->environment == std::map<std::string, std::string>{{"HOME", "{{folder}}"}});
  CHECK(read->words == std::map<std::string, std::string>{{"TLSv1.0", "TLSv1"}, {"x25519", "X25519"}});
  CHECK(read->files == std::map<std::string, std::string>{{"squid.conf", "port {{port}}"}, {"conf/more.conf", ""}});
  REQUIRE(read->cannot.size() == 2);
  CHECK(read->cannot[1].feature == "routes.alpn");
  CHECK(read->cannot[1].why == "no words for it");
  CHECK(read->place == Place{"d.toml", 1, 1});
}

TEST_CASE("driver file: what it says of its proxy beyond how to start it") {
  const auto read = parse_driver(least + R"(
version = ["-v"]
tested = "1.22"
check = ["-t"]
reload = "SIGHUP"
stop = "SIGQUIT"
[default]
upstream = "localhost"
sni = "upstream"
verify = "full"
minds = ["expired", "wrong-name"]
versions = ["TLSv1.3", "TLSv1.2"]
alpn = ["h2", "http/1.1"]
source = "measured"
[statuses]
tls = 502
time = 504
[fix]
unknown-ca = "ca_file \"X\";"
"client.no-shared-version" = "versions"
)",
                                 "d.toml");
  REQUIRE_MESSAGE(read, read.error().message());
  CHECK(read->version == std::vector<std::string>{"-v"});
  CHECK(read->tested == "1.22");
  CHECK(read->check == std::vector<std::string>{"-t"});
  CHECK(read->reload_signal == SIGHUP);
  CHECK(read->stop_signal == SIGQUIT);
  REQUIRE(read->defaults);
  CHECK(read->defaults->upstream == "localhost");
  CHECK(read->defaults->sni.from == NameSource::From::upstream);
  CHECK(read->defaults->verify == policy::Verify::full);
  CHECK(read->defaults->minds == std::vector{policy::Defect::expired, policy::Defect::wrong_name});
  CHECK(read->defaults->min_version == wire::tls1_2);
  CHECK(read->defaults->max_version == wire::tls1_3);
  CHECK(read->defaults->alpn == std::vector<std::string>{"h2", "http/1.1"});
  CHECK(read->defaults->source == "measured");
  CHECK(read->statuses.tls == 502);
  CHECK_FALSE(read->statuses.connect);
  CHECK(read->statuses.time == 504);
  CHECK(read->fixes ==
        std::map<std::string, std::string>{{"unknown-ca", "ca_file \"X\";"}, {"client.no-shared-version", "versions"}});
  const auto command = parse_driver(least + "reload = [\"caddy\", \"reload\"]", "d");
  CHECK(command->reload_command == std::vector<std::string>{"caddy", "reload"});
  CHECK(command->reload_signal == 0);
  const auto running = parse_driver("name = \"x\"\naddress = \"[::1]:443\"\norigins = \"10.0.0.1:9000\"", "d");
  REQUIRE_MESSAGE(running, running.error().message());
  CHECK(running->address == "[::1]:443");
  CHECK(running->origins == "10.0.0.1:9000");
}

TEST_CASE("driver file: mistakes in what it says of its proxy") {
  const std::string source = "source = \"x\"\n";
  CHECK(with("[default]") == "d.toml:4:1: [default] needs the key \"source\"");
  CHECK(with("[default]\nsource = \"x\"\nupstram = \"x\"") ==
        "d.toml:6:1: [default] has no key \"upstram\"; did you mean \"upstream\"?");
  CHECK(with("[default]\n" + source + "upstream = \"a b\"") ==
        "d.toml:6:12: \"upstream\" must be a host name or an address");
  CHECK(with("[default]\n" + source + "sni = \"fixed.test\"") ==
        "d.toml:6:7: \"sni\" must be one of none, upstream, host");
  CHECK(with("[default]\n" + source + "verify = \"ful\"") ==
        "d.toml:6:10: \"verify\" must be one of none, chain, full; did you mean \"full\"?");
  CHECK(with("[default]\n" + source + "minds = [\"expred\"]") ==
        "d.toml:6:9: no problem of a certificate is called \"expred\"");
  CHECK(with("[default]\n" + source + "versions = [\"TLSv9\"]") == "d.toml:6:12: there is no TLS version \"TLSv9\"");
  CHECK(with("default = 1") == "d.toml:4:11: \"default\" must be a table");
  CHECK(with("tested = \"1\"").find("\"tested\" needs \"version\"") != std::string::npos);
  CHECK(with("[statuses]\ntls = 99") == "d.toml:5:7: \"tls\" must be an HTTP status, from 200 to 599");
  CHECK(with("[statuses]\ntls = 502.0") == "d.toml:5:7: \"tls\" must be an HTTP status, from 200 to 599");
  CHECK(with("[statuses]\ntsl = 502") == "d.toml:5:1: [statuses] has no key \"tsl\"; did you mean \"tls\"?");
  CHECK(with("[fix]\n\"Not A Cause\" = \"x\"") == "d.toml:5:1: \"Not A Cause\" is no cause, nor client. and a cause");
  CHECK(with("[fix]\n\"origin.x\" = \"x\"") == "d.toml:5:1: \"origin.x\" is no cause, nor client. and a cause");
  for (const std::string bad : {"SIGNONE", "HUP", "1", ""})
    CHECK(with("reload = \"" + bad + "\"") ==
          "d.toml:4:10: \"reload\" cannot be \"" + bad + "\": write a signal like \"SIGHUP\"");
  CHECK(with("reload = []") == "d.toml:4:10: \"reload\" must not be empty");
  CHECK(with("stop = \"SIGX\"").find("\"stop\" cannot be \"SIGX\"") != std::string::npos);
  const auto running = [](const std::string& more) { return refusal("name = \"x\"\n" + more); };
  for (const std::string bad : {"", "x", "x:0", "x:65536", ":1", "a b:1", "x:1x"})
    CHECK(running("address = \"" + bad + "\"") ==
          "d.toml:2:11: \"address\" must be HOST:PORT, an IPv6 address in brackets");
  CHECK(running("address = \"x:1\"\nstart = [\"a\"]").find("cannot both stand") != std::string::npos);
  CHECK(with("origins = \"127.0.0.1:1\"").find("write its \"address\"") != std::string::npos);
}

TEST_CASE("driver file: what need not be said") {
  const auto read = parse_driver(least, "d.toml");
  REQUIRE(read);
  CHECK(read->log.empty());
  CHECK(read->stack == "openssl");
  CHECK_FALSE(read->defaults);
  CHECK(read->fixes.empty());
  CHECK(read->check.empty());
  CHECK(read->stop_signal == SIGTERM);
  CHECK(read->reload_signal == 0);
  CHECK(read->ready_within == milliseconds{10000});
  CHECK(read->stop_within == milliseconds{2000});
  CHECK(read->cannot.empty());
  CHECK(parse_driver(least + "log = \"output\"", "d")->log.empty());
}

TEST_CASE("driver file: what must be said") {
  CHECK(refusal("") == "d.toml:1:1: a driver needs the key \"name\"");
  CHECK(refusal("name = \"x\"\nstart = [\"y\"]") == "d.toml:1:1: a driver needs the key \"binaries\"");
  CHECK(refusal("name = \"x\"\nbinaries = [\"x\"]") == "d.toml:1:1: a driver needs the key \"start\"");
  CHECK(refusal("name = \"x\"\nbinaries = []\nstart = [\"y\"]") == "d.toml:2:12: \"binaries\" must not be empty");
}

TEST_CASE("driver file: an unknown key says where, and which was meant") {
  CHECK(with("redy_within = 1") == "d.toml:4:1: a driver has no key \"redy_within\"; did you mean \"ready_within\"?");
  CHECK(with("zzzzzzzz = 1") == "d.toml:4:1: a driver has no key \"zzzzzzzz\"");
  CHECK(with("\"\\u001b[31m\" = 1") == "d.toml:4:1: a driver has no key \"\\x1b[31m\"");
}

TEST_CASE("driver file: a wrong type is an error with its place") {
  for (const std::string key : {"about", "package", "log", "stack"})
    CHECK_MESSAGE(
        with(key + " = 1") == "d.toml:4:" + std::to_string(key.size() + 4) + ": \"" + key + "\" must be a string",
        with(key + " = 1"));
  CHECK(refusal("name = 1\nbinaries = [\"x\"]\nstart = [\"y\"]") == "d.toml:1:8: \"name\" must be a string");
  CHECK(with("folders = \"a\"") == "d.toml:4:11: \"folders\" must be a list of strings");
  CHECK(with("folders = [\"a\", 1]") == "d.toml:4:17: each of \"folders\" must be a string");
  for (const std::string key : {"environment", "words", "files"}) {
    CHECK(with(key + " = 1").find("\"" + key + "\" must be a table of strings") != std::string::npos);
    CHECK(with(key + " = { x25519 = 1 }").find("\"x25519\" must be a string") != std::string::npos);
  }
  CHECK(with("cannot = 1") == "d.toml:4:10: \"cannot\" must be a table: \"feature\" = \"why\"");
  CHECK(with("cannot = { \"front.alpn\" = 1 }") == "d.toml:4:27: \"front.alpn\" must be a string");
  CHECK(with("about = \"a\\u0000b\"") == "d.toml:4:9: \"about\" must not hold a NUL");
}

TEST_CASE("driver file: times are seconds within reason") {
  for (const std::string bad : {"0", "-1", "601", "nan", "inf", "-inf", "\"1s\"", "true", "0.0001", "1e300"})
    CHECK_MESSAGE(
        with("stop_within = " + bad) == "d.toml:4:15: \"stop_within\" must be a number of seconds, from 0.001 to 600",
        bad);
  CHECK(parse_driver(least + "ready_within = 600", "d")->ready_within == milliseconds{600000});
  CHECK(parse_driver(least + "ready_within = 0.001", "d")->ready_within == milliseconds{1});
}

TEST_CASE("driver file: nothing is written or read outside the scratch folder") {
  const std::string escape = " must lie below the scratch folder";
  for (const std::string bad : {"", ".", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "x/"}) {
    CAPTURE(bad);
    CHECK(with("folders = [\"a\", \"" + bad + "\"]") == "d.toml:4:17: \"" + bad + "\"" + escape);
    CHECK(with("log = \"" + bad + "\"") == "d.toml:4:7: \"" + bad + "\"" + escape);
    CHECK(with("[files]\na = \"\"\n\"" + bad + "\" = \"\"") == "d.toml:6:1: \"" + bad + "\"" + escape);
  }
  CHECK(with("[files]\n\"a\\u0000b\" = \"\"") == "d.toml:5:1: \"a\\x00b\"" + escape);
  CHECK(with("[files]\n\"a..b/c.d\" = \"\"") == "");
}

TEST_CASE("driver file: names that end up in commands are names") {
  for (const std::string bad : {"", "a b", "a\\nb", "a;b", "\\u001b[0m", "é"}) {
    CHECK(refusal("name = \"" + bad + "\"\nbinaries = [\"x\"]\nstart = [\"y\"]") ==
          "d.toml:1:8: \"name\" may hold letters, digits, dots, dashes and plus signs");
    CHECK(with("package = \"" + bad + "\"") ==
          "d.toml:4:11: \"package\" may hold letters, digits, dots, dashes and plus signs");
  }
  for (const std::string bad : {"", "1A", "A=B", "A B", "A\\u0000"})
    CHECK(with("[environment]\n\"" + bad + "\" = \"x\"").find("is no name of an environment variable") !=
          std::string::npos);
  CHECK(with("[words]\n\"TLSv1\" = \"x\"") == "d.toml:5:1: \"TLSv1\" is no version, suite, group or signature scheme");
  CHECK(with("stack = \"openssI\"") ==
        "d.toml:4:9: \"stack\" must be one of openssl, mbedtls, other; did you mean \"openssl\"?");
}

TEST_CASE("driver file: only features that exist can be declined") {
  CHECK(with("[cannot]\n\"routes.apln\" = \"x\"") ==
        "d.toml:5:1: there is no feature \"routes.apln\"; did you mean \"routes.alpn\"?");
  CHECK(with("[cannot]\n\"routes.alpn&nothing\" = \"x\"").find("there is no feature \"nothing\"") != std::string::npos);
  CHECK(with("[cannot]\n\"routes.alpn&\" = \"x\"").find("there is no feature \"\"") != std::string::npos);
  const auto read = parse_driver(least + "[cannot]\n\"front.alpn\" = \"a\\u001bb\"", "d");
  CHECK(read->cannot.at(0).why == "a\\x1bb");
}

TEST_CASE("driver file: what is not TOML at all, too big or too deep") {
  CHECK(refusal("name = ") != "");
  CHECK(refusal(std::string("name = \"\xff\"")) == "d.toml: a driver file must be UTF-8");
  CHECK(refusal(std::string((256 << 10) + 1, '#')) == "d.toml: a driver file may hold 256 KiB at most");
  CHECK(refusal(std::string(256 << 10, '#')) == "d.toml:1:1: a driver needs the key \"name\"");
  std::string dots = "a", brackets = "a = ", both = "a = ";
  for (int i = 0; i < 20000; ++i) dots += ".b", brackets += "[\n";
  for (int i = 0; i < 1000; ++i) both += "[{ b.b.b.b.b.b.b.b.b.b = ";
  for (const std::string& text : {dots, brackets, both}) CHECK(refusal(text).find("more than 32") != std::string::npos);
}

TEST_CASE("driver file: every beginning of a good one is read or refused") {
  const std::string text =
      least + "[files]\n\"a.conf\" = '''\n{{port}} [[[ ... '''\n[cannot]\n\"front.alpn\" = \"\"\"x\"\"\"\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto read = parse_driver(text.substr(0, size), "d.toml");
    if (!read) CHECK(read.error().place.file == "d.toml");
  }
  CHECK(refusal(text) == "");
}

TEST_CASE("driver file: from the disk") {
  const auto folder = std::filesystem::temp_directory_path() / ("driver-read-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto file = folder / "d.toml";
  const auto what = [](const std::filesystem::path& path) { return read_driver(path).error().what; };
  CHECK(what(file).find("No such file") != std::string::npos);
  CHECK(what(folder) == "the driver is not a regular file");
  CHECK(what("/dev/zero") == "the driver is not a regular file");
  std::ofstream(file) << least;
  CHECK(read_driver(file)->name == "x");
  std::ofstream(file) << std::string((256 << 10) + 1, ' ');
  CHECK(what(file) == "a driver file may hold 256 KiB at most");
  std::filesystem::remove_all(folder);
}

TEST_CASE("driver file: those that are shipped are good, and found by name") {
  const auto names = shipped_drivers();
  CHECK(std::ranges::find(names, "nginx") != names.end());
  CHECK(std::ranges::find(names, "haproxy") != names.end());
  for (const std::string& name : names) {
    const auto driver = driver_named(name);
    REQUIRE_MESSAGE(driver, driver.error().message());
    CHECK(driver->name == name);
    CHECK_FALSE(driver->about.empty());
    CHECK_FALSE(driver->package.empty());
  }
  CHECK(driver_named("ngnix").error().what == "there is no proxy \"ngnix\"; did you mean \"nginx\"?");
  CHECK(driver_named("buildin").error().what == "there is no proxy \"buildin\"; did you mean \"builtin\"?");
}
