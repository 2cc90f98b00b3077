// The scratch folder of a real proxy, and what it says there. Only for this folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "net/process.hpp"

namespace bothends::proxy {

/// A fresh one below the folder for temporary files, for its owner only.
Result<std::filesystem::path> make_folder();
Result<void> make_below(const std::filesystem::path& folder);
/// A file that was not there, for its owner only, and the folders on the way to it.
Result<void> write_private(const std::filesystem::path& file, const std::string& content);

/// What the file holds from `from` on, its last 256 KiB at most; `from` then is its end. A file that has shrunk was
/// begun anew. Only a regular file is read: the proxy is free to put anything there.
std::string tail_of(const std::filesystem::path& file, std::uint64_t& from);
/// The same of what a process printed.
std::string tail_of(const net::Process& process, std::uint64_t& from);
/// The last 200 lines that are not empty, printable and cut at 400 characters.
std::vector<std::string> lines_of(std::string_view text);

}  // namespace bothends::proxy
