#include "proxy/template.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace bothends::proxy {

namespace {

using Data = kainjow::mustache::data;

// What may stand in any proxy's configuration without quoting: names, addresses, paths, lists of suites.
bool plain_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-:*/+,@=").find(c) != std::string_view::npos;
  });
}

// A DNS name or an address, also with the wildcard's star or the root's dot: nothing that could be an option, a pattern
// or a path to some proxy.
bool plain_name(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-:").find(c) != std::string_view::npos;
  };
  return !text.starts_with('-') && !text.starts_with('.') && std::ranges::all_of(text, good);
}

struct Tag {
  char mark = ' ';  // '#', '^', '/', '&', '{' or none
  std::string name;
};

/// What stands between {{ and }}, but for comments.
std::vector<Tag> tags_of(std::string_view text) {
  std::vector<Tag> tags;
  std::size_t at = 0;
  while ((at = text.find("{{", at)) != std::string_view::npos) {
    const std::size_t end = text.find("}}", at);
    if (end == std::string_view::npos) break;
    std::string_view tag = trim(text.substr(at + 2, end - at - 2));
    at = end + 2;
    if (tag.starts_with('!')) continue;
    const bool marked = !tag.empty() && std::string_view("#^/&{").find(tag.front()) != std::string_view::npos;
    tags.push_back({marked ? tag.front() : ' ', std::string(trim(tag.substr(marked ? 1 : 0)))});
  }
  return tags;
}

/// Sections in themselves would multiply, and the library recurses on them.
std::optional<std::string> misnested(const std::vector<Tag>& tags) {
  std::vector<std::string> open;
  for (const Tag& tag : tags) {
    if (tag.mark == '/' && (open.empty() || open.back() != tag.name)) return "closes {{" + tag.name + "}}, not open";
    if (tag.mark == '/') open.pop_back();
    if (tag.mark != '#' && tag.mark != '^') continue;
    if (std::ranges::find(open, tag.name) != open.end()) return "opens {{" + tag.name + "}} within itself";
    open.push_back(tag.name);
  }
  return open.empty() ? std::nullopt : std::optional("does not close {{" + open.back() + "}}");
}

}  // namespace

void Scope::set(const std::string& name, const std::string& value, bool good) {
  if (!good && bad_.empty()) bad_ = value;
  data_.set(name, value);
}

void Scope::text(const std::string& name, const std::string& value) { set(name, value, plain_word(value)); }

void Scope::name(const std::string& name, const std::string& value) { set(name, value, plain_name(value)); }

void Scope::flag(const std::string& name, bool value) { data_.set(name, value); }

void Scope::optional(const std::string& name, const std::string& value) {
  text(name, value);
  flag("has_" + name, !value.empty());
}

void Scope::list(const std::string& name, const std::vector<Scope>& scopes) {
  Data all{Data::type::list};
  for (const Scope& scope : scopes) {
    if (bad_.empty()) bad_ = scope.bad_;
    all << scope.data_;
  }
  data_.set(name, all);
}

bool has_section(std::string_view text, std::string_view name) {
  return std::ranges::any_of(tags_of(text), [&](const Tag& tag) { return tag.mark == '#' && tag.name == name; });
}

Result<std::string> rendered(const Driver& driver, const std::string& what, const std::string& text,
                             const Scope& scope) {
  const std::vector<std::string>& names = template_names();
  const std::string where = "the template of \"" + printable(what, 80) + "\" ";
  const std::vector<Tag> tags = tags_of(text);
  for (const Tag& tag : tags) {
    if (std::ranges::find(names, tag.name) != names.end()) continue;
    const auto near = did_you_mean(tag.name, names);
    return fail(ErrorCode::value,
                where + "uses {{" + printable(tag.name, 80) + "}}, which does not exist" +
                    (near ? "; did you mean {{" + *near + "}}?" : ""),
                driver.place);
  }
  if (const auto wrong = misnested(tags)) return fail(ErrorCode::value, where + *wrong, driver.place);
  kainjow::mustache::mustache view(text);
  if (!view.is_valid())
    return fail(ErrorCode::value, where + "is wrong: " + printable(view.error_message()), driver.place);
  view.set_custom_escape([](const std::string& value) { return value; });
  return view.render(scope.data());
}

const std::vector<std::string>& template_names() {
  static const std::vector<std::string> names = split(
      "folder port root sites site told certificates crt key pem leaf_pem names name unrouted strict_sni "
      "asks_certificate wants_certificate front_ca connect_ms origin_ms connect_s origin_s routes has_default versions "
      "version "
      "min_version max_version weak suites12 has_suites12 suites12_list suite suites13 has_suites13 groups has_groups "
      "groups_list group "
      "signature_schemes has_signature_schemes alpn has_alpn alpn_list protocol index is_first match is_default "
      "is_wildcard "
      "is_exact suffix front_crt front_key origin_host origin_port tls sni_none sni_host sni_fixed sni_name "
      "verify verify_none verify_full check_host check_fixed check_name ca has_certificate",
      ' ');
  return names;
}

}  // namespace bothends::proxy
