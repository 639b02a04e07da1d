#include "worker/rules/fair_slots.hpp"

#include <algorithm>
#include <utility>

#include "common/smoothed.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

// For how long a slot is kept free at least and at most; and for which part of what another task
// would take.
constexpr Time::duration kMoment = 20ms;
constexpr Time::duration kLongestMoment = 1s;
constexpr int kPartOfTask = 10;
// Tasks that are started together take about as long, in one slot.
constexpr double kTogetherNanoseconds = 20e6;
// One that has had no tasks for so long has no claim on what it did not use.
constexpr auto kForgotten = 500ms;
// What one wants is the most that it had in this period and the one before: between two tasks it
// may have none.
constexpr auto kPeriod = 500ms;
// How much the latest task counts in the mean, and what is assumed of the first one.
constexpr double kLatestTask = 0.3;
constexpr double kFirstNanoseconds = 1e6;

std::uint64_t divided(std::uint64_t slots, std::uint64_t among) {
  return std::max<std::uint64_t>(1, (slots + among - 1) / among);
}

}  // namespace

std::uint32_t fair_share(std::uint32_t slots, std::vector<std::uint64_t> others) {
  std::sort(others.begin(), others.end());
  std::uint64_t rest = slots;
  std::uint64_t sharers = others.size() + 1;
  for (const std::uint64_t wanted : others) {
    if (wanted * sharers >= rest) break;
    rest -= wanted;
    --sharers;
  }
  return static_cast<std::uint32_t>(divided(rest, sharers));
}

double FairSlots::Account::charged() const {
  return used + static_cast<double>(tasks.running) * mean.value_or(kFirstNanoseconds);
}

void FairSlots::note(std::size_t pipeline, Tasks tasks, Time now) {
  Account& account = pipelines_[pipeline];
  if (tasks.any() && !is_active(account, now)) forgive(account, now);
  if (tasks.startable > 0 && account.tasks.startable == 0 && account.ended_at) {
    account.gap = now - *account.ended_at;
  }
  account.tasks = tasks;
  account.lately = std::max(account.lately, tasks.startable + tasks.running);
}

bool FairSlots::is_active(const Account& account, Time now) {
  return account.tasks.any() || (account.ended_at && now - *account.ended_at < kForgotten);
}

// It begins where the one is that has had least of those that went on meanwhile.
void FairSlots::forgive(Account& account, Time now) {
  std::optional<double> least;
  for (const Account& other : pipelines_) {
    if (&other == &account || !is_active(other, now)) continue;
    least = std::min(least.value_or(other.charged()), other.charged());
  }
  account.used = std::max(account.used, least.value_or(0));
}

void FairSlots::ended(std::size_t pipeline, std::uint64_t tasks, Time::duration took, Time now) {
  Account& account = pipelines_[pipeline];
  const auto nanoseconds = static_cast<double>(took.count());
  account.used += nanoseconds;
  account.mean = smoothed(account.mean, nanoseconds / static_cast<double>(tasks), kLatestTask);
  account.ended_at = now;
}

FairSlots::Turn FairSlots::next(std::uint64_t room, std::uint32_t slots,
                                const std::vector<std::uint32_t>& occupied, Time now) {
  hold_until_.reset();
  const std::vector<std::size_t> contenders = contenders_at(now);
  std::uint64_t shared = slots;
  for (std::size_t i = 0; i < pipelines_.size(); ++i) {
    const bool contends = std::find(contenders.begin(), contenders.end(), i) != contenders.end();
    if (!contends) shared -= std::min<std::uint64_t>(shared, occupied[i]);
  }
  const std::uint64_t share = divided(shared, std::max<std::size_t>(1, contenders.size()));
  const auto comes_first = [&](std::size_t one, std::size_t other) {
    const auto rank = [&](std::size_t i) {
      return std::pair(occupied[i] >= share, pipelines_[i].charged());
    };
    return rank(one) < rank(other);
  };
  const auto first = std::min_element(contenders.begin(), contenders.end(), comes_first);
  if (first == contenders.end()) return {};
  const Account& account = pipelines_[*first];
  if (account.tasks.startable == 0) {
    hold_until_ = *account.ended_at + patience(account);
    return {};
  }
  if (contenders.size() == 1) return {.pipeline = *first, .most = room};
  const double together = kTogetherNanoseconds / account.mean.value_or(kTogetherNanoseconds);
  const auto most = static_cast<std::uint64_t>(std::max(1.0, together));
  return {.pipeline = *first, .most = std::min(room, most)};
}

// Those who can start a task, and those who will in a moment, if that is worth waiting for.
std::vector<std::size_t> FairSlots::contenders_at(Time now) const {
  std::vector<std::size_t> found;
  const auto can_start = [](const Account& account) { return account.tasks.startable > 0; };
  if (std::none_of(pipelines_.begin(), pipelines_.end(), can_start)) return found;
  const bool brief = std::all_of(pipelines_.begin(), pipelines_.end(), [&](const Account& account) {
    return !can_start(account) ||
           (account.mean && *account.mean < static_cast<double>(kMoment.count()));
  });
  for (std::size_t i = 0; i < pipelines_.size(); ++i) {
    if (can_start(pipelines_[i]) || (!brief && comes_soon(pipelines_[i], now))) found.push_back(i);
  }
  return found;
}

bool FairSlots::comes_soon(const Account& account, Time now) const {
  return account.ended_at && account.gap < moment() && now - *account.ended_at < patience(account);
}

// Twice as long as the last time.
Time::duration FairSlots::patience(const Account& account) const {
  return std::min(moment(), std::max(kMoment, 2 * account.gap));
}

// As long as it is worth to wait, with what would be started instead.
Time::duration FairSlots::moment() const {
  double longest = 0;
  for (const Account& account : pipelines_) {
    if (account.tasks.startable > 0) longest = std::max(longest, account.mean.value_or(0));
  }
  const Time::duration part(static_cast<std::int64_t>(longest / kPartOfTask));
  return std::clamp(part, kMoment, kLongestMoment);
}

std::uint32_t FairSlots::share(std::size_t pipeline, std::uint32_t slots) const {
  std::vector<std::uint64_t> others;
  for (std::size_t i = 0; i < pipelines_.size(); ++i) {
    if (i != pipeline) others.push_back(pipelines_[i].wants());
  }
  return fair_share(slots, std::move(others));
}

bool FairSlots::shares_changed(Time now) {
  if (pipelines_.size() < 2) return false;
  if (!period_end_ || *period_end_ <= now) {
    period_end_ = now + kPeriod;
    for (Account& account : pipelines_) account.begin_period();
  }
  bool changed = false;
  for (Account& account : pipelines_) {
    const bool counts = account.wants() > 0;
    changed = std::exchange(account.counted, counts) != counts || changed;
  }
  return changed;
}

// Nobody wakes for tasks that are not there any more.
std::optional<Time> FairSlots::deadline() const {
  const bool fades = pipelines_.size() > 1 &&
                     std::any_of(pipelines_.begin(), pipelines_.end(), [](const Account& account) {
                       return account.wants() > 0 && !account.tasks.any();
                     });
  return earlier(hold_until_, fades ? period_end_ : std::nullopt);
}

}  // namespace divvy::worker
