// What the sink is told: of the batch, each second, and of tasks that no worker tells it of.
#include <fmt/format.h>

#include <algorithm>

#include "common/clock.hpp"
#include "ventilator/rules/limits.hpp"
#include "ventilator/ventilator.hpp"

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnnounceEvery = 1s;
// How long a ventilator that leaves tries to tell the sink.
constexpr auto kTimeForLastWord = 2s;

}  // namespace

BatchState Ventilator::state() const {
  const bool ended = intake_.ended() && skipped_results_.all_sent();
  if (sink_known() && ended && dispatch_.recorded() == intake_.last()) return BatchState::complete;
  if (phase_ == Phase::leaving) return BatchState::stopped;
  if (stopping()) return BatchState::stopping;
  return intake_.ended() ? BatchState::closed : BatchState::open;
}

Announcement Ventilator::announcement() const {
  // 0 stands for not started yet.
  const std::int64_t elapsed =
      started_ ? std::max<std::int64_t>(1, (now() - *started_).count()) : 0;
  return {.ventilator = self_,
          .batch = batch_,
          .name = settings_.name,
          .feedback = feedback_.endpoint(),
          .sender = name_,
          .command = settings_.command ? std::string_view(*settings_.command) : "",
          .state = state(),
          .tasks = intake_.last(),
          .elapsed = static_cast<std::uint64_t>(elapsed),
          .forget_failed = settings_.retry_failed,
          .workloads = dispatch_.workloads().value_or(settings_.workloads),
          .workers = static_cast<std::uint32_t>(dispatch_.workers()),
          .slots = dispatch_.slots(),
          .busy_slots = dispatch_.busy_slots()};
}

bool Ventilator::announce() {
  const Time time = now();
  announce_at_ = time + kAnnounceEvery;
  Announcement message = announcement();
  const Dispatch::Outlook outlook = dispatch_.outlook(time);
  // 0 stands for not known.
  const auto left = outlook.time_left.value_or(0ns);
  message.time_left = static_cast<std::uint64_t>(left.count());
  message.oldest = outlook.oldest;
  message.oldest_age = static_cast<std::uint64_t>(outlook.oldest_age.count());
  return sink_.send(encode(message));
}

// Tells the sink that it may end, too. Its connection may be lost just then, or have no room.
void Ventilator::announce_end() {
  const Time until = now() + kTimeForLastWord;
  while (!announce() && sink_known() && stops_ < 2 && now() < until) {
    sink_.add_to(loop_, true);
    loop_.wake_at(until);
    stops_ += loop_.wait();
    (void)sink_.connected_anew(log_);
  }
}

void Ventilator::report_lost_tasks() {
  for (const TaskId id : dispatch_.take_lost_tasks()) {
    if (dispatch_.is_recorded(id)) continue;
    const std::string reason = fmt::format("lost {} workers", kMaxStrikes);
    std::string texts;
    append_text(texts, intake_.name_of(id));
    const Result result{.ids = {id, 1}, .outcome = Outcome::lost, .texts = texts, .reason = reason};
    lost_results_.add(id,
                      encode(Results{.name = "ventilator", .batch = batch_, .results = {result}}));
  }
}

// Not before the sink has the batch.
void Ventilator::report_skipped_tasks() {
  for (const Range& ids : intake_.take_skipped()) skipped_results_.add(ids);
  if (sink_known()) skipped_results_.send(sink_, batch_);
}

}  // namespace divvy::ventilator
