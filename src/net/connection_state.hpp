// The machine behind a Connection. Only for this folder.
//
// Life: created → (connecting →) talking → closing → over. `closing` begins with close(), with the peer's end, or with
// the engine's failure; what is queued is still sent, then FIN, then the peer's own end is awaited for `linger`.
// Whatever is known of the ending by then is kept in `decided`.
//
// It belongs to the loop: it goes when its Connection is gone, its two handles are closed and no task names it.
#pragma once

#include <optional>

#include "net/address.hpp"
#include "net/loop_state.hpp"

namespace bothends::net {

struct Connection::State {
  using How = policy::Ending::How;
  enum class Life { created, connecting, talking, closing, over };

  State(Loop::State& loop, std::unique_ptr<tls::Engine> engine, Deadlines deadlines);

  // Starting
  void connect(const Endpoint& to);
  void connected(int status);
  void not_connected(int status);
  void accepted();  // the handle is connected: starts reading
  void talk();

  // What the user asks for
  void write(View plain);
  void close(milliseconds patience);
  void reset();
  Bytes take_plain();
  void set_paused(bool wanted);
  void extend(milliseconds total);
  void abandon();
  std::size_t queued() const;

  // What comes from the socket
  void took(View octets);
  void read_failed(int status);
  void saw_fin();
  void step(View octets);
  void collect_plain();
  void look_at_phase();
  void look_for_break();
  void guard_answers(std::size_t queued_before);

  // What goes to the socket
  void flush();
  void send_queue();
  void wrote(int status);
  void write_failed(int status);
  void shut_down();

  // Ending
  void decide(How how, std::string note = {});
  void begin_closing(milliseconds patience);
  void peer_ended(How how);
  void engine_failed();
  void check_closed();
  void finish(How how, std::string note = {});
  policy::Ending ending_of(How how, std::string note) const;

  // Loop matters
  void schedule();
  void deliver();
  void update_reading();
  void arm();
  void expired();
  void close_handles();
  void release();  // deletes this if nothing refers to it any more
  microseconds since_begun() const { return loop.now() - begun; }
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&tcp); }
  const uv_stream_t* stream() const { return reinterpret_cast<const uv_stream_t*>(&tcp); }

  Loop::State& loop;
  uv_tcp_t tcp;
  uv_timer_t timer;
  uv_connect_t connecting;
  uv_write_t writing;
  uv_shutdown_t shutting;

  std::unique_ptr<tls::Engine> engine;
  Callbacks callbacks;
  microseconds begun;
  std::optional<microseconds> handshake_until, total_until, linger_until;  // since the loop was made
  milliseconds linger{0};
  Endpoint peer, local;

  Life life = Life::created;
  bool opened = false;
  bool starved = false;  // connecting failed for want of something of this machine's
  bool paused = false;   // by the user
  bool reading = false;  // uv_read_start is in force
  bool write_active = false;
  bool broken = false;  // writing failed: all that is left is to read what the peer still sent
  bool fin_wanted = false, fin_sent = false, fin_seen = false, notify_seen = false;
  std::optional<policy::Ending> decided;
  bool failed = false;  // the engine has failed: input is read and thrown away

  Bytes out;        // for the peer, not yet given to the system
  Bytes in_flight;  // being written by libuv
  Bytes plain;      // for the user
  std::size_t thrown_away = 0;
  std::size_t answers = 0;  // octets the engine has made unasked since the queue was last empty
  std::uint64_t received = 0, sent = 0;

  // Callbacks that are due
  bool tell_opened = false, tell_data = false, tell_drained = false, tell_peer_closed = false, tell_decided = false,
       tell_ended = false;
  bool drain_awaited = false;

  bool gone = false;  // the Connection is destroyed
  bool scheduled = false, delivering = false;
  unsigned open_handles = 2;
};

}  // namespace bothends::net
