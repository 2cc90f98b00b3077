// A scenario file, read: every try with the whole stage it needs, after `with`, `[matrix]` and defaults were applied.
// The file's format is in docs/scenarios.md and schema/scenario.schema.json; DESIGN.md section 5 shows it.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>

#include "certs/mint.hpp"
#include "path/expect.hpp"
#include "policy/policy.hpp"
#include "proxy/setup.hpp"
#include "run/conduct.hpp"

namespace bothends::run {

/// The TLS settings that clients, origins, the proxy's front and its routes share. Keys: versions ("TLSv1.2" or a list
/// without gaps), suites, groups, signature_schemes, alpn. Empty: the stack's default.
struct TlsSpec {
  std::uint16_t min_version = 0;
  std::uint16_t max_version = 0;
  wire::Codes suites, groups, signature_schemes;
  std::vector<std::string> alpn;
};

/// `[client]` for all tries of the file, `client = {…}` in one try.
struct ClientSpec : TlsSpec {
  std::string stack = "openssl";  // key `stack`
  std::string like;               // key `like`: a profile of clients.toml: fills what the other keys leave open
  proxy::NameSource sni{proxy::NameSource::From::host, {}};  // key `sni`: "none", "host", or a name
  policy::Verify verify = policy::Verify::full;              // key `verify`: "none", "chain", "full"
  std::vector<std::string> trust = {"root"};  // key `trust`: certificate names; "root", "unknown-root" are there always
  std::string certificate;                    // key `certificate`: a name of [certs]; empty: none
  Conduct conduct;                            // of a fault
  Place place;
};

/// `[origin.NAME]`.
struct OriginSpec : TlsSpec {
  std::string name;
  std::string stack = "openssl";
  std::vector<std::string>
      certs;                 // names of [certs]; the first is the default; without the key: a good one for all hosts
  bool strict_sni = false;   // refuses unknown and absent names
  bool strict_host = false;  // answers 421 to a Host that the certificate chosen by SNI does not cover
  bool server_preference = false;
  policy::ClientCertificate client_certificate = policy::ClientCertificate::none;  // "none", "optional", "required"
  std::vector<std::string> trust = {"root"};                                       // for client certificates
  enum class Speaks { tls, http } speaks = Speaks::tls;                            // http: clear text
  // key `speaks`: "tls" · "http"; and, for what the faults of the same kind do, "nothing": accepts and stays silent ·
  // "garbage" · "half-record": the start of a TLS record, then silence · "refuses": nobody listens · "closes": FIN at
  // once
  Conduct conduct;
  unsigned status = 200;
  std::string body = "hello\n";
  http::Fields headers;
  std::string listen;  // key `listen`: ADDR:PORT; empty: 127.0.0.1, on a port of its own
  Place place;
};

/// `[proxy.routes."MATCH"]`.
struct RouteSpec : TlsSpec {
  std::string match;
  std::string to;  // an origin's name
  bool tls = true;
  std::string upstream;  // key `upstream`: how the proxy's configuration names the origin; empty: by its address
  std::string stack;     // embedded proxy only; empty: the proxy's
  proxy::NameSource sni{proxy::NameSource::From::host, {}};
  policy::Verify verify = policy::Verify::full;
  proxy::NameSource verify_name;  // key `verify_name`: "host" or a name; absent: the SNI, else the Host
  std::vector<std::string> trust = {"root"};
  std::string certificate;  // client certificate towards the origin
  Place place;
};

/// `[proxy]`: TlsSpec is its face towards the client.
struct ProxySpec : TlsSpec {
  std::string use = "builtin";     // a driver's name; "builtin"
  std::string address;             // HOST:PORT of one that already runs; then `use` is ignored
  std::string stack = "openssl";   // embedded proxy only
  std::vector<std::string> certs;  // without the key: a good one for the hosts of all tries
  bool strict_sni = false;
  bool told = true;  // key `setting`: "told", or "default": of its origins it is told only where they are
  policy::ClientCertificate client_certificate = policy::ClientCertificate::none;  // that clients must show
  std::vector<std::string> trust = {"root"};                                       // for client certificates
  std::optional<std::chrono::milliseconds> origin_timeout;                         // key `timeout`: "500ms", "2s"
  std::vector<RouteSpec> routes;
  std::map<std::string, Place> said;  // every key that the file says of the proxy and its routes ("routes.groups",
                                      // "strict_sni", "routes.sni=host" for words too): drivers decline by it
  Place place;
};

/// What must stand before tries can run. Tries of equal `key` share one.
struct StageSpec {
  std::vector<certs::Recipe> certs;  // in the file's order; then those made by default
  std::vector<OriginSpec> origins;
  ProxySpec proxy;
  std::vector<std::string> hosts;  // of all tries of the file
  std::string key;                 // equal exactly for equal stages of one file
  std::string proxy_key;           // equal for stages whose proxies are told the same but for where origins are
  const OriginSpec* origin(std::string_view name) const;
};

/// `[fault]` for all tries of the file, `fault = {…}` in one try: one word for one leg.
struct FaultSpec {
  path::Leg leg = path::Leg::origin;
  std::string name;  // of the catalogue (fault.hpp)
};

struct TrySpec {
  std::string name;                                          // key `name`; without it "try N"
  std::vector<std::pair<std::string, std::string>> variant;  // of the matrix
  StageSpec stage;                                           // with the fault in it, as is `client`
  ClientSpec client;
  std::optional<FaultSpec> fault;
  std::string no_fault;                    // why the fault strikes nothing here: the try is skipped
  std::shared_ptr<const TrySpec> control;  // with a fault: the same without it
  bool fresh = false;                      // key `fresh`, or the fault's: no proxy process is shared with other stages
  std::string url;                         // https://host[:port]/target; the port is only put into Host
  std::string host;                        // from url
  std::string host_field;                  // the Host sent: url's authority, or key `host`
  std::string method = "GET", target = "/";
  http::Fields headers;
  std::string body;
  std::chrono::milliseconds timeout{10000};     // key `timeout`
  std::vector<path::Expectation> expectations;  // key `expect`; flattened: {"client.agreed.version", …}
  Place place;
};

struct Scenario {
  std::string file;
  std::string title;
  std::vector<TrySpec> tries;
};

struct ReadOptions {
  std::string proxy;  // --proxy: takes the place of `use` in every stage that has no `address`
  std::map<std::string, std::vector<std::string>> matrix;  // --matrix KEY=A,B: added to the file's
};

/// Error{file, syntax, value} with file:line:column. Nothing is read but this file.
Result<Scenario> read_scenario(const std::filesystem::path& file, const ReadOptions& options);
/// The same from text; `name` is used in places.
Result<Scenario> parse_scenario(std::string_view text, const std::string& name, const ReadOptions& options);
/// Files as they are, folders searched for *.toml (not below folders called "failing"), sorted. Error{file} when a path
/// is missing or a folder holds none.
Result<std::vector<std::filesystem::path>> scenario_files(const std::vector<std::filesystem::path>& paths);

}  // namespace bothends::run
