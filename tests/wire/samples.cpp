#include "tests/wire/samples.hpp"

#include <fmt/format.h>

namespace bothends::test {
namespace {

const std::string random_octets(64, 'a');
const std::string retry_random = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

std::string counted(int digits, const std::string& hex) { return fmt::format("{:0{}x}", hex.size() / 2, digits) + hex; }

std::string hello_extensions() {
  return extension("0a0a", "") + extension("0000", v16("00" + v16(text("shop.test")))) +
         extension("0010", v16(v8(text("h2")) + v8(text("http/1.1")))) + extension("000a", v16("2a2a001d0017")) +
         extension("000b", v8("00")) + extension("000d", v16("040308040401")) + extension("002b", v8("1a1a03040303")) +
         extension("0033", v16("2a2a" + v16("00") + "001d" + v16(std::string(64, '7')))) + extension("002d", v8("01")) +
         extension("ff01", v8(""));
}

}  // namespace

Bytes message(std::uint8_t type, const std::string& body_hex) {
  return from_hex(fmt::format("{:02x}", type) + v24(body_hex)).value();
}
std::string v8(const std::string& hex) { return counted(2, hex); }
std::string v16(const std::string& hex) { return counted(4, hex); }
std::string v24(const std::string& hex) { return counted(6, hex); }
std::string extension(const std::string& type_hex, const std::string& data_hex) { return type_hex + v16(data_hex); }
std::string text(std::string_view ascii) { return to_hex(view_of(ascii)); }

Bytes client_hello() {
  return message(1, "0303" + random_octets + v8("0102") + v16("3a3a1301c02f00ff") + v8("00") + v16(hello_extensions()));
}
Bytes client_hello_without_extensions() {
  return message(1, "0300" + random_octets + v8("") + v16("0035000a") + v8("0100"));
}
Bytes server_hello_13() {
  auto extensions = extension("002b", "0304") + extension("0033", "001d" + v16(std::string(64, '5')));
  return message(2, "0303" + random_octets + v8("0102") + "130100" + v16(extensions));
}
Bytes server_hello_12() {
  auto extensions = extension("ff01", "00") + extension("0010", v16(v8(text("http/1.1"))));
  return message(2, "0303" + random_octets + v8("") + "c02f00" + v16(extensions));
}
Bytes retry_request() {
  auto extensions = extension("002b", "0304") + extension("0033", "0017");
  return message(2, "0303" + retry_random + v8("0102") + "130100" + v16(extensions));
}
Bytes encrypted_extensions() { return message(8, v16(extension("0010", v16(v8(text("h2")))) + extension("0000", ""))); }
Bytes certificate_13() {
  return message(11, v8("") + v24(v24("3003020101") + v16(extension("0005", "01000000")) + v24("300302") + v16("")));
}
Bytes certificate_12() { return message(11, v24(v24("3003020101") + v24("300302"))); }
Bytes certificate_request_13() {
  auto authorities = extension("002f", v16(v16("3001") + v16("3002aa")));
  return message(13, v8("0909") + v16(extension("000d", v16("04030804")) + authorities));
}
Bytes certificate_request_12() { return message(13, v8("0140") + v16("04030804") + v16(v16("3001") + v16("3002aa"))); }
Bytes certificate_request_11() { return message(13, v8("0102") + v16(v16("3001"))); }
Bytes ecdhe_key_exchange_12() { return message(12, "03001d" + v8(std::string(64, '4')) + "0804" + v16("abcd")); }
Bytes ecdhe_key_exchange_11() { return message(12, "030017" + v8("04aabb") + v16("abcd")); }
Bytes dhe_key_exchange_12() {
  return message(12, v16("00ffee" + std::string(508, '1')) + v16("02") + v16("33") + "0401" + v16("abcd"));
}
Bytes certificate_verify() { return message(15, "0403" + v16("3006020101020101")); }
Bytes finished() { return message(20, std::string(24, 'f')); }

std::vector<Bytes> all_messages() {
  return {client_hello(),           client_hello_without_extensions(),
          server_hello_13(),        server_hello_12(),
          retry_request(),          encrypted_extensions(),
          certificate_13(),         certificate_12(),
          certificate_request_13(), certificate_request_12(),
          certificate_request_11(), ecdhe_key_exchange_12(),
          ecdhe_key_exchange_11(),  dhe_key_exchange_12(),
          certificate_verify(),     finished()};
}

}  // namespace bothends::test
