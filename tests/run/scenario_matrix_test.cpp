// `with`, [matrix], --matrix and --proxy.
#include "scenario_support.hpp"

using namespace bothends;
using namespace bothends::run;

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

const std::string shop = "[[try]]\nurl = \"https://shop.test/\"\n";

}  // namespace

TEST_CASE("a matrix multiplies tries, the last key fastest") {
  auto tries =
      read("[matrix]\nclient.stack = [\"openssl\", \"mbedtls\"]\nproxy.use = [\"builtin\", \"nginx\"]\n" + shop).tries;
  REQUIRE(tries.size() == 4);
  CHECK(tries[1].variant == Labels{{"client.stack", "openssl"}, {"proxy.use", "nginx"}});
  CHECK(tries[2].client.stack == "mbedtls");
  CHECK(tries[2].stage.proxy.use == "builtin");
  CHECK(tries[0].stage.key == tries[2].stage.key);
  CHECK(tries[0].stage.key != tries[1].stage.key);
  CHECK(tries[3].name == "try 1");
}

TEST_CASE("values may be lists and tables") {
  auto tries = read(
                   "[client]\nverify = \"none\"\n[matrix]\nclient = [{}, {stack = \"mbedtls\"}]\n"
                   "proxy.versions = [\"TLSv1.2\", [\"TLSv1.2\", \"TLSv1.3\"]]\n" +
                   shop)
                   .tries;
  REQUIRE(tries.size() == 4);
  CHECK(tries[3].variant == Labels{{"client", "{stack = mbedtls}"}, {"proxy.versions", "[TLSv1.2, TLSv1.3]"}});
  CHECK(tries[3].client.stack == "mbedtls");
  CHECK(tries[3].client.verify == policy::Verify::none);
  CHECK(tries[3].stage.proxy.max_version == wire::tls1_3);
  CHECK(tries[2].stage.proxy.max_version == wire::tls1_2);
}

TEST_CASE("a key of all origins, all certificates, all routes") {
  const std::string two =
      "[certs]\nx = {}\ny = {}\n[origin.a]\n[origin.b]\nstack = \"openssl\"\n"
      "[proxy.routes.\"shop.test\"]\nto = \"a\"\n[proxy.routes.default]\nto = \"b\"\n";
  auto tries =
      read(two + "[matrix]\norigin.stack = [\"mbedtls\"]\ncerts.key = [\"rsa\"]\nproxy.routes.verify = [\"chain\"]\n" +
           shop)
          .tries;
  REQUIRE(tries.size() == 1);
  const auto& stage = tries[0].stage;
  for (const auto& origin : stage.origins) CHECK(origin.stack == "mbedtls");
  for (const auto& route : stage.proxy.routes) CHECK(route.verify == policy::Verify::chain);
  CHECK(stage.certs[0].key == policy::Key::rsa);
  CHECK(stage.certs[1].key == policy::Key::rsa);
  CHECK(tries[0].variant.size() == 3);

  auto with =
      read(two + shop + "with.origin.stack = \"mbedtls\"\nwith.origin.b.stack = \"openssl\"\n").tries.at(0).stage;
  CHECK(with.origin("a")->stack == "mbedtls");
  CHECK(with.origin("b")->stack == "openssl");
  CHECK(read(shop, {.matrix = {{"origin.stack", {"mbedtls"}}}}).tries.at(0).stage.origins.at(0).stack == "mbedtls");
}

TEST_CASE("what a try settles itself is not multiplied") {
  auto tries =
      read("[matrix]\nclient.stack = [\"openssl\", \"mbedtls\"]\n" + shop + "client = {stack = \"mbedtls\"}\n" + shop)
          .tries;
  REQUIRE(tries.size() == 3);
  CHECK(tries[0].client.stack == "mbedtls");
  CHECK(tries[0].variant.empty());
  CHECK(tries[2].variant.size() == 1);
  auto proxies = read("[matrix]\nproxy.use = [\"nginx\", \"haproxy\"]\n" + shop, {.proxy = "caddy"}).tries;
  REQUIRE(proxies.size() == 1);
  CHECK(proxies[0].stage.proxy.use == "caddy");
  CHECK(proxies[0].variant.empty());
}

