#include "ventilator/worker_news.hpp"

#include <fmt/format.h>

#include "common/message.hpp"
#include "common/plural.hpp"
#include "ventilator/rules/lane_claims.hpp"

namespace divvy::ventilator {
namespace {

constexpr std::size_t kMostProbes = 10;  // at once

std::string others_get(std::uint64_t tasks) {
  return tasks == 0 ? "" : fmt::format("; others get {}", plural(tasks, "task"));
}

std::string in_words(std::string_view command) {
  return command.empty() ? "no command" : fmt::format("'{}'", command);
}

}  // namespace

void WorkerNews::tell(const Orders::Close& lost) {
  if (lost.reason.empty()) return log_.debug(fmt::format("a worker is gone: {}", lost.name));
  log_.info(
      fmt::format("a worker is gone: {}, {}{}", lost.name, lost.reason, others_get(lost.tasks)));
}

void WorkerNews::tell(const Orders::Notice& notice, Time now) {
  switch (notice.what) {
    case Orders::Notice::What::suspended:
      return log_.warn(fmt::format(
          "worker {} has failed {} in a row while others do not: it gets only one now and then",
          notice.name, plural(notice.tasks, "task")));
    case Orders::Notice::What::cut_off:
      return log_.warn_of_each("workers that cannot reach the sink", notice.name,
                               fmt::format("worker {} cannot reach the sink and gets nothing{}",
                                           notice.name, others_get(notice.tasks)));
    case Orders::Notice::What::does_not_hear:
      if (is_lane_port(notice.inbox)) {
        return log_.warn_of_each(
            "workers that do not answer on the lane they opened", notice.name,
            fmt::format("worker {} does not answer on its {}", notice.name, notice.inbox));
      }
      if (unreachable_.size() == kMostProbes) return;
      unreachable_.push_back({notice.name, notice.inbox, Probe(notice.inbox, now)});
      return;
  }
}

void WorkerNews::tell_of_other_pool(const Presence& presence, std::string_view pool) {
  log_.warn_of_each(
      "workers of another pool", presence.name,
      fmt::format("worker {} is of pool '{}' and gets nothing: the batch is for pool '{}'",
                  presence.name, presence.pool, pool));
}

void WorkerNews::tell_of_other_command(const Presence& presence, std::string_view command) {
  log_.warn_of_each("workers that run another command", presence.name,
                    fmt::format("worker {} runs {}, not {}", presence.name,
                                in_words(presence.command), in_words(command)));
}

void WorkerNews::tell_of_other_version(const Presence& presence, int version) {
  log_.warn_of_each("workers of another version", presence.name,
                    other_version_line(fmt::format("worker {}", presence.name), version));
}

void WorkerNews::tell_of_missing_lane(const Orders::Open& order, std::string_view why) {
  log_.warn_rate_limited(
      "a lane", fmt::format("no way to worker {} at {}: {}", order.name, order.inbox, why));
}

void WorkerNews::tell_of_missing_lane(const Presence& presence,
                                      const std::optional<PortRange>& lanes) {
  log_.warn_of_each(
      "workers without a lane", presence.name,
      lanes ? fmt::format("worker {} has no lane and gets nothing: lanes are --lanes {} here, and "
                          "it found none of them free, or is not to look there",
                          presence.name, lanes->text())
            : fmt::format("worker {} wants to open its lane, and gets nothing: give this "
                          "ventilator the --lanes FIRST-LAST that the worker has",
                          presence.name));
}

void WorkerNews::tell_unreachable(Time now) {
  std::erase_if(unreachable_, [&](Unreachable& one) {
    const auto why = one.probe.result(now);
    if (!why) return false;
    log_.warn_of_each(
        "workers whose inbox cannot be reached", one.worker,
        fmt::format("cannot reach worker {} at {}: {}; it gets nothing (see worker --inbox)",
                    one.worker, one.inbox, *why));
    return true;
  });
}

void WorkerNews::add_to(EventLoop& loop) const {
  for (const Unreachable& one : unreachable_) {
    loop.watch(one.probe.fd());
    loop.wake_at(one.probe.deadline());
  }
}

}  // namespace divvy::ventilator
