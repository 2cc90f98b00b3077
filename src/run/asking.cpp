#include "run/asking.hpp"

#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "policy/suite.hpp"
#include "run/client_hellos.hpp"
#include "wire/codes.hpp"

namespace bothends::run {

namespace {

using policy::Answer;
using policy::Ending;
using policy::Question;
using std::chrono::milliseconds;

constexpr milliseconds patience{500};        // for an objection to a complete handshake, and for a ticket
constexpr unsigned patient_round_trips = 3;  // or as long as these take
constexpr milliseconds glance{25};
constexpr std::size_t most_contexts = 64;

Result<Bytes> chance(std::size_t size) {
  Bytes octets(size);
  if (getrandom(octets.data(), octets.size(), 0) != static_cast<ssize_t>(size))
    return fail(ErrorCode::resource, "the system gives no random numbers");
  return octets;
}

wire::Codes both(wire::Codes one, const wire::Codes& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

Result<wire::Codes> known(const wire::Codes& wanted, const wire::Codes& can, std::string_view stack,
                          wire::Registry registry) {
  wire::Codes left;
  std::ranges::copy_if(wanted, std::back_inserter(left),
                       [&](std::uint16_t code) { return std::ranges::find(can, code) != can.end(); });
  if (left.empty() && !wanted.empty())
    return fail(ErrorCode::tls, std::string(stack) + " has no such " + std::string(wire::noun(registry)) + ": " +
                                    wire::name(registry, wanted.front()));
  return left;
}

/// A question without suites means any: also those that a stack offers only when told to, but for anonymous ones.
wire::Codes suites_that_authenticate(const tls::Capabilities& can) {
  wire::Codes suites = both(can.suites, can.suites_on_request);
  std::erase_if(suites, [](std::uint16_t code) {
    return policy::suite_of(code).authentication == policy::Authentication::other;
  });
  return suites;
}

/// What of a question a stack's settings depend on.
Question relevant(const Question& question) {
  Question rest;
  rest.stack = question.stack;
  rest.versions = question.versions;
  rest.suites = question.suites;
  rest.groups = question.groups;
  rest.schemes = question.schemes;
  rest.alpn = question.alpn;
  const bool by_id = question.resume == Question::Resume::id;
  rest.resume = by_id ? Question::Resume::id : Question::Resume::no;
  return rest;
}

Result<tls::ClientSettings> settings_of(const Question& question, const tls::Stack& stack) {
  using wire::Registry;
  const tls::Capabilities& can = stack.can();
  if (question.versions.empty()) return fail(ErrorCode::value, "a question without a version");
  auto suites = known(question.suites, both(can.suites, can.suites_on_request), stack.name(), Registry::suite);
  if (!suites) return tl::unexpected(suites.error());
  auto groups = known(question.groups, both(can.groups, can.groups_on_request), stack.name(), Registry::group);
  if (!groups) return tl::unexpected(groups.error());
  auto schemes = known(question.schemes, can.signature_schemes, stack.name(), Registry::signature_scheme);
  if (!schemes) return tl::unexpected(schemes.error());
  tls::ClientSettings settings;
  settings.min_version = *std::ranges::min_element(question.versions);
  settings.max_version = *std::ranges::max_element(question.versions);
  settings.suites = suites->empty() ? suites_that_authenticate(can) : std::move(*suites);
  settings.groups = std::move(*groups);
  settings.signature_schemes = std::move(*schemes);
  settings.alpn = question.alpn;
  settings.tickets = question.resume != Question::Resume::id;
  return settings;
}

bool has_ticket(const wire::Transcript& transcript) { return transcript.message(wire::new_session_ticket) != nullptr; }

}  // namespace

/// One connection. It belongs to an asking until that has its answer, then to the tools.
struct AskingTools::Talk {
  Talk(AskingTools& of, Asking& by) : tools(of), asking(&by), crowd(by.way_.crowd) {
    ++tools.talks_;
    if (crowd) ++crowd->size_;
  }
  ~Talk() {
    connection.reset();
    if (crowd) --crowd->size_;
    --tools.talks_;
  }
  Talk(const Talk&) = delete;
  void connect(const Way& way, std::unique_ptr<tls::Engine> engine);
  const tls::Engine& engine() const { return connection->engine(); }

