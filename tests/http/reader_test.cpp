#include <doctest/doctest.h>

#include "http/http1.hpp"

using namespace bothends;
using namespace bothends::http;
using Kind = Reader::Kind;
using State = Reader::State;
using Framing = Reader::Framing;

namespace {

/// Everything that a Reader makes of some octets, as one text that can be compared.
std::string read(Kind kind, std::string_view octets, std::size_t piece, bool ends = true) {
  Reader reader(kind);
  std::string told, body;
  const auto finish_message = [&] {
    while (reader.state() == State::done) {
      body += text_of(reader.take_body());
      told += text_of(kind == Kind::request ? head(reader.request()) : head(reader.response()));
      told += "[" + body + "]" + (reader.keeps_alive() ? "+" : "-") + "\n";
      body.clear();
      reader.next();
    }
    body += text_of(reader.take_body());
  };
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    reader.feed(view_of(octets.substr(at, piece)));
    finish_message();
  }
  if (ends) reader.end();
  finish_message();
  return told + (reader.state() == State::malformed ? "malformed: " + reader.malformed() : body);
}

std::string why_malformed(Kind kind, std::string_view octets) {
  Reader reader(kind);
  reader.feed(view_of(octets));
  return reader.state() == State::malformed ? reader.malformed() : "";
}

bool good_request(std::string_view octets) {
  Reader reader(Kind::request);
  return reader.feed(view_of(octets)) == State::done;
}

std::string with_fields(std::string_view fields) { return "POST / HTTP/1.1\r\n" + std::string(fields) + "\r\n"; }

}  // namespace

TEST_CASE("a request as it was sent") {
  Reader reader(Kind::request);
  CHECK_FALSE(reader.begun());
  CHECK(reader.feed(view_of("GET /a?b HTTP/1.1\r\nHost: a.test\r\nX: 1\r\nx:\t2 \r\nEmpty:\r\n\r\n")) == State::done);
  const Request& request = reader.request();
  CHECK(request.method == "GET");
  CHECK(request.target == "/a?b");
  CHECK(request.minor_version == 1);
  CHECK(request.fields == Fields{{"Host", "a.test"}, {"X", "1"}, {"x", "2"}, {"Empty", ""}});
  CHECK(request.host() == "a.test");
  CHECK(reader.framing() == Framing::none);
  CHECK(reader.keeps_alive());
}

