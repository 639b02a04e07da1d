#include "ventilator/classic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "divvy/workload.hpp"
#include "hall/events.hpp"
#include "hall/listening.hpp"
#include "hall/sockets.hpp"

namespace divvy::ventilator {
namespace {

constexpr std::size_t kReadAhead = 1000;

class Classic {
 public:
  Classic(const CommonOptions& options, Input& input, std::size_t workers)
      : notices_("ventilator", options),
        input_(input),
        missing_(workers),
        context_(options.key),
        tasks_(context_, context_.socket(zmq::socket_type::push), options.endpoints.tasks),
        sink_(context_, make_push(context_), options.endpoints.results) {
    notices_.detail(fmt::format("tasks on {}", tasks_.endpoint()));
  }

  int run() {
    while (!input_.ended() || !ready_.empty()) {
      wait();
      if (signals_.drain() > 0) return stop();
      greet();
      read();
      if (started_) send();
    }
    fmt::print("Total expected cost: {} msec\n", expected_msec_);
    std::fflush(stdout);
    signals_.release();  // closing waits until all is sent, which may be long
    return 0;
  }

 private:
  void wait() {
    std::vector<zmq::pollitem_t> items{{nullptr, signals_.fd(), ZMQ_POLLIN, 0}};
    context_.add_to(items);
    tasks_.add_to(items, false);
    sink_.add_to(items, may_start());
    if (started_ && !ready_.empty()) {
      items.push_back({tasks_.socket().handle(), 0, ZMQ_POLLOUT, 0});
    }
    if (wants_input()) {
      if (!input_.fd()) return;
      items.push_back({nullptr, *input_.fd(), ZMQ_POLLIN, 0});
    }
    zmq::poll(items);
  }

  [[nodiscard]] bool wants_input() const { return !input_.ended() && ready_.size() < kReadAhead; }

  // The start signal is the first thing the sink gets; without a task there is no batch to time.
  void greet() {
    context_.answer_door();
    missing_ -= std::min(missing_, tasks_.news(notices_).arrived);
    sink_.connected_anew(notices_);  // or it would wake us for ever
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
    if (!remark.empty()) notices_.tell(remark);
  }

  void send() {
    while (!ready_.empty() &&
           tasks_.socket().send(zmq::buffer(ready_.front()), zmq::send_flags::dontwait)) {
      ready_.pop_front();
    }
  }

  int stop() {
    tasks_.socket().set(zmq::sockopt::linger, 0);
    notices_.warn("stopped before all tasks were sent");
    return kExitTrouble;
  }

  Notices notices_;
  Input& input_;
  std::size_t missing_;
  bool started_ = false;
  std::uint64_t expected_msec_ = 0;
  std::deque<std::string> ready_;

  Signals signals_;
  Context context_;
  Listening tasks_;
  Link sink_;
};

}  // namespace

int run_classic(const CommonOptions& options, Input& input, std::size_t workers) {
  return Classic(options, input, workers).run();
}

}  // namespace divvy::ventilator
