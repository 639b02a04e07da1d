// Events in the life of a socket's connections.
#pragma once

#include <string>
#include <vector>
#include <zmq.hpp>

#include "common/context.hpp"
#include "common/event_loop.hpp"

namespace divvy {

class Monitor {
 public:
  struct Event {
    int kind = 0;   // ZMQ_EVENT_...
    int value = 0;  // most often the connection's descriptor
    std::string endpoint{};
  };

  /// `watched` must outlive it. `events`: ZMQ_EVENT_..., or several of them.
  Monitor(Context& context, zmq::socket_t& watched, int events);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// What has happened since the last call.
  std::vector<Event> drain();

  /// Readable when something has happened; drain() has to be called until it says no more.
  [[nodiscard]] int fd() { return static_cast<int>(socket_.get(zmq::sockopt::fd)); }
  void add_to(EventLoop& loop) { loop.watch(socket_); }

 private:
  void* watched_;
  zmq::socket_t socket_;
};

}  // namespace divvy