TEST_CASE("bodies by length, by chunks and until the end") {
  Reader sized(Kind::request);
  CHECK(sized.feed(view_of("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel")) == State::body);
  CHECK(sized.framing() == Framing::sized);
  CHECK(sized.length() == 5);
  CHECK(text_of(sized.take_body()) == "hel");
  CHECK(sized.feed(view_of("lo")) == State::done);
  CHECK(text_of(sized.take_body()) == "lo");

  Reader chunked(Kind::response);
  chunked.feed(view_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"));
  CHECK(chunked.framing() == Framing::chunked);
  CHECK(chunked.feed(view_of("5;a=\"b\" ; c\r\nhello\r\nA\r\n, world!!!\r\n0\r\nTrailer: x\r\n\r\n")) == State::done);
  CHECK(text_of(chunked.take_body()) == "hello, world!!!");
  CHECK(chunked.response().fields.size() == 1);

  Reader open(Kind::response);
  CHECK(open.feed(view_of("HTTP/1.0 200 \r\n\r\nto the end")) == State::body);
  CHECK(open.framing() == Framing::until_close);
  CHECK(open.end() == State::done);
  CHECK(text_of(open.take_body()) == "to the end");
  CHECK_FALSE(open.keeps_alive());
}

TEST_CASE("responses that have no body, whatever they say") {
  for (const char* status : {"204 No Content", "304 Not Modified", "100 Continue", "103 Early Hints"}) {
    Reader reader(Kind::response);
    CHECK(reader.feed(view_of("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 5\r\n\r\n")) == State::done);
    CHECK(reader.interim() == (status[0] == '1'));
  }
  Reader head(Kind::response);
  head.expect_no_body();
  CHECK(head.feed(view_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")) == State::done);
  CHECK(head.interim());
  CHECK(head.next() == State::done);
  CHECK(head.response().status == 200);
  CHECK(head.next() == State::head);
  CHECK(head.feed(view_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")) == State::body);
}

TEST_CASE("what follows a message waits for next()") {
  Reader reader(Kind::request);
  CHECK(reader.feed(view_of("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET")) == State::done);
  CHECK(reader.request().target == "/1");
  CHECK(reader.pending() == 22);
  CHECK(reader.next() == State::done);
  CHECK(reader.request().target == "/2");
  CHECK(reader.next() == State::head);
  CHECK(reader.begun());
}

TEST_CASE("connections that stay and connections that do not") {
  const auto stays = [](std::string_view octets) {
    Reader reader(Kind::request);
    REQUIRE(reader.feed(view_of(octets)) == State::done);
    return reader.keeps_alive();
  };
  CHECK(stays("GET / HTTP/1.1\r\n\r\n"));
  CHECK_FALSE(stays("GET / HTTP/1.1\r\nConnection: foo, Close\r\n\r\n"));
  CHECK_FALSE(stays("GET / HTTP/1.0\r\n\r\n"));
  CHECK(stays("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  CHECK_FALSE(stays("GET / HTTP/1.1\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n"));
}

TEST_CASE("start lines that are none") {
  for (const char* line :
       {"GET /", "GET / HTTP/1.1 ", "GET  / HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.2", "GET / HTTP/2.0",
        "GET / http/1.1", "GET / HTTP/1.11", "G@T / HTTP/1.1", "GET a HTTP/1.1", "GET  HTTP/1.1", "GET /a b HTTP/1.1",
        "GET /#f HTTP/1.1", "GET * HTTP/1.1", "GET /\xc3\xa4 HTTP/1.1", "GET ftp://a/ HTTP/1.1", "CONNECT / HTTP/1.1",
        "GET http:// HTTP/1.0x", "HTTP/1.1 200 OK"})
    CHECK_MESSAGE(why_malformed(Kind::request, std::string(line) + "\r\n\r\n") != "", line);
  for (const char* line : {"GET / HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT a.test:443 HTTP/1.1", "M-SEARCH / HTTP/1.0",
                           "GET http://a.test/x HTTP/1.1", "GET HTTPS://a.test HTTP/1.1"})
    CHECK_MESSAGE(good_request(std::string(line) + "\r\n\r\n"), line);
  for (const char* line : {"HTTP/1.1 200", "HTTP/1.1  200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 +20 OK",
                           "HTTP/1.1 099 Low", "HTTP/3.1 200 OK", "http/1.1 200 OK", "SSH-2.0-OpenSSH", "200 OK"})
    CHECK_MESSAGE(why_malformed(Kind::response, std::string(line) + "\r\n\r\n") != "", line);
  CHECK(why_malformed(Kind::response, "HTTP/1.1 200 \r\n") == "");
  CHECK(why_malformed(Kind::response, "HTTP/1.1 799 Odd but well formed\r\n") == "");
}

TEST_CASE("one empty line before a request is overlooked, a second one is not, nor is any before a response") {
  CHECK(good_request("\r\nGET / HTTP/1.1\r\n\r\n"));
  CHECK(why_malformed(Kind::request, "\r\n\r\nGET / HTTP/1.1\r\n\r\n") != "");
  CHECK(why_malformed(Kind::response, "\r\nHTTP/1.1 200 OK\r\n\r\n") != "");
}

TEST_CASE("fields that are none") {
  for (const char* fields : {"A : b\r\n", " A: b\r\n", "A: b\r\n c\r\n", "A: b\r\n\tc\r\n", "A\r\n", ": b\r\n",
                             "A: b\n", "A: b\rc\r\n", "A(: b\r\n", "A: b\x01\r\n", "A: \x7f\r\n", "\xc3\xa4: b\r\n"})
    CHECK_MESSAGE(why_malformed(Kind::request, with_fields(fields)) != "", fields);
  CHECK(why_malformed(Kind::request, with_fields(std::string_view("A: b\0c\r\n", 9))) == "control character 0x00");
  CHECK(good_request(with_fields("A: caf\xc3\xa9\r\n")));
  CHECK(good_request(with_fields("A: tab\there\r\n")));
}

TEST_CASE("framing that could be read in two ways is refused") {
  for (const char* fields :
       {"Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n",
        "Content-Length: -5\r\n", "Content-Length: 0x5\r\n", "Content-Length: 5 5\r\n", "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n", "Content-Length: 9223372036854775808\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding:\r\n"})
    CHECK_MESSAGE(why_malformed(Kind::request, with_fields(fields)) != "", fields);
  CHECK(why_malformed(Kind::request, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") != "");
  CHECK(good_request(with_fields("Content-Length: 0\r\nContent-Length: 0\r\n")));
}

TEST_CASE("chunks that are none") {
  for (const char* body : {"\r\n", "g\r\n", "-1\r\n", "0x1\r\na\r\n", "1 \r\na\r\n", " 1\r\na\r\n", "1\r\nab\r\n",
                           "1\na\r\n", "1\r\na\n", "1 x\r\na\r\n", "FFFFFFFFFFFFFFFFF\r\n", "8000000000000000\r\n",
                           "0\r\nbad trailer\r\n", "0\r\nA: b\r\n c\r\n", "1,2\r\na\r\n"})
    CHECK_MESSAGE(why_malformed(Kind::request, with_fields("Transfer-Encoding: chunked\r\n") + body) != "", body);
}

TEST_CASE("heads, chunk extensions and trailers are bounded") {
  const std::string chunked = with_fields("Transfer-Encoding: chunked\r\n");
  CHECK(why_malformed(Kind::request, std::string(70000, 'A')) != "");
  CHECK(why_malformed(Kind::request, "GET /" + std::string(70000, 'a')) != "");
  CHECK(why_malformed(Kind::request, with_fields("A: " + std::string(70000, 'a') + "\r\n")) != "");
  std::string many;
  for (int i = 0; i < 257; ++i) many += "A: b\r\n";
  CHECK(why_malformed(Kind::request, with_fields(many)) == "too many fields");
  CHECK(good_request(with_fields(many.substr(6))));
  CHECK(why_malformed(Kind::request, chunked + "1;" + std::string(5000, 'x')) != "");
  CHECK(why_malformed(Kind::request, chunked + "0\r\n" + many + "\r\n") != "");
  std::string extended;
  for (int i = 0; i < 40; ++i) extended += "1;" + std::string(2000, 'x') + "\r\na\r\n";
  CHECK(why_malformed(Kind::request, chunked + extended) != "");
  std::string plain;
  for (int i = 0; i < 100000; ++i) plain += "1\r\na\r\n";
  CHECK(good_request(chunked + plain + "0\r\n\r\n"));
}

TEST_CASE("a message that is cut off is malformed at the end of the stream") {
  const std::string all = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
  for (std::size_t size = 1; size <= all.size(); ++size) {
    Reader reader(Kind::request);
    reader.feed(view_of(all.substr(0, size)));
    CHECK(reader.end() == (size == all.size() ? State::done : State::malformed));
  }
  Reader nothing(Kind::request);
  CHECK(nothing.end() == State::head);
  Reader chunked(Kind::response);
  chunked.feed(view_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"));
  CHECK(chunked.end() == State::malformed);
  CHECK(chunked.feed(view_of("0\r\n\r\n")) == State::malformed);
}

TEST_CASE("how the octets are cut up changes nothing, also when they are wrong") {
  const std::vector<std::pair<Kind, std::string>> seeds{
      {Kind::request,
       "\r\nPOST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: u\r\n\r\n"
       "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nPUT / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbodyGET"},
      {Kind::response,
       "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nHTTP/1.0 200 OK\r\n\r\nthe rest"}};
  std::uint32_t state = 12345;
  const auto random = [&](std::size_t below) {
    state = state * 1664525 + 1013904223;
    return static_cast<std::size_t>(state >> 8) % below;
  };
  for (const auto& [kind, seed] : seeds) {
    CHECK(read(kind, seed, seed.size()) == read(kind, seed, 1));
    for (std::size_t cut = 1; cut < seed.size(); ++cut) REQUIRE(read(kind, seed, cut) == read(kind, seed, seed.size()));
    for (int round = 0; round < 4000; ++round) {
      std::string mutant = seed;
      for (std::size_t changes = 1 + random(3); changes > 0; --changes) {
        const std::size_t at = random(mutant.size());
        switch (random(4)) {
          case 0:
            mutant[at] = static_cast<char>(random(256));
            break;
          case 1:
            mutant.erase(at, 1 + random(4));
            break;
          case 2:
            mutant.insert(at, 1, "\r\n :;,0\t"[random(8)]);
            break;
          default:
            mutant.insert(at, mutant.substr(random(mutant.size()), random(20)));
        }
      }
      const std::string whole = read(kind, mutant, mutant.size());
      REQUIRE(whole == read(kind, mutant, 1));
      REQUIRE(whole == read(kind, mutant, 1 + random(30)));
    }
  }
}
