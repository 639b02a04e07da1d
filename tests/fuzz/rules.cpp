// What the three make of messages that decode but lie: a conversation of any messages, each with
// its length in 16 bits in front, to the rules of a ventilator, a worker and a sink.
#include "check.hpp"
#include "divvy/messages.hpp"
#include "sink/tally.hpp"
#include "ventilator/dispatch.hpp"
#include "worker/holdings.hpp"

namespace {

using namespace divvy;
using namespace std::chrono_literals;

// As in the golden bytes of docs/protocol.md, so that the corpus talks to them.
constexpr WorkerId kWorker{0x11};
constexpr VentilatorId kVentilator{0x22};
constexpr BatchId kBatch{0x33};
constexpr std::uint64_t kTasks = 100;

class Peers {
 public:
  Peers() : dispatch_(settings()), holdings_(kWorker) {
    dispatch_.input(kTasks, true);
    dispatch_.sink_ready();
  }

  void hear(std::string_view frame) {
    now_ += 10ms;
    if (const auto presence = decode<Presence>(frame)) {
      (void)dispatch_.presence(*presence, "tcp://127.0.0.1:1", now_);
    } else if (const auto receipts = decode<Receipts>(frame)) {
      for (const Receipt& receipt : receipts->receipts) (void)dispatch_.receipt(receipt, now_);
    } else if (const auto results = decode<Results>(frame)) {
      for (const Result& result : results->results) (void)tally_.rule(result);
    } else if (const auto lane = decode<Lane>(frame)) {
      holdings_.hear(*lane);
    } else if (frame == "end") {
      now_ += 10s;
    }
    check_ventilator();
    run();
  }

 private:
  static ventilator::Dispatch::Settings settings() {
    ventilator::Dispatch::Settings settings;
    settings.self = kVentilator;
    settings.batch = kBatch;
    settings.retries = 1;
    return settings;
  }

  // Only tasks that there are may be handed out.
  void check_ventilator() {
    for (const auto& order : dispatch_.decide(now_).send) {
      for (const auto& portion : order.tasks) {
        check(portion.ids.count >= 1 && portion.ids.end() <= kTasks + 1);
      }
    }
    check(dispatch_.pending() <= kTasks);
    for (const TaskId id : dispatch_.take_given_up()) check(id >= 1 && id <= kTasks);
  }

  void run() {
    if (const auto task = holdings_.start()) holdings_.finish(*task, {});
    if (const auto frame = holdings_.next_results("w")) check(decode<Results>(*frame).has_value());
    Presence presence;
    holdings_.describe(presence);
    check(decode<Presence>(encode(presence)).has_value());
  }

  ventilator::Dispatch dispatch_;
  worker::Holdings holdings_;
  sink::Tally tally_;
  Time now_{};
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Peers peers;
  std::string_view rest = as_text(data, size);
  while (rest.size() > 2) {
    const auto low = static_cast<std::uint8_t>(rest[0]);
    const auto high = static_cast<std::uint8_t>(rest[1]);
    rest.remove_prefix(2);
    const std::size_t length = std::min<std::size_t>(low + high * 256U, rest.size());
    peers.hear(rest.substr(0, length));
    rest.remove_prefix(length);
  }
  return 0;
}
