// Reading one table of a scenario: every key by its kind, the first mistake kept with its place, unknown keys last.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "proxy/setup.hpp"
#include "run/document.hpp"
#include "wire/codes.hpp"

namespace bothends::run {

using Words = std::vector<std::string>;

/// The names of an enumeration's values, for Fields::word.
template <class E>
Words words_for(std::initializer_list<E> all) {
  Words words;
  for (E one : all) words.emplace_back(name(one));
  return words;
}

/// ": did you mean …" with a near one, otherwise what there is to choose from.
std::string choice_hint(std::string_view word, const Words& known);

/// A length of time: "500ms", "2s", "10m", "12h", "30d", also with a minus; nullopt for anything else and for what is
/// longer than 1,000 years.
std::optional<std::chrono::milliseconds> duration_of(std::string_view text);

/// Getters leave their target alone when the key is missing; after the first error they do nothing. Both arguments of
/// the constructor must outlive it.
class Fields {
 public:
  /// `path` is the table's own, for messages; empty for the file's root.
  Fields(const Value& table, KeyPath path);

  void text(std::string_view key, std::string& into);
  void flag(std::string_view key, bool& into);
  void number(std::string_view key, unsigned& into, unsigned least, unsigned most);
  void span(std::string_view key, std::chrono::milliseconds& into, std::chrono::milliseconds least,
            std::chrono::milliseconds most);
  /// A list of texts; a single text is a list of one.
  void texts(std::string_view key, std::vector<std::string>& into);
  /// One of `known`: its index.
  void choice(std::string_view key, std::size_t& into, const Words& known);
  template <class E>
  void word(std::string_view key, E& into, std::initializer_list<E> all) {
    std::size_t index = static_cast<std::size_t>(-1);
    choice(key, index, words_for(all));
    if (index < all.size()) into = all.begin()[index];
  }
  /// Words that must be among `known`, which is `what`: "certificate".
  void names(std::string_view key, std::vector<std::string>& into, const Words& known, std::string_view what);
  void name(std::string_view key, std::string& into, const Words& known, std::string_view what);
  void codes(std::string_view key, wire::Registry registry, wire::Codes& into);
  /// A table of header names, each with a text or a list of texts.
  void headers(std::string_view key, http::Fields& into);
  /// One of `words`, which are among "none", "host" and "upstream", or a DNS name.
  void name_source(std::string_view key, proxy::NameSource& into, const Words& words);
  /// Each text of a key, checked by `check`; its error gets the text's place.
  void checked(std::string_view key, const std::function<Result<void>(const Value&)>& check);
  /// The raw value of a key that is read elsewhere, when it is of this type; null when missing.
  const Value* value(std::string_view key, Value::Type type);

  bool has(std::string_view key) const { return table_.find(key) != nullptr; }
  void fail_at(const Place& place, std::string what);
  void fail_with(Error error);
  KeyPath path_to(std::string_view key) const;
  /// "client.stack"
  std::string path_of(std::string_view key) const;
  const Place& place() const { return table_.place; }
  /// The first error, or the first unknown key.
  Result<void> finish();

 private:
  const Value* take(std::string_view key);
  const Value* take(std::string_view key, Value::Type type, std::string_view wanted);
  void wrong_type(const Value& value, std::string_view key, std::string_view wanted);

  const Value& table_;
  KeyPath path_;
  Words known_;
  std::optional<Error> error_;
};

}  // namespace bothends::run
