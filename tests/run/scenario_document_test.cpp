// TOML with places, and what must not reach the library.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "run/document.hpp"
#include "scenario_support.hpp"

using namespace bothends;
using namespace bothends::run;

namespace {

std::string problem(const std::string& text) {
  auto document = parse_document(text, "f.toml");
  return document ? "accepted" : document.error().message();
}

std::string repeated(const std::string& part, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += part;
  return all;
}

}  // namespace

TEST_CASE("values keep their places and keys the file's order") {
  auto document = parse_document("z = 1\na = [true, 'x']\n[t.u]\n  \"k y\" = 2.5\n", "f.toml");
  REQUIRE(document.has_value());
  REQUIRE(document->members.size() == 3);
  CHECK(document->members[0].key == "z");
  CHECK(document->members[1].key == "a");
  CHECK(document->members[1].value.items[1].place == Place{"f.toml", 2, 12});
  const Value* deep = reached(*document, KeyPath{"t", "u", "k y"});
  REQUIRE(deep != nullptr);
  CHECK(deep->place == Place{"f.toml", 4, 11});
  CHECK(reached(*document, KeyPath{"t", "u"})->members[0].place == Place{"f.toml", 4, 3});
  CHECK(kind_of_value(*deep) == "a number with a fraction");
  CHECK(shown(*document) == "{z = 1, a = [true, x], t = {u = {\"k y\" = 2.5}}}");
}

TEST_CASE("what is no TOML is one sentence with its place") {
  CHECK(problem("") == "f.toml:1:1: the file is empty");
  says(problem("\xef\xbb\xbf"
               "a = 1"),
       "f.toml:1:1: the file begins with a byte order mark");
  says(problem(std::string("\xff\xfe"
                           "a\0",
                           4)),
       "UTF-16");
  says(problem("a = 1\nb = \"x\xff\""), "f.toml:2:7: this is not UTF-8");
  says(problem("a = \n"), "f.toml:1:");
  says(problem("a = 1\na = 2\n"), "f.toml:2:");
  says(problem("a = \"\x1b[31m\""), "f.toml:1:");
  CHECK(problem("a = \"\x1b[31m\"").find('\x1b') == std::string::npos);
  says(problem(std::string(2 << 20, '#')), "1 MiB");
}

TEST_CASE("depth is bounded before the library sees the text") {
  says(problem(repeated("a.", 20000) + "a = 1"), "f.toml:1:64: a dotted key has more than 32 parts");
  says(problem("x = 1\n[" + repeated("a .", 300000) + "a]"), "f.toml:2:");
  says(problem("a = " + repeated("[", 100000)), "f.toml:1:37: brackets are nested more than 32 deep");
  says(problem("a = " + repeated("{a = ", 1000)), "nested");
  CHECK(problem("a = " + repeated("[", 32) + repeated("]", 32)) == "accepted");
  CHECK(problem(repeated("a.", 31) + "a = 1") == "accepted");
  says(problem(repeated("a.", 32) + "a = 1"), "32 parts");
  says(problem(repeated("a.", 31) + "a = {" + repeated("b.", 31) + "b = {" + repeated("c.", 20) + "c = 1}}"),
       "nested too deep");
}

TEST_CASE("brackets and dots in strings and comments do not count") {
  std::string many = repeated("[.", 50);
  for (const auto& text :
       {"a = \"" + many + "\"", "a = '" + many + "'", "a = '''\n" + many + "\n" + many + "'''",
        "a = \"\"\"\n" + many + "\\\"\"\" " + many + "\n\"\"\"", "# " + many + "\na = 1", "a = \"\\\"" + many + "\""}) {
    CAPTURE(text);
    CHECK(problem(text) == "accepted");
  }
  std::string deep = repeated("a.", 40) + "a = 1";
  for (const auto& text : {"a = \"\"\"x\"\"\"\"\nb." + deep, "a = '''x'''''\nb." + deep, "a = \"\\\\\"\nb." + deep,
                           "a = ''\nb." + deep, "a = '\\'\nb." + deep, "a = \"\"\nb." + deep}) {
    CAPTURE(text);
    says(problem(text), "f.toml:2:");
    says(problem(text), "32 parts");
  }
  for (const auto& quotes : {"\"\"\"", "\"\"\"\"", "\"\"\"\"\""}) {
    CAPTURE(quotes);
    says(problem("t = {x = \"\"\"a" + std::string(quotes) + ", " + deep + "}"), "32 parts");
  }
}

