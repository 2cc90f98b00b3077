#include <doctest/doctest.h>

#include "http/http1.hpp"

using namespace bothends;
using namespace bothends::http;

TEST_CASE("fields are found ignoring case") {
  const Fields fields{{"Host", "a"}, {"HOST", "b"}};
  CHECK(find(fields, "host") == "a");
  CHECK_FALSE(find(fields, "hos"));
}

TEST_CASE("heads are written as they are given") {
  CHECK(text_of(head(Request{"GET", "/x", 0, {{"Host", "a.test"}, {"a", ""}}, "", false})) ==
        "GET /x HTTP/1.0\r\nHost: a.test\r\na: \r\n\r\n");
  CHECK(text_of(head(Response{404, "", 1, {}, "", false})) == "HTTP/1.1 404 Not Found\r\n\r\n");
  CHECK(text_of(head(Response{599, "", 1, {}, "", false})) == "HTTP/1.1 599 \r\n\r\n");
  CHECK(text_of(head(Response{200, "Fine", 1, {}, "", false})) == "HTTP/1.1 200 Fine\r\n\r\n");
}

TEST_CASE("whole messages get the length they need") {
  CHECK(text_of(whole(Request{})) == "GET / HTTP/1.1\r\n\r\n");
  CHECK(text_of(whole(Request{"POST", "/", 1, {}, "hi", false})) == "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi");
  CHECK(text_of(whole(Response{200, "", 1, {}, "", false})) == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(text_of(whole(Response{204, "", 1, {}, "", false})) == "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(text_of(whole(Response{200, "", 1, {{"content-length", "9"}}, "hi", false})) ==
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi");
  CHECK(text_of(whole(Response{200, "", 1, {{"Transfer-Encoding", "chunked"}}, "hi", false})) ==
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
}

TEST_CASE("what is written is read again as it was") {
  const Request request{"POST", "/", 1, {{"Host", "a.test"}, {"Content-Length", "2"}}, "hi", false};
  Reader reader(Reader::Kind::request);
  CHECK(reader.feed(whole(request)) == Reader::State::done);
  Request again = reader.request();
  again.body = text_of(reader.take_body());
  CHECK(again == request);
}

TEST_CASE("fields of one connection go, also those that it names, but never Host and Content-Length") {
  Fields fields{{"Host", "a"},
                {"Connection", "close, X-Mine ,host"},
                {"x-mine", "1"},
                {"Keep-Alive", "5"},
                {"TE", "trailers"},
                {"Transfer-Encoding", "chunked"},
                {"Upgrade", "h2c"},
                {"Content-Length", "1"},
                {"connection", "content-length"},
                {"Proxy-Connection", "x"},
                {"X-Yours", "2"}};
  remove_hop_by_hop(fields);
  CHECK(fields == Fields{{"Host", "a"}, {"Content-Length", "1"}, {"X-Yours", "2"}});
}
