#include "run/targets.hpp"

#include "tests/run/run_support.hpp"

namespace bothends::run::test {

namespace {

std::string seen(const Target& target) {
  return target.endpoint.text() + " " + target.sni.value_or("-") + " " + std::to_string(target.place.line) + ":" +
         std::to_string(target.place.column);
}

std::vector<std::string> all(const std::string& text) {
  auto targets = Targets::of_text(text, "t.txt");
  if (!targets) return {targets.error().message()};
  std::vector<std::string> found;
  while (const auto target = targets->next()) found.push_back(seen(*target));
  CHECK(found.size() == targets->size());
  return found;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a target: name or address, with a port or 443") {
  const auto text = [](std::string_view given) {
    const auto target = target_of(given);
    return target ? target->endpoint.text() + " " + target->sni.value_or("-") : target.error().what;
  };
  CHECK(text("shop.test") == "shop.test:443 shop.test");
  CHECK(text("shop.test:8443") == "shop.test:8443 shop.test");
  CHECK(text("192.0.2.1") == "192.0.2.1:443 -");
  CHECK(text("[::1]") == "[::1]:443 -");
  CHECK(text("[::1]:4433") == "[::1]:4433 -");
  CHECK(text("::1") == "\"::1\" has more than one colon: write [ADDRESS]:PORT");
  CHECK(text("https://shop.test").find("is no address") != std::string::npos);
  CHECK(text("shop.test:0").find("is no address") != std::string::npos);
  CHECK(text("").find("is no address") != std::string::npos);
  CHECK(text("shop\x1b.test").find("\"shop\\x1b.test\" is no host name") == 0);
  CHECK(text(std::string(300, 'a')).find("longer than a host name") != std::string::npos);
}

TEST_CASE("a file of targets: comments, blank lines, names to ask for") {
  CHECK(all("# ours\n\nshop.test\n  [::1]:4433 shop.test # by address\r\n192.0.2.1\tother.test\nshop.test:8443 -") ==
        Lines{"shop.test:443 shop.test 3:1", "[::1]:4433 shop.test 4:3", "192.0.2.1:443 other.test 5:1",
              "shop.test:8443 - 6:1"});
}

TEST_CASE("what is wrong in a file has its place, and nothing of the file is used") {
  CHECK(all("a.test\n  b.test:x\n") == Lines{"t.txt:2:3: \"b.test:x\" is no address: write HOST:PORT"});
  CHECK(all("a.test b.test c.test") == Lines{"t.txt:1:15: a line is HOST[:PORT] and a name to ask for, nothing more"});
  CHECK(all("a.test b/c")[0].starts_with("t.txt:1:8: \"b/c\" is no host name"));
  CHECK(all("# none\n") == Lines{"t.txt: there is no target in it: write one HOST[:PORT] per line"});
  CHECK(all(std::string(2000, 'a')) == Lines{"t.txt:1:1: a line of more than 1024 octets"});
  CHECK(all(std::string(1'000'000, '\n') + "a.test") ==
        Lines{"t.txt:1000001:1: more than 1,000,000 lines: split the file"});
  const Folder folder;
  CHECK(Targets::of_file((folder.path() / "no.txt").string()).error().what.find("No such file") != std::string::npos);
  CHECK_FALSE(Targets::of_file(folder.path().string()));
  CHECK(Targets::of_file(folder.write("t.txt", "a.test\nb.test\n").string())->size() == 2);
}

}  // namespace bothends::run::test
