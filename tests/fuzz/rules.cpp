// What the three make of messages that decode but lie: a conversation of any messages, each with
// its length in 16 bits in front, to the rules of a ventilator, a worker and a sink.
#include <chrono>

#include "check.hpp"
#include "common/time.hpp"
#include "divvy/protocol.hpp"
#include "sink/rules/batch.hpp"
#include "sink/rules/live_output.hpp"
#include "ventilator/rules/dispatch.hpp"
#include "worker/rules/holdings.hpp"

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
  Peers() {
    dispatch_.input(kTasks, true);
    dispatch_.allow_start();
  }

  void receive(std::string_view frame) {
    now_ += 10ms;
    if (const auto presence = decode<Presence>(frame)) {
      (void)dispatch_.presence(*presence, "tcp://127.0.0.1:1", now_);
    } else if (const auto receipts = decode<Receipts>(frame)) {
      for (const Receipt& receipt : receipts->receipts) (void)dispatch_.receipt(receipt, now_);
    } else if (const auto results = decode<Results>(frame)) {
      for (const Result& result : results->results) (void)batch_.record(*results, result, now_);
    } else if (const auto live = decode<LiveOutput>(frame)) {
      for (const Fragment& fragment : live->fragments) print_live(live->worker, fragment);
    } else if (const auto announcement = decode<Announcement>(frame)) {
      (void)batch_.update(*announcement, now_);
    } else if (const auto lane = decode<Lane>(frame)) {
      (void)holdings_.receive(*lane, 0);
    } else if (frame == "end") {
      now_ += 10s;
    }
    check_ventilator();
    check_worker();
    check_sink();
  }

 private:
  // Whatever is said of a task, no line is torn, and its result ends what is known of it.
  void print_live(WorkerId worker, const Fragment& fragment) {
    const std::string_view lines = live_.lines_of(worker, fragment);
    check(lines.empty() || fragment.lines.ends_with(lines));
    const bool begins_line = lines.size() == fragment.lines.size() ||
                             fragment.lines[fragment.lines.size() - lines.size() - 1] == '\n';
    check(lines.empty() || begins_line);
    if (fragment.id % 3 != 0 || !live_.knows({fragment.id, 1})) return;
    const Result result{
        .ids = {fragment.id, 1}, .attempt = fragment.attempt, .output = fragment.lines};
    check(fragment.lines.ends_with(live_.rest_of_attempt(worker, result).output));
    check(fragment.lines.ends_with(live_.rest(worker, result).output));
    check(!live_.knows({fragment.id, 1}));
  }

  // Only tasks that there are may be handed out.
  void check_ventilator() {
    const ventilator::Orders orders = dispatch_.decide(now_);
    for (const Lane& lane : orders.send) {
      for (const Assignment& assignment : lane.tasks) {
        check(assignment.ids.count >= 1 && assignment.ids.end() <= kTasks + 1);
      }
    }
    check(dispatch_.pending() <= kTasks);
    const auto outlook = dispatch_.outlook(now_);
    check(!outlook.time_left || outlook.time_left->count() > 0);
    for (const TaskId id : dispatch_.take_lost_tasks()) check(id >= 1 && id <= kTasks);
  }

  // It runs what it may, and what it says of it is no lie.
  void check_worker() {
    worker::Chunk tasks = holdings_.take_next(3);
    const std::vector<std::uint64_t> took(tasks.size(), 1);
    if (!tasks.empty()) holdings_.finish({.tasks = std::move(tasks), .took = took});
    if (const auto frame = holdings_.next_results("w")) check(decode<Results>(*frame).has_value());
    check(decode<Presence>(encode(holdings_.presence("w", "i", 1))).has_value());
  }

  // What it says is a message as soon as it knows a ventilator.
  void check_sink() {
    const sink::Figures& figures = batch_.figures_at(now_);
    check(figures.failed <= figures.recorded && figures.elapsed.count() >= 0);
    check(!figures.time_left || figures.time_left->count() >= 0);
    (void)batch_.over(now_);
    for (const auto& receipts : {batch_.unsent_receipts(), batch_.recorded_from(1).receipts}) {
      const Receipts message = batch_.message(receipts);
      const bool is_known = message.ventilator != VentilatorId::none;
      check(decode<Receipts>(encode(message)).has_value() == is_known);
    }
    batch_.receipts_sent();
  }

  ventilator::Dispatch dispatch_{kVentilator, kBatch, {.retries = 1}};
  worker::Holdings holdings_{kWorker};
  sink::Batch batch_{kBatch, "b", false};
  sink::LiveOutputs live_{3};
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
    peers.receive(rest.substr(0, length));
    rest.remove_prefix(length);
  }
  return 0;
}