  AskingTools& tools;
  Asking* asking;  // nullptr: parting
  std::shared_ptr<Crowd> crowd;
  std::list<std::unique_ptr<Talk>>::iterator at;  // among those that part
  std::unique_ptr<net::Connection> connection;
};

void AskingTools::Talk::connect(const Way& way, std::unique_ptr<tls::Engine> engine) {
  if (way.proxy_protocol != ProxyProtocol::none)
    engine = with_prefix(std::move(engine), [this, way] {
      return proxy_header(way.proxy_protocol, connection->local(), connection->peer());
    });
  connection = net::Connection::connect(tools.loop_, way.to, std::move(engine),
                                        {.handshake = way.timeout, .total = way.timeout + 2 * patience},
                                        {
                                            .opened = [this] { asking ? asking->opened() : void(); },
                                            .data =
                                                [this] {
                                                  const Bytes plain = connection->take_plain();
                                                  if (asking) asking->data(plain);
                                                },
                                            .decided =
                                                [this](const Ending& ending) {
                                                  if (asking) asking->decided(ending);
                                                },
                                            .ended =
                                                [this](const Ending&) {
                                                  if (asking) return asking->ended();
                                                  tools.drop(*this);
                                                },
                                        });
}

AskingTools::AskingTools(net::Loop& loop, const tls::Stack& stack) : loop_(loop), stack_(stack) {}
AskingTools::~AskingTools() = default;

void AskingTools::part(std::unique_ptr<Talk> talk) {
  talk->asking = nullptr;
  const auto at = partings_.insert(partings_.end(), std::move(talk));
  (*at)->at = at;
}

void AskingTools::drop(const Talk& talk) {
  const auto crowd = talk.crowd;
  partings_.erase(talk.at);
  if (crowd && crowd->gone_) crowd->gone_();
}

Result<std::shared_ptr<const tls::KeyShare>> AskingTools::share(std::uint16_t group) {
  if (const auto made = shares_.find(group); made != shares_.end()) return made->second;
  auto share = tls::key_share(group);
  if (share) shares_.emplace(group, *share);
  return share;
}

Result<void> AskingTools::add_shares(const wire::Codes& groups, tls::HelloSettings& settings) {
  for (const std::uint16_t group : groups) {
    auto made = share(group);
    if (!made) return tl::unexpected(made.error());
    settings.shares.push_back(std::move(*made));
  }
  return {};
}

Result<wire::ClientHello> AskingTools::like(const Question& question, tls::HelloSettings& settings, View random) {
  const auto profile = client_profile(question.like);
  if (!profile) return tl::unexpected(profile.error());
  if (auto added = add_shares((*profile)->key_shares, settings); !added) return tl::unexpected(added.error());
  settings.record_version = (*profile)->record_version;
  return hello_of(**profile, question.sni, settings.shares, random);
}

Result<tls::HelloSettings> AskingTools::hello(const Question& question) {
  tls::HelloSettings settings;
  constexpr std::size_t random_and_session_id = 64;
  const auto random = chance(random_and_session_id);
  if (!random) return tl::unexpected(random.error());
  settings.until = question.until;
  if (!question.like.empty()) {
    auto hello = like(question, settings, *random);
    if (!hello) return tl::unexpected(hello.error());
    settings.hello = std::move(*hello);
    return settings;
  }
  if (auto added = add_shares(question.key_shares, settings); !added) return tl::unexpected(added.error());
  settings.hello = tls::hello_of(question, settings.shares, *random);
  return settings;
}

Result<AskingTools::Context> AskingTools::context(const Question& question) {
  const Question key = relevant(question);
  const auto made = std::ranges::find(contexts_, key, &std::pair<Question, Context>::first);
  if (made != contexts_.end()) return made->second;
  const tls::Stack* stack = question.stack.empty() ? &stack_ : tls::stack_named(question.stack);
  if (!stack) return fail(ErrorCode::value, "there is no stack " + question.stack);
  const auto settings = settings_of(question, *stack);
  if (!settings) return tl::unexpected(settings.error());
  auto context = stack->client(*settings);
  if (!context) return context;
  if (contexts_.size() >= most_contexts) contexts_.pop_front();
  contexts_.emplace_back(key, *context);
  return context;
}

Asking::Asking(AskingTools& tools, Way way, Question question, std::function<void(Answer)> done)
    : tools_(tools), way_(std::move(way)), question_(std::move(question)), done_(std::move(done)) {
  if (question_.until == Question::Until::whole) step_ = Step::whole;
  begin();
}

Asking::~Asking() = default;

void Asking::begin() {
  auto made = engine();
  if (!made) return cannot(made.error());
  talk_ = std::make_unique<AskingTools::Talk>(tools_, *this);
  talk_->connect(way_, std::move(*made));
}

Result<std::unique_ptr<tls::Engine>> Asking::engine() {
  if (step_ != Step::hello) return stack_engine();
  auto settings = tools_.hello(question_);
  if (!settings) return tl::unexpected(settings.error());
  return tls::hello(std::move(*settings));
}

Result<std::unique_ptr<tls::Engine>> Asking::stack_engine() {
  const auto context = tools_.context(question_);
  if (!context) return tl::unexpected(context.error());
  tls::Peer peer{.sni = question_.sni, .name = {}, .session = session_};
  if (step_ == Step::again && question_.resume_sni) peer.sni = question_.resume_sni;
  return (*context)->connect(peer);
}

void Asking::cannot(const Error& error) {
  answer_.kind = Answer::Kind::none;
  answer_.how = Ending::How::failed;
  answer_.note = error.what;
  timer_ = std::make_unique<net::Timer>(tools_.loop_, milliseconds{0}, [this] { finish(); });
}

/// Up to TLS 1.2 the server's Finished is its last word on the handshake. In TLS 1.3 it judges the client's certificate
/// when we are done already (RFC 8446 sections 4.4.2.4 and 6.2): what it says to a request, or a moment of silence,
/// shows that it has no objection. And nginx, in every version, misses a certificate by a status of HTTP.
void Asking::opened() {
  if (step_ == Step::hello) return;
  const auto agreement = talk_->connection->handshake().agreement();
  may_object_ = agreement && agreement->client_certificate_asked;
  const bool tls13 = agreement && agreement->version >= wire::tls1_3;
  if (step_ == Step::again || !(tls13 || may_object_)) return satisfied();
  const milliseconds wait = time_to_object();
  talk_->connection->extend(wait + 2 * patience);
  glances_ = static_cast<unsigned>(wait / glance);
  timer_ = std::make_unique<net::Timer>(tools_.loop_, glance, [this] { look(); });
  const std::string host = question_.sni.value_or(way_.to.text());
  talk_->connection->write(view_of("HEAD / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"));
}

/// What is asked waits half as long again as Way::timeout for an answer, the handshake included.
milliseconds Asking::time_to_object() const {
  const auto round_trip = tls::answer_of(talk_->connection->handshake(), {}).took;
  const auto wanted = std::chrono::ceil<milliseconds>(patient_round_trips * round_trip);
  return std::max(patience, std::min(wanted, way_.timeout * 2 / 5));
}

/// Servers that speak no HTTP never answer; a ticket is as good where no certificate can be missed. In TLS 1.3 one that
/// asked for a certificate sends its ticket only when it has judged ours (RFC 8446 section 4.6.1): without that,
/// silence may also be an objection that is late.
void Asking::look() {
  const bool has_session = talk_->engine().session() != nullptr;
  if ((has_session && !may_object_) || --glances_ == 0) {
    const auto agreement = talk_->connection->handshake().agreement();
    is_silent_ = may_object_ && !has_session && said_.empty() && agreement && agreement->version >= wire::tls1_3;
    return satisfied();
  }
  timer_->restart(glance);
}

void Asking::data(View plain) {
  constexpr std::size_t status_line = 64;
  said_ += text_of(plain.first(std::min(plain.size(), status_line - std::min(status_line, said_.size()))));
  const bool awaits_ticket = question_.resume != Question::Resume::no && !talk_->engine().session();
  if (step_ == Step::whole && !awaits_ticket) satisfied();
}

void Asking::satisfied() {
  timer_.reset();
  talk_->connection->close();
}

void Asking::decided(const Ending& ending) {
  timer_.reset();
  if (talk_->connection->is_starved()) return starved(ending);
  if (step_ == Step::again) return again_ended(ending);
  answer_ = tls::answer_of(talk_->connection->handshake(), ending);
  if (step_ == Step::whole) return whole_ended(ending);
  part();
}

/// Connections that end give back what is wanting; without others there is nothing to wait for.
void Asking::starved(const Ending& ending) {
  const bool is_alone = tools_.talks_ <= 1;
  if (!is_alone && starved_for_ < way_.timeout / 4) {
    starved_for_ += glance;
    timer_ = std::make_unique<net::Timer>(tools_.loop_, glance, [this] { begin(); });
    return;
  }
  cannot({ErrorCode::resource, ending.note, {}});
}

void Asking::whole_ended(const Ending& ending) {
  const policy::Handshake& handshake = talk_->connection->handshake();
  const bool hung_up = ending.how == Ending::How::reset && said_.empty();
  const bool failed = ending.how == Ending::How::failed || ending.how == Ending::How::malformed;
  const bool misses_certificate =
      may_object_ && (said_.starts_with("HTTP/1.1 400") || said_.starts_with("HTTP/1.0 400"));
  if (misses_certificate) answer_.note = "it answers " + printable(said_.substr(0, said_.find('\r')));
  answer_.complete = handshake.complete && !answer_.alert && !hung_up && !failed && !misses_certificate;
  if (const auto* hello = handshake.transcript.message(wire::client_hello)) answer_.hello = hello->bytes;
  answer_.ticket = answer_.ticket || has_ticket(handshake.transcript);
  session_ = talk_->engine().session();
  answer_.granted = session_ != nullptr;
  if (is_silent_ && answer_.complete) {
    answer_.complete = false;
    answer_.kind = Answer::Kind::none;
    answer_.how = Ending::How::timed_out;
    answer_.note = "it asks for a certificate, and said nothing when none came";
  }
  part();
}

void Asking::again_ended(const Ending& ending) {
  const policy::Handshake& handshake = talk_->connection->handshake();
  const Answer again = tls::answer_of(handshake, ending);
  const auto agreement = handshake.agreement();
  answer_.resumed = handshake.complete && agreement && agreement->resumed;
  if (again.kind == Answer::Kind::none) {
    answer_.kind = Answer::Kind::none;
    answer_.how = again.how;
    answer_.note = again.note;
  }
  part();
}

bool Asking::goes_on() const {
  return step_ == Step::whole && question_.resume != Question::Resume::no && answer_.complete && session_;
}

/// The answer need not wait for the peer's end, but that must come in order: the tools see to it.
void Asking::part() {
  waits_for_end_ = goes_on();
  if (waits_for_end_) return;
  tools_.part(std::move(talk_));
  finish();
}

void Asking::ended() {
  if (!std::exchange(waits_for_end_, false)) return;
  talk_.reset();
  finish();
}

void Asking::finish() {
  if (goes_on()) {
    step_ = Step::again;
    return begin();
  }
  // The asking may be destroyed from inside done_.
  const auto done = std::move(done_);
  done(std::move(answer_));
}

}  // namespace bothends::run
