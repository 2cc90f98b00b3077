// Small good messages of every kind, built octet by octet and not with the encoders under test.
#pragma once

#include <string>
#include <vector>

#include "wire/hello.hpp"

namespace bothends::test {

/// A handshake message from its type and the hex of its body.
Bytes message(std::uint8_t type, const std::string& body_hex);
/// Length-prefixed, all in hex.
std::string v8(const std::string& hex);
std::string v16(const std::string& hex);
std::string v24(const std::string& hex);
std::string extension(const std::string& type_hex, const std::string& data_hex);
std::string text(std::string_view ascii);

/// Over TLS 1.3 with server_name, ALPN h2 and http/1.1, a GREASE extension and the usual lists.
Bytes client_hello();
Bytes client_hello_without_extensions();
Bytes server_hello_13();
Bytes server_hello_12();
Bytes retry_request();
Bytes encrypted_extensions();
Bytes certificate_13();
Bytes certificate_12();
Bytes certificate_request_13();
Bytes certificate_request_12();
Bytes certificate_request_11();
Bytes ecdhe_key_exchange_12();
Bytes ecdhe_key_exchange_11();
Bytes dhe_key_exchange_12();
Bytes certificate_verify();
Bytes finished();

std::vector<Bytes> all_messages();

}  // namespace bothends::test
