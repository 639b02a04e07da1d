#include "ventilator/plain_ventilator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <string>
#include <zmq.hpp>

#include "common/connection.hpp"
#include "common/event_loop.hpp"
#include "common/listener.hpp"
#include "common/log.hpp"
#include "common/program.hpp"
#include "common/workload.hpp"

namespace divvy::ventilator {
namespace {

constexpr std::size_t kReadAhead = 1000;

class PlainVentilator {
 public:
  PlainVentilator(const CommonOptions& options, Input& input, std::size_t workers)
      : log_("ventilator", options.verbosity()),
        input_(input),
        missing_(workers),
        context_(options.key),
        tasks_(context_, context_.socket(zmq::socket_type::push), options.endpoints.tasks),
        sink_(context_, make_push(context_), options.endpoints.results) {
    log_.debug(fmt::format("tasks on {}", tasks_.endpoint()));
  }

  int run() {
    while (!input_.ended() || !ready_.empty()) {
      if (wait() > 0) return stop();
      start();
      read();
      if (started_) send();
    }
    fmt::print("Total expected cost: {} msec\n", expected_msec_);
    std::fflush(stdout);
    loop_.release_signals();  // closing waits until all is sent, which may be long
    return 0;
  }

 private:
  int wait() {
    context_.add_to(loop_);
    tasks_.add_to(loop_, false);
    sink_.add_to(loop_, may_start());
    if (started_ && !ready_.empty()) loop_.watch(tasks_.socket(), ZMQ_POLLOUT);
    if (wants_input()) {
      const auto fd = input_.fd();
      fd ? loop_.watch(*fd) : loop_.wake_at_once();
    }
    return loop_.wait();
  }

  [[nodiscard]] bool wants_input() const { return !input_.ended() && ready_.size() < kReadAhead; }

  // The start signal is the first thing the sink gets; without a task there is no batch to time.
  void start() {
    context_.authenticate();
    missing_ -= std::min(missing_, tasks_.events(log_).connected);
    sink_.connected_anew(log_);  // or its events would wake us for ever
    if (may_start()) started_ = sink_.send("0");
  }

  [[nodiscard]] bool may_start() const { return !started_ && missing_ == 0 && !ready_.empty(); }

  void read() {
    if (!wants_input() || !input_.ready()) return;
    input_.read([this](std::string_view text) {
      if (const auto workload = parse_workload(text)) {
        expected_msec_ += static_cast<std::uint64_t>(workload->count());
      }
      ready_.emplace_back(text);
    });
    const auto remark = input_.ended() ? input_.remark() : "";
    if (!remark.empty()) log_.info(remark);
  }

  void send() {
    while (!ready_.empty() &&
           tasks_.socket().send(zmq::buffer(ready_.front()), zmq::send_flags::dontwait)) {
      ready_.pop_front();
    }
  }

  int stop() {
    tasks_.socket().set(zmq::sockopt::linger, 0);
    log_.warn("stopped before all tasks were sent");
    return kExitTrouble;
  }

  Log log_;
  Input& input_;
  std::size_t missing_;
  bool started_ = false;
  std::uint64_t expected_msec_ = 0;
  std::deque<std::string> ready_;

  EventLoop loop_;
  Context context_;
  Listener tasks_;
  Connection sink_;
};

}  // namespace

int run_plain(const CommonOptions& options, Input& input, std::size_t workers) {
  return PlainVentilator(options, input, workers).run();
}

}  // namespace divvy::ventilator
