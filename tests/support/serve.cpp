// One of our stacks as a server for the end-to-end tests: listens on a free port of 127.0.0.1, prints the port, answers
// every connection with one HTTP response, ends on SIGTERM.
//   serve stack=openssl versions=TLSv1.2,TLSv1.3 suites=… groups=… schemes=… keys=rsa,ecdsa-p256 names=shop.test,…
//         alpn=h2,http/1.1 client=none|optional|required strict=no|yes preference=client|server certificates=FOLDER
// What is not given is the stack's default. Every name gets a leaf of every key; root and leaves go to the
// folder `certificates`.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <list>
#include <map>

#include "base/text.hpp"
#include "certs/mint.hpp"
#include "net/connection.hpp"
#include "tls/stacks.hpp"

namespace {

using namespace bothends;
using wire::Registry;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "serve: %s\n", why.c_str());
  std::exit(2);
}

template <class T>
T value_of(Result<T> result) {
  if (!result) stop(result.error().what);
  return std::move(*result);
}

/// What was asked for on the command line.
class Words {
 public:
  Words(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      const auto at = word.find('=');
      if (at == std::string::npos) stop("\"" + word + "\" is not KEY=VALUE");
      values_[word.substr(0, at)] = word.substr(at + 1);
    }
  }

  std::string one(const std::string& key, const std::string& otherwise) const {
    const auto found = values_.find(key);
    return found == values_.end() ? otherwise : found->second;
  }
  std::vector<std::string> list(const std::string& key, const std::string& otherwise = {}) const {
    std::vector<std::string> parts;
    const std::string text = one(key, otherwise);
    for (std::size_t begin = 0; begin < text.size();) {
      const auto end = std::min(text.find(',', begin), text.size());
      parts.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return parts;
  }
  wire::Codes codes(const std::string& key, Registry registry) const {
    wire::Codes found;
    for (const auto& name : list(key)) {
      const auto code = wire::code_of(registry, name);
      if (!code) stop("no " + std::string(wire::noun(registry)) + " is called " + name);
      found.push_back(*code);
    }
    return found;
  }

 private:
  std::map<std::string, std::string> values_;
};

std::vector<tls::Credential> certificates(certs::Mint& mint, const Words& words) {
  std::vector<tls::Credential> made;
  for (const auto& name : words.list("names", "shop.test"))
    for (const auto& key_name : words.list("keys", "ecdsa-p256")) {
      const auto key = policy::key_of(key_name);
      if (!key) stop("no key is called " + key_name);
      made.push_back(value_of(mint.make({.name = name + " " + key_name, .key = *key, .names = {name}})));
    }
  return made;
}

tls::ServerSettings settings_of(certs::Mint& mint, const Words& words) {
  tls::ServerSettings settings;
  auto versions = words.codes("versions", Registry::version);
  std::sort(versions.begin(), versions.end());
  if (!versions.empty()) settings.min_version = versions.front(), settings.max_version = versions.back();
  settings.suites = words.codes("suites", Registry::suite);
  settings.groups = words.codes("groups", Registry::group);
  settings.signature_schemes = words.codes("schemes", Registry::signature_scheme);
  settings.alpn = words.list("alpn");
  settings.certificates = certificates(mint, words);
  settings.strict_sni = words.one("strict", "no") == "yes";
  settings.server_preference = words.one("preference", "client") == "server";
  const auto asked = policy::client_certificate_of(words.one("client", "none"));
  if (!asked) stop("client is none, optional or required");
  settings.client_certificate = *asked;
  settings.trust = {mint.root()};
  return settings;
}

/// The root and every leaf, for those who compare: root.der, 0.der, 1.der, …
void keep(const std::string& folder, const certs::Mint& mint, const tls::ServerSettings& settings) {
  const auto write = [&](const std::string& name, const Bytes& der) {
    std::ofstream(folder + "/" + name + ".der", std::ios::binary)
        .write(reinterpret_cast<const char*>(der.data()), static_cast<std::streamsize>(der.size()));
  };
  write("root", mint.root());
  for (std::size_t i = 0; i < settings.certificates.size(); ++i)
    write(std::to_string(i), settings.certificates[i].chain.front());
}

/// The connections that are open.
class Server {
 public:
  void take(std::unique_ptr<net::Connection> connection) {
    auto& held = connections_.emplace_back(std::move(connection));
    const auto at = std::prev(connections_.end());
    net::on(*held,
            {
                .data =
                    [this, at] {
                      if ((*at)->take_plain().empty()) return;
                      (*at)->write(octets("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n"));
                      (*at)->close();
                    },
                .ended = [this, at](const policy::Ending&) { connections_.erase(at); },
            });
  }

 private:
  static View octets(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  std::list<std::unique_ptr<net::Connection>> connections_;
};

}  // namespace

int main(int argc, char** argv) {
  const Words words(argc, argv);
  const tls::Stack* stack = tls::stack_named(words.one("stack", "openssl"));
  if (!stack) stop("no such stack");
  const auto mint = value_of(certs::Mint::create(std::chrono::system_clock::now()));
  const auto settings = settings_of(*mint, words);
  const auto context = value_of(stack->server(settings));
  if (const auto folder = words.one("certificates", ""); !folder.empty()) keep(folder, *mint, settings);

  net::Loop loop;
  Server server;
  const auto engine = [&]() -> std::unique_ptr<tls::Engine> {
    auto made = context->accept();
    return made ? std::move(*made) : nullptr;
  };
  const net::Deadlines deadlines{.handshake = net::milliseconds{10000}, .total = net::milliseconds{30000}};
  const auto listener = value_of(
      net::Listener::listen(loop, {"127.0.0.1", 0}, engine, deadlines,
                            [&](std::unique_ptr<net::Connection> connection) { server.take(std::move(connection)); }));
  bool over = false;
  net::Interrupt interrupt(loop, [&](int) { over = true; });
  std::printf("%u\n", listener->port());
  std::fflush(stdout);
  loop.run_until([&] { return over; });
  return 0;
}
