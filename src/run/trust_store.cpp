#include "run/trust_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>

#include "base/text.hpp"
#include "wire/der.hpp"

namespace bothends::run {

namespace {

constexpr std::size_t largest_file = 16 * 1024 * 1024;
constexpr std::size_t most_certificates = 100;  // of a chain that anchors are looked up for, as tls/chain_facts
constexpr std::string_view begin_mark = "-----BEGIN ", end_mark = "-----END ", dashes = "-----";

Result<std::string> content_of(const std::string& file) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::file, "cannot read " + printable(file) + ": " + std::string(why) +
                                     "; name a readable PEM file of the certificate authorities to trust");
  };
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refuse(std::strerror(errno));
  std::string content;
  ssize_t got = 1;
  while (got > 0 && content.size() <= largest_file) {
    const auto before = content.size();
    content.resize(before + 256 * 1024);
    got = ::read(fd, content.data() + before, content.size() - before);
    content.resize(before + static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  }
  const int problem = errno;
  ::close(fd);
  if (got < 0) return refuse(std::strerror(problem));
  if (content.size() > largest_file) return refuse("it is larger than 16 MiB");
  return content;
}

constexpr std::uint8_t no_digit = 0xff, blank = 0xfe, padding = 0xfd;

constexpr std::array<std::uint8_t, 256> base64_digits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(no_digit);
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    digits[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  for (const char space : {' ', '\t', '\r', '\n'}) digits[static_cast<std::uint8_t>(space)] = blank;
  digits['='] = padding;
  return digits;
}

/// RFC 4648, with white space anywhere; nullopt for anything else.
std::optional<Bytes> from_base64(std::string_view text) {
  static constexpr auto digits = base64_digits();
  Bytes octets;
  octets.reserve(text.size() / 4 * 3);
  std::uint32_t held = 0;
  unsigned count = 0, padded = 0;
  for (const char character : text) {
    const auto digit = digits[static_cast<std::uint8_t>(character)];
    if (digit == blank) continue;
    if (digit == no_digit || (padded > 0 && digit != padding)) return std::nullopt;
    padded += digit == padding ? 1 : 0;
    held = held << 6 | (digit & 0x3fU);
    if (++count % 4 != 0) continue;
    for (const unsigned shift : {16, 8, 0}) octets.push_back(static_cast<std::uint8_t>(held >> shift));
  }
  if (count % 4 != 0 || padded > 2) return std::nullopt;
  octets.resize(octets.size() - padded);
  return octets;
}

struct Block {
  std::string_view type, text;
  std::size_t at = 0;
};

/// The next block from `at` on; nullopt at the end. A block that never ends has all the rest for its text.
std::optional<Block> next_block(std::string_view content, std::size_t& at) {
  const auto begin = content.find(begin_mark, at);
  const auto type = begin + begin_mark.size();
  const auto named = begin == std::string_view::npos ? begin : content.find(dashes, type);
  if (named == std::string_view::npos) return std::nullopt;
  const auto text = named + dashes.size();
  const auto end = std::min(content.find(end_mark, text), content.size());
  at = end;
  return Block{content.substr(type, named - type), content.substr(text, end - text), begin};
}

unsigned line_of(std::string_view content, std::size_t at) {
  return 1 +
         static_cast<unsigned>(std::count(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

Result<void> TrustStore::take_certificate(Bytes der, unsigned number, const Place& place) {
  View rest(der);
  const auto whole = wire::take_der(rest);
  const auto names = wire::names_of_certificate(der);
  if (!whole || !rest.empty() || !names)
    return fail(ErrorCode::value, "certificate " + std::to_string(number) + " is none: take it out, or mend the file",
                place);
  auto key = wire::name_key(names->subject);
  by_subject_.emplace(std::move(key), std::move(der));
  return {};
}

Result<void> TrustStore::take(std::string_view content, const std::string& file) {
  if (content.starts_with('\x30')) return take_certificate(bytes_of(view_of(content)), 1, {printable(file), 0, 0});
  std::size_t at = 0;
  while (const auto block = next_block(content, at)) {
    if (block->type != "CERTIFICATE" && block->type != "X509 CERTIFICATE") continue;
    const auto number = static_cast<unsigned>(size()) + 1;
    auto der = from_base64(block->text);
    // An empty one is refused as what it is: no certificate.
    const auto good = take_certificate(der ? std::move(*der) : Bytes{}, number, {});
    if (!good) return fail(ErrorCode::value, good.error().what, {printable(file), line_of(content, block->at), 1});
  }
  if (size() > 0) return {};
  return fail(ErrorCode::value, "there is no certificate in it: it must hold PEM blocks of BEGIN CERTIFICATE",
              {printable(file), 0, 0});
}

Result<TrustStore> TrustStore::of_file(const std::string& file) {
  const auto content = content_of(file);
  if (!content) return tl::unexpected(content.error());
  TrustStore store;
  if (const auto good = store.take(*content, file); !good) return tl::unexpected(good.error());
  store.name_ = file;
  return store;
}

TrustStore::Places TrustStore::system_places() {
  const char* told = std::getenv("SSL_CERT_FILE");
  return {told != nullptr ? told : "",
          {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}};
}

Result<TrustStore> TrustStore::of_system(const Places& places) {
  auto file = places.told;
  if (file.empty()) {
    const auto found = std::find_if(places.usual.begin(), places.usual.end(), is_file);
    if (found == places.usual.end()) return TrustStore();
    file = *found;
  }
  auto store = of_file(file);
  if (!store) return store;
  store->name_ = places.told.empty() ? "the system's " + std::to_string(store->size()) : file;
  return store;
}

std::vector<Bytes> TrustStore::anchors_for(const std::vector<Bytes>& chain) const {
  std::set<std::string> wanted;
  for (std::size_t i = 0; i < chain.size() && i < most_certificates; ++i) {
    const auto names = wire::names_of_certificate(chain[i]);
    if (!names) continue;
    wanted.insert(wire::name_key(names->issuer));
    wanted.insert(wire::name_key(names->subject));
  }
  std::vector<Bytes> anchors;
  for (const auto& key : wanted) {
    const auto [from, to] = by_subject_.equal_range(key);
    for (auto at = from; at != to; ++at) anchors.push_back(at->second);
  }
  return anchors;
}

}  // namespace bothends::run