TEST_CASE("tables and lists are bounded") {
  std::string keys, items = "a = [";
  for (int i = 0; i < 1001; ++i) keys += "k" + std::to_string(i) + " = 1\n";
  for (int i = 0; i < 10001; ++i) items += "1,";
  says(problem(keys), "more than 1000 keys");
  says(problem(items + "]"), "more than 10000 values");
}

TEST_CASE("every prefix of a document, and every octet of it replaced, is read or refused") {
  const std::string whole =
      "a = \"x\\n\" # c\n[b.'c d']\ne = [1, 2.5, true, 1979-05-27T07:32:00Z]\nf = {g = '''h'''}\n[[i]]\n";
  for (std::size_t size = 0; size <= whole.size(); ++size) problem(whole.substr(0, size));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (char c : {'\0', '"', '\'', '[', '}', '.', '\n', '\\', '\x80', '=', '#', '_'}) {
      std::string changed = whole;
      changed[at] = c;
      problem(changed);
    }
  }
  CHECK(problem(whole) == "accepted");
}

TEST_CASE("merging") {
  auto base = *parse_document("a = {x = 1, y = [1]}\nb = 2\n", "base");
  merge(base, *parse_document("\na = {y = [2, 3], z = 4}\nb = {c = 5}\n", "over"));
  CHECK(shown(base) == "{a = {x = 1, y = [2, 3], z = 4}, b = {c = 5}}");
  CHECK(reached(base, KeyPath{"a", "x"})->place.file == "base");
  CHECK(reached(base, KeyPath{"a", "y"})->place.file == "over");
  merge_at(base, KeyPath{"a", "n", "m"}, text_value("t", Place{"more"}));
  CHECK(reached(base, KeyPath{"a", "n", "m"})->text == "t");
  CHECK(canonical(base) != canonical(*parse_document("a = 1", "f")));
  CHECK(canonical(*parse_document("a = '1'", "f")) != canonical(*parse_document("a = 1", "f")));
  CHECK(canonical(*parse_document("a = 1", "f")) == canonical(*parse_document("\n\na   = 1", "g")));
}

TEST_CASE("dotted keys of the command line") {
  const Place place{"--matrix"};
  CHECK(*parse_key_path("client.stack", place) == KeyPath{"client", "stack"});
  CHECK(*parse_key_path("proxy.routes.\"shop.test\".sni", place) == KeyPath{"proxy", "routes", "shop.test", "sni"});
  CHECK(*parse_key_path("\"a\"", place) == KeyPath{"a"});
  CHECK(written(KeyPath{"proxy", "routes", "shop.test", "sni"}) == "proxy.routes.\"shop.test\".sni");
  for (auto text : {"", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "a b", "a.\"b\"."}) {
    CAPTURE(text);
    CHECK_FALSE(parse_key_path(text, place).has_value());
  }
}

TEST_CASE("files") {
  namespace fs = std::filesystem;
  std::string pattern = (fs::temp_directory_path() / "bothends-run-XXXXXX").string();
  fs::path folder = ::mkdtemp(pattern.data());
  auto message = [](const fs::path& path) {
    auto text = read_document(path);
    return text ? *text : text.error().message();
  };
  says(message(folder), "this is a folder, not a file");
  says(message(folder / "none.toml"), "none.toml: cannot read the file");
  std::ofstream(folder / "a.toml") << "a = 1\n";
  CHECK(message(folder / "a.toml") == "a = 1\n");
  if (fs::exists("/dev/zero")) says(message("/dev/zero"), "larger than 1 MiB");

  fs::create_directories(folder / "b" / "failing");
  fs::create_directories(folder / "c.toml");
  for (auto name : {"z.toml", "b/m.toml", "b/n.txt", "b/failing/f.toml"}) std::ofstream(folder / name) << "";
  auto files = scenario_files({folder});
  REQUIRE(files.has_value());
  CHECK(*files == std::vector<fs::path>{folder / "a.toml", folder / "b/m.toml", folder / "z.toml"});
  CHECK(*scenario_files({folder / "b/failing"}) == std::vector<fs::path>{folder / "b/failing/f.toml"});
  CHECK(*scenario_files({folder / "b/n.txt", folder / "b", folder / "b/m.toml"}) ==
        std::vector<fs::path>{folder / "b/n.txt", folder / "b/m.toml"});
  says(scenario_files({folder / "c.toml"}).error().message(), "holds no scenario");
  says(scenario_files({folder / "nothing"}).error().message(), "no such file or folder");
  fs::remove_all(folder);
}
