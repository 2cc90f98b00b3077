// The parts of a scenario, read from its tables after overlays were applied.
#pragma once

#include "run/document.hpp"
#include "run/scenario.hpp"
#include "run/scenario_fields.hpp"

namespace bothends::run {

/// `hosts`: of all tries of the file, for the certificates that nobody described.
Result<StageSpec> read_stage(const Value& root, const Words& hosts);
/// `stage`: whose certificates may be named.
Result<ClientSpec> read_client(const Value& root, const StageSpec& stage);

/// The one fault of `[fault]` or `fault = {…}`; "none" is none, so that a try can do without the file's.
Result<std::optional<FaultSpec>> read_fault_word(const Value& root);

/// The lines of a file; its text must outlive it.
class Lines {
 public:
  explicit Lines(std::string_view text);
  /// Counted from 1, without its end, at most 1,024 octets of it; empty when there is none.
  std::string at(unsigned number) const;

 private:
  std::vector<std::string_view> lines_;
};

/// What only the try itself says: everything but variant, stage and client.
Result<TrySpec> read_try(const Value& table, std::size_t number, const Lines& lines);

/// The four names that a [certs] table cannot use: trust anchors and the certificates made by default.
constexpr std::string_view root_name = "root", unknown_root_name = "unknown-root";
constexpr std::string_view origin_default_name = "origin-default", proxy_default_name = "proxy-default";

void read_tls(Fields& fields, const Value& table, TlsSpec& into);
Words stack_names();
/// What `certs` and `certificate` may name, and what `trust` may: not those made by default.
Words certificate_names(const StageSpec& stage);
Words trust_names(const StageSpec& stage);

Result<std::vector<certs::Recipe>> read_certs(const Value& root, const Words& hosts);
Result<std::vector<OriginSpec>> read_origins(const Value& root, const StageSpec& stage);
Result<ProxySpec> read_proxy(const Value& root, const StageSpec& stage);

/// A name that may become part of a file's name: 1 to 64 letters, digits, hyphens and underscores.
Result<void> check_word(std::string_view what, const Member& member);

}  // namespace bothends::run
