#include "run/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "run/fault.hpp"
#include "run/scenario_overlay.hpp"
#include "run/scenario_parts.hpp"

namespace bothends::run {
namespace {

namespace fs = std::filesystem;
using Type = Value::Type;

constexpr std::size_t most_tries = 10000;
constexpr std::size_t most_octets = 128 * 1024 * 1024;  // of the file times its tries: every try has a stage of its own

/// Every key of the file's root; of `with` only the parts that a stage and a client are made of.
Result<void> check_root(const Value& root, bool whole_file) {
  Fields fields(root, whole_file ? KeyPath() : KeyPath{"with"});
  for (const char* part : {"certs", "origin", "proxy", "client", "fault"}) fields.value(part, Type::table);
  std::string title;
  bool fresh = false;
  if (whole_file) {
    fields.text("title", title);
    fields.flag("fresh", fresh);
    fields.value("matrix", Type::table);
    const Value* tries = fields.value("try", Type::list);
    if (root.find("try") && !root.find("try")->is(Type::list)) {
      Error error{ErrorCode::value, "tries are written with two brackets: [[try]]", root.find("try")->place};
      return tl::unexpected(error);
    }
    if (!tries || tries->items.empty()) fields.fail_at(root.place, "the file has no [[try]]: nothing would be asked");
  }
  return fields.finish();
}

class Reader {
 public:
  /// Every try gets a document of its own to overlay: the tries themselves are taken out of it before.
  Reader(std::string_view text, Value root, const ReadOptions& options)
      : text_(text), tables_(std::exchange(root.find("try")->items, {})), root_(std::move(root)), options_(options) {
    add_defaults(root_);
  }

  Result<std::vector<TrySpec>> read() {
    auto dimensions = read_matrix(root_.find("matrix"), options_.matrix);
    if (!dimensions) return tl::unexpected(dimensions.error());
    dimensions_ = std::move(*dimensions);
    if (tables_.size() > room()) return too_many(root_.find("try")->place);
    const Lines lines(text_);
    std::vector<TrySpec> own;
    for (const auto& table : tables_) {
      auto one = read_try(table, own.size() + 1, lines);
      if (!one) return tl::unexpected(one.error());
      if (std::find(hosts_.begin(), hosts_.end(), one->host) == hosts_.end()) hosts_.push_back(one->host);
      own.push_back(std::move(*one));
    }
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (auto good = multiply(own[i], tables_[i]); !good) return tl::unexpected(good.error());
    }
    return std::move(tries_);
  }

 private:
  /// `with`, the try's client, and --proxy.
  Result<Value> overlay_of(const Value& table) const {
    Value overlay;
    if (const Value* with = table.find("with")) {
      if (auto good = check_root(*with, false); !good) return tl::unexpected(good.error());
      overlay = *with;
    }
    for (const std::string part : {"client", "fault"})
      if (const Value* own = table.find(part)) merge_at(overlay, KeyPath{part}, *own);
    const KeyPath address{"proxy", "address"};
    bool runs_already = reached(root_, address) || reached(overlay, address);
    if (!options_.proxy.empty() && !runs_already) {
      merge_at(overlay, KeyPath{"proxy", "use"}, text_value(options_.proxy, Place{"--proxy"}));
    }
    return overlay;
  }

  std::size_t room() const { return std::min(most_tries, most_octets / text_.size()) - tries_.size(); }

  static tl::unexpected<Error> too_many(const Place& place) {
    return fail(ErrorCode::value, "the file and its matrix make too many tries", place);
  }

  Result<void> multiply(const TrySpec& own, const Value& table) {
    auto overlay = overlay_of(table);
    if (!overlay) return tl::unexpected(overlay.error());
    Variants variants(root_, dimensions_, *overlay);
    std::size_t limit = room(), count = variants.count(limit);
    if (count > limit) return too_many(own.place);
    for (std::size_t i = 0; i < count; ++i) {
      auto variant = variants.make(i);
      TrySpec one = own;
      one.variant = std::move(variant.labels);
      if (auto good = furnish(one, variant.root); !good) return good;
      tries_.push_back(std::move(one));
    }
    return {};
  }

  Result<void> furnish(TrySpec& one, const Value& root) const {
    auto stage = read_stage(root, hosts_);
    if (!stage) return tl::unexpected(stage.error());
    auto client = read_client(root, *stage);
    if (!client) return tl::unexpected(client.error());
    auto fault = read_fault_word(root);
    if (!fault) return tl::unexpected(fault.error());
    one.stage = std::move(*stage);
    one.client = std::move(*client);
    one.fault = *fault;
    if (const Value* fresh = root_.find("fresh")) one.fresh = one.fresh || fresh->boolean;
    if (*fault) put(**fault, one);
    return {};
  }

  /// The fault, and the twin without it.
  static void put(const FaultSpec& word, TrySpec& one) {
    auto twin = std::make_shared<TrySpec>(one);
    twin->fault.reset();
    twin->expectations.clear();
    twin->name = "control: " + one.name;
    one.control = std::move(twin);
    const auto fault = fault_named(word.leg, word.name);
    one.fresh = one.fresh || fault->fresh;
    one.no_fault = apply(*fault, one.host, one.stage, one.client).value_or("");
  }

  std::string_view text_;
  std::vector<Value> tables_;
  Value root_;
  const ReadOptions& options_;
  std::vector<Dimension> dimensions_;
  Words hosts_;
  std::vector<TrySpec> tries_;
};

Result<void> find_below(const fs::path& folder, std::set<fs::path>& found) {
  std::error_code problem;
  fs::recursive_directory_iterator entry(folder, problem), end;
  while (!problem && entry != end) {
    std::error_code gone;
    if (entry->is_directory(gone) && entry->path().filename() == "failing") entry.disable_recursion_pending();
    if (entry->path().extension() == ".toml" && !entry->is_directory(gone)) found.insert(entry->path());
    entry.increment(problem);
  }
  Place place{printable(folder.string())};
  if (problem) return fail(ErrorCode::file, fmt::format("cannot search the folder: {}", problem.message()), place);
  if (found.empty()) return fail(ErrorCode::file, "the folder holds no scenario (*.toml)", place);
  return {};
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view text, const std::string& name, const ReadOptions& options) {
  auto root = parse_document(text, name);
  if (!root) return tl::unexpected(root.error());
  if (auto good = check_root(*root, true); !good) return tl::unexpected(good.error());
  const Value* title = root->find("title");
  Scenario scenario{name, title ? title->text : name, {}};
  auto tries = Reader(text, std::move(*root), options).read();
  if (!tries) return tl::unexpected(tries.error());
  scenario.tries = std::move(*tries);
  return scenario;
}

Result<Scenario> read_scenario(const fs::path& file, const ReadOptions& options) {
  auto text = read_document(file);
  if (!text) return tl::unexpected(text.error());
  return parse_scenario(*text, printable(file.string()), options);
}

Result<std::vector<fs::path>> scenario_files(const std::vector<fs::path>& paths) {
  std::vector<fs::path> all;
  for (const auto& path : paths) {
    std::error_code problem;
    auto status = fs::status(path, problem);
    if (!fs::exists(status))
      return fail(ErrorCode::file, "there is no such file or folder", Place{printable(path.string())});
    std::set<fs::path> found;
    if (!fs::is_directory(status))
      found.insert(path);
    else if (auto good = find_below(path, found); !good)
      return tl::unexpected(good.error());
    for (const auto& one : found) {
      if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
    }
  }
  return all;
}

}  // namespace bothends::run
