// One ClientHello to ask an endpoint with, in code points, and what came back: what the survey and those who send its
// questions speak in. Randoms, key shares and sessions are the sender's.
#pragma once

#include "policy/handshake.hpp"

namespace bothends::policy {

struct Question {
  /// Highest first. With TLS 1.3 among them supported_versions is sent; else legacy_version says the first.
  wire::Codes versions;
  wire::Codes suites;
  wire::Codes groups;      // empty: the extension is not sent
  wire::Codes key_shares;  // TLS 1.3: a share is made for each; empty: an empty list, so a HelloRetryRequest must come
  wire::Codes schemes;     // empty: the extension is not sent
  std::vector<std::string> alpn;
  std::optional<std::string> sni;
  bool deflate = false;       // compression is offered
  bool grease = false;        // RFC 8701 values in every list
  std::size_t padded_to = 0;  // at least this many octets of ClientHello (RFC 7685)
  std::string like;           // a known client's id: its real hello is sent, with `sni`; nothing else above counts
  bool is_bare = false;       // no extension but those above, and none at all when those are empty (SSLv3)

  /// How much of the answer is wanted. `hello`: ServerHello or HelloRetryRequest, and what stood in the same flight in
  /// the clear. `flight`: all the server says before it waits for us; in TLS 1.3 decrypted. `whole`: a complete
  /// handshake by a real stack (`sni`, `versions`, `suites`, `groups`, `schemes`, `alpn` as far as it can), a moment to
  /// object to it, and then, with `resume`, a second one.
  enum class Until { hello, flight, whole } until = Until::hello;
  std::string stack;                                              // of a whole handshake; empty: the sender's choice
  enum class Resume { no, ticket, id, psk } resume = Resume::no;  // by session ticket or id up to TLS 1.2, PSK in 1.3
  std::optional<std::string> resume_sni;                          // of the second handshake; nullopt: the same
  friend bool operator==(const Question&, const Question&) = default;
};

struct Answer {
  /// `none` is neither yes nor no: nothing came, or nothing that makes sense; `how` says which.
  enum class Kind { accepted, refused, none } kind = Kind::none;
  Ending::How how = Ending::How::open;  // with `none` and `refused`: alert_received, eof, reset, timed_out, foreign, …
  std::optional<std::uint8_t> alert;    // refused; also of a server that objects after its ServerHello (`accepted`)
  std::string note;                     // printable; of a foreign protocol its first octets

  // As far as the answer goes, with `accepted`; zero or empty otherwise.
  std::uint16_t version = 0;
  std::uint16_t suite = 0;
  std::uint16_t group = 0;  // also of a HelloRetryRequest
  std::uint16_t scheme = 0;
  std::uint16_t dh_bits = 0;
  bool retry = false;   // it was a HelloRetryRequest
  bool flight = false;  // the server's flight is here to its end: what is not in it was not sent
  std::string alpn;
  bool compressed = false;
  bool secure_renegotiation = false;
  bool extended_master_secret = false;
  bool encrypt_then_mac = false;
  bool ticket = false;             // the ServerHello promises one, or (whole) one came
  std::vector<Bytes> chain;        // DER, as sent
  Bytes staple;                    // OCSPResponse, DER
  bool certificate_asked = false;  // of the client
  std::vector<Bytes> issuers;      // DER names that the client's certificate should come from
  wire::Codes request_schemes;

  // With Until::whole.
  Bytes hello;            // the first ClientHello of that stack; empty: it came to none
  bool complete = false;  // and was not objected to, be it by HTTP 400 where a certificate was asked for
  bool resumed = false;   // the second handshake resumed the first's session
  bool granted = false;   // there was a session to resume

  std::chrono::microseconds took{0};  // from the ClientHello to its answer
};

}  // namespace bothends::policy
