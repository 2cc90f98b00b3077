// Octets, owned and borrowed. Everything that crosses a wire in this house is one of these two.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bothends {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;  // must not outlive what it looks at

inline View view_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
inline std::string_view text_of(View bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes bytes_of(View view) { return {view.begin(), view.end()}; }
inline void append(Bytes& to, View what) { to.insert(to.end(), what.begin(), what.end()); }

/// Lower case, no separators.
std::string to_hex(View bytes);
/// Even number of hex digits, white space between them ignored; anything else is nullopt.
std::optional<Bytes> from_hex(std::string_view text);

}  // namespace bothends
