// Whatever file is said to hold a ClientHello: no crash, and the laws of a capture hold. For libFuzzer, and for the
// mutation test that calls it.
#include <cstdio>
#include <cstdlib>

#include "wire/capture.hpp"
#include "wire/extension_words.hpp"

using namespace bothends;
using namespace bothends::wire;

namespace {

void demand(bool law, const char* what) {
  if (law) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

bool is_printable(const std::string& text) { return text.find_first_of("\x1b\n\r\x07") == std::string::npos; }

void look_at(const CapturedHello& one, std::size_t size) {
  demand(one.found.hello.has_value() == one.found.problem.empty(), "either it is read or a problem says why not");
  demand(one.found.begin <= one.found.end, "it ends after its beginning");
  demand(one.found.message.size() <= size, "no octets are made up");
  demand(one.packet <= one.last_packet, "packets are in order");
  demand(is_printable(one.found.problem) && is_printable(one.stream), "what is said is printable");
  if (!one.found.hello || !one.found.hello->extensions) return;
  demand(encode(*one.found.hello) == one.found.message, "a hello is what was captured");
  for (const auto& extension : *one.found.hello->extensions)
    for (const auto& value : words_of(extension).values) demand(is_printable(value), "words are printable");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto capture = read_capture({data, size});
  demand(capture.hellos.empty() == !capture.nothing.empty(), "there is a hello, or a sentence says why not");
  demand(is_printable(capture.nothing) && is_printable(capture.form), "the sentence is printable");
  for (const auto& note : capture.notes) demand(is_printable(note), "notes are printable");
  for (const auto& one : capture.hellos) look_at(one, size);
  return 0;
}
