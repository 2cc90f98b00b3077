#include "tests/run/run_support.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace bothends::run::test {

certs::Mint& mint() {
  static const auto made = certs::Mint::create(std::chrono::system_clock::now());
  REQUIRE(made);
  return **made;
}

tls::Credential certificate(const std::vector<std::string>& names) {
  certs::Recipe recipe;
  recipe.name = names.front();
  recipe.names = names;
  auto made = mint().make(recipe);
  REQUIRE_MESSAGE(made, made.error().message());
  return *made;
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "bothends-test-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()));
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path Folder::write(const std::string& name, const std::string& content) const {
  std::ofstream(path_ / name, std::ios::binary) << content;
  return path_ / name;
}

std::vector<std::string> Folder::entries() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<path::TryOutcome> run_job(net::Loop& loop, const std::string& text) {
  const Scenario scenario = read(text);
  std::vector<const TrySpec*> tries;
  for (const TrySpec& one : scenario.tries) tries.push_back(&one);
  Workshop workshop{loop, mint(), std::nullopt};
  std::optional<std::vector<path::TryOutcome>> outcomes;
  Job job(workshop, std::move(tries), [&](auto all) { outcomes = std::move(all); });
  turn_until(loop, [&] { return outcomes.has_value(); });
  REQUIRE(outcomes);
  return std::move(*outcomes);
}

}  // namespace bothends::run::test
