#include "run/against.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "report/json_probed.hpp"
#include "run/probe.hpp"

namespace bothends::run {

namespace {

std::string quoted(const std::string& text) { return "\"" + printable(text, 128) + "\""; }

/// One octet more than a snapshot may have, so that what is too long is known to be.
Result<std::string> content_of(const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    return fail(ErrorCode::file, quoted(file) + " is a folder: name a snapshot's file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(ErrorCode::file, "cannot read " + quoted(file));
  std::string content(report::most_snapshot_octets + 1, '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(stream.gcount()));
  return content;
}

bool exists(const std::string& file) {
  std::error_code error;
  return file.find('\0') == std::string::npos && std::filesystem::exists(file, error);
}

/// Not asked for: what no host name can be, and what says the same twice.
Result<ProbeSettings> settings_for(const std::vector<std::optional<std::string>>& names) {
  ProbeSettings settings;
  for (const auto& name : names) {
    if (const auto good = name ? check_name(*name) : Result<void>(); !good)
      return fail(ErrorCode::value, "no endpoint is asked for the hello's name: " + good.error().what);
    if (name && name != names.front()) settings.names.push_back(*name);
  }
  return settings;
}

Result<policy::Probed> asked(Target target, const std::vector<std::optional<std::string>>& names,
                             const std::function<void(const std::string&)>& progress) {
  auto settings = settings_for(names);
  if (!settings) return tl::unexpected(settings.error());
  if (!names.empty()) target.sni = names.front();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto trust = TrustStore::of_system({});  // trust plays no part in what a hello comes to
  if (!trust) return tl::unexpected(trust.error());
  net::Loop loop;
  AskingTools asking(loop);
  std::optional<policy::Probed> found;
  Probe probe({loop, asking, *trust, std::chrono::duration_cast<std::chrono::seconds>(now).count()}, target,
              std::move(*settings), progress, [&](policy::Probed probed) { found = std::move(probed); });
  net::Interrupt interrupt(loop, [&](int) { probe.interrupt(); });
  loop.run_until([&] { return found.has_value(); });
  return std::move(*found);
}

}  // namespace

Result<policy::Probed> read_snapshot(const std::string& file) {
  const auto content = content_of(file);
  if (!content) return tl::unexpected(content.error());
  auto probed = report::probed_of_json(*content, file);
  if (probed) return probed;
  const auto end = content->find('\n');
  if (end != std::string::npos && report::probed_of_json(content->substr(0, end), file))
    return fail(ErrorCode::value, "it holds more than one line: a snapshot is of one endpoint", {file, 2, 1});
  return probed;
}

Result<policy::Probed> probed_of(const std::string& file_or_target,
                                 const std::vector<std::optional<std::string>>& names,
                                 const std::function<void(const std::string&)>& progress) {
  if (exists(file_or_target)) return read_snapshot(file_or_target);
  if (file_or_target.ends_with(".json")) return fail(ErrorCode::file, "there is no snapshot " + quoted(file_or_target));
  auto target = target_of(file_or_target);
  if (!target)
    return fail(target.error().code,
                "there is no snapshot " + quoted(file_or_target) + ", and as HOST[:PORT] " + target.error().what);
  return asked(std::move(*target), names, progress);
}

}  // namespace bothends::run