TEST_CASE("the command line's matrix") {
  auto tries = read("[matrix]\nclient.stack = [\"openssl\"]\n" + shop,
                    {.matrix = {{"client.stack", {"openssl", "mbedtls"}}, {"proxy.strict_sni", {"true", "false"}}}})
                   .tries;
  REQUIRE(tries.size() == 4);
  CHECK(tries[0].stage.proxy.strict_sni);
  CHECK_FALSE(tries[1].stage.proxy.strict_sni);
  says(refusal(shop, {.matrix = {{"client.stack", {"openss"}}}}),
       "--matrix client.stack: client.stack: there is no TLS stack \"openss\"; did you mean \"openssl\"?");
  says(refusal(shop, {.matrix = {{"clent.stack", {"openssl"}}}}), "did you mean \"client\"?");
  says(refusal(shop, {.matrix = {{"client..stack", {"openssl"}}}}), "no dotted key");
}

TEST_CASE("overrides") {
  auto tries = read("[origin.shop]\nbody = \"a\"\n" + shop +
                    "with = {origin.shop.body = \"b\", client.verify = \"none\"}\n"
                    "client.sni = \"none\"\n" +
                    shop)
                   .tries;
  REQUIRE(tries.size() == 2);
  CHECK(tries[0].stage.origins[0].body == "b");
  CHECK(tries[0].client.verify == policy::Verify::none);
  CHECK(tries[0].client.sni.from == proxy::NameSource::From::none);
  CHECK(tries[1].stage.origins[0].body == "a");
  CHECK(tries[1].client.verify == policy::Verify::full);
  CHECK(read(shop, {.proxy = "nginx"}).tries.at(0).stage.proxy.use == "nginx");
}

TEST_CASE("mistakes in overrides are shown where they were made") {
  says(refusal(shop + "with.origin.origin.stack = \"opnssl\"\n"), "s.toml:3:");
  says(refusal(shop + "with.origin.origin.stak = \"openssl\"\n"),
       "s.toml:3:20: there is no key origin.origin.stak; did you mean \"stack\"?");
  says(refusal(shop + "with.title = \"x\"\n"), "there is no key with.title");
  says(refusal(shop + "with.clint.stack = \"openssl\"\n"), "did you mean \"client\"?");
  says(refusal("[matrix]\nclient.verify = [\"full\", \"ful\"]\n" + shop),
       "s.toml:2:26: client.verify cannot be \"ful\"; did you mean \"full\"?");
  says(refusal("[matrix]\nclient.verify = \"full\"\n" + shop),
       "s.toml:2:17: matrix.client.verify is a text; it must be a list");
  says(refusal("[matrix]\nclient.verify = []\n" + shop), "at least one value");
  says(refusal("[matrix]\ntry.url = [\"a\"]\n" + shop), "the matrix cannot change try.url");
  says(refusal("[matrix]\norigin.stak = [\"openssl\"]\n" + shop), "there is no key origin.origin.stak");
  says(refusal("[matrix]\ncerts = [\"x\"]\n" + shop), "s.toml:2:10: certs is a text; it must be a table");
  says(refusal("[matrix]\norigin = [[]]\n" + shop), "s.toml:2:11: origin is a list; it must be a table");
}

TEST_CASE("a matrix is bounded") {
  std::string values;
  for (int i = 0; i < 200; ++i) values += "\"c" + std::to_string(i) + ".test\", ";
  std::string matrix = "[matrix]\n";
  for (auto key : {"client.sni", "proxy.routes.default.sni", "proxy.routes.default.verify_name"}) {
    matrix += std::string(key) + " = [" + values + "]\n";
  }
  says(refusal(matrix + shop), "too many tries");
  std::string many;
  for (int i = 0; i < 9000; ++i) many += shop;
  says(refusal(many), "s.toml:1:1: the file and its matrix make too many tries");
}
