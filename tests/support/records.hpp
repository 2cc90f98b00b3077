// PathRecords told by hand: transcripts made of real messages, so that whatever reads them is tested as it will be
// used.
//
//   auto record = a_record();                       // a healthy path: GET / on both legs, 200
//   record.origins = {Story(path::Leg::origin).handshake({.sni =
//   std::nullopt}).closes(Party::client).ends(How::closed)};
#pragma once

#include "path/path_record.hpp"

namespace bothends::support {

/// A ClientHello in a few words. An empty list leaves the extension out.
struct Hello {
  wire::Codes versions{wire::tls1_3, wire::tls1_2};
  wire::Codes suites{0x1301, 0xc02f};
  wire::Codes groups{0x001d, 0x0017};
  wire::Codes key_shares{0x001d};
  wire::Codes schemes{0x0403, 0x0804};
  std::vector<std::string> alpn;
  std::optional<std::string> sni = "shop.test";
};
wire::ClientHello client_hello(const Hello& hello);

/// What the server settles on.
struct Settled {
  std::uint16_t version = wire::tls1_3;
  std::uint16_t suite = 0x1301;
  std::uint16_t group = 0x001d;
  std::uint16_t scheme = 0x0403;
  std::string alpn;
  bool resumed = false;
  bool retry = false;
  bool asks_certificate = false;
  bool client_certificate = false;  // it was asked for and a non-empty one was sent
};

/// One connection as our end of `leg` saw it: the client's end on the client leg, the origin's on the origin leg.
/// Every call adds to the end, events a millisecond apart.
class Story {
 public:
  using Party = policy::Party;
  using How = policy::Ending::How;

  explicit Story(path::Leg leg, std::string name = {});

  Story& hello(const Hello& hello = {});
  Story& retry(const Settled& settled = {});
  Story& server_hello(const Settled& settled = {});
  /// TLS 1.3: EncryptedExtensions, Certificate …; TLS 1.2: Certificate, ServerKeyExchange … up to the server's last
  /// word.
  Story& server_flight(const Settled& settled = {});
  /// The client's answer, and in TLS 1.2 the server's Finished.
  Story& client_flight(const Settled& settled = {});
  /// All of the above.
  Story& handshake(const Hello& hello = {}, const Settled& settled = {});
  Story& message(Party by, std::uint8_t type, View body);

  Story& alert(Party by, std::uint8_t description, std::uint8_t level = wire::fatal);
  Story& closes(Party by) { return alert(by, wire::close_notify, wire::warning); }
  Story& exchange(http::Request request, std::optional<http::Response> response);
  /// Our own examination of this leg's server's chain.
  Story& chain(policy::ChainVerdict verdict);
  /// What the engine of our end made of its peer's chain.
  Story& engine_chain(policy::ChainVerdict verdict);
  /// The stage is what transcript and exchanges tell; the alert of alert_sent and alert_received is the transcript's.
  Story& ends(How how, std::string note = {});

  operator path::Observation() const { return seen_; }
  path::Observation& seen() { return seen_; }

 private:
  Story& event(Party by, std::uint8_t type, Bytes bytes, bool encrypted);
  Story& server_flight12(const Settled& settled);

  path::Observation seen_;
};

policy::ChainVerdict a_chain(std::vector<policy::ChainProblem> problems = {}, std::string name = "shop.test");
http::Request a_request(std::string host = "shop.test", std::string target = "/");
http::Response a_response(unsigned status = 200, std::string body = "hello from shop");

path::Observation a_client(unsigned status = 200);
path::Observation an_origin(unsigned status = 200);
/// https://shop.test/ through the built-in proxy to the origin "shop", all well.
path::PathRecord a_record();

}  // namespace bothends::support
