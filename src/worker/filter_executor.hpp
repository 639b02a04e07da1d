// Tasks as lines that filters answer.
#pragma once

#include <sys/epoll.h>

#include <memory>
#include <string>
#include <vector>

#include "common/descriptor.hpp"
#include "common/log.hpp"
#include "worker/executor.hpp"
#include "worker/filter.hpp"
#include "worker/rules/capacity.hpp"
#include "worker/rules/filter_window.hpp"

namespace divvy::worker {

/// A filter for each slot, started when there is a line for it. It answers windows of lines, one
/// after the other, see rules/filter_window.hpp. When something is wrong with a window, its lines
/// are run again in the same slot, and unless they have only printed on standard error by another
/// filter. The environment is that of a command, without what belongs to a single task.
class FilterExecutor : public Executor {
 public:
  struct Settings {
    Filter::Settings filter;
    std::string name{};  // of the filter, for people
    std::uint32_t slots = 1;
    std::uint32_t first_slot = 1;
    Verbosity verbosity{};
  };

  /// To be made before other threads are started.
  explicit FilterExecutor(Settings settings);
  /// Ends the filters: at the end of their input they may do so by themselves.
  ~FilterExecutor() override;

  std::uint64_t room(Time now) override;
  NoRoom start(Chunk& tasks, Time now) override;
  std::vector<EndedChunk> ended(Time now) override;
  std::vector<Chunk> take_back(const Which& which) override;
  [[nodiscard]] bool idle() const override;
  [[nodiscard]] std::uint32_t slots() const override { return capacity_.all(); }
  [[nodiscard]] std::uint32_t slots_now() const override { return capacity_.slots(); }
  [[nodiscard]] std::uint32_t occupied(const Which& which) const override;
  [[nodiscard]] std::optional<Time> deadline() const override;
  [[nodiscard]] std::optional<int> fd() const override;
  void ask_to_end(const Which& which) override;
  void kill(const Which& which) override;
  void pause() override { signal_all(SIGSTOP); }
  void resume() override { signal_all(SIGCONT); }

 private:
  struct Slot {
    std::uint32_t number = 1;
    WindowSize size{};
    Chunk window{};             // under way
    Chunk rest{};               // to be begun, or begun anew
    bool asked_to_end = false;  // what is under way
    std::string errors{};       // that nobody knows whose they are
    Time begun{};               // the window
    std::int64_t begun_utc = 0;
    std::optional<Time> start_at{};  // when there may be room for a filter
    std::unique_ptr<Filter> filter{};

    [[nodiscard]] bool has_tasks() const { return !window.empty() || !rest.empty(); }
    [[nodiscard]] const Origin& origin() const { return (window.empty() ? rest : window).origin; }
    [[nodiscard]] bool is_free() const { return !has_tasks() && (!filter || !filter->ending()); }
  };

  [[nodiscard]] Slot* free_slot();
  [[nodiscard]] std::uint64_t busy() const;
  void look(Time now);
  void advance(Slot& slot, Time now);
  void advance_ending(Slot& slot, Time now);
  void advance_idle(Slot& slot, Time now);
  void go_on(Slot& slot, Time now);
  [[nodiscard]] std::uint64_t lines_of(const Slot& slot) const;
  void begin_window(Slot& slot, Time now);
  void start_filter(Slot& slot);
  void refuse_first(Slot& slot, const std::string& reason);
  void end_well(Slot& slot, Time now);
  void end_wrong(Slot& slot, Filter::Progress trouble, Time now);
  static void run_again(Slot& slot);
  [[nodiscard]] EndedChunk ended_task(Slot& slot, Chunk task, Time now) const;
  [[nodiscard]] EndedChunk failed_task(Slot& slot, Filter::Progress trouble, Time now) const;
  void set_status(EndedChunk& ended, const Filter& filter) const;
  void end_filter(Slot& slot, Time now);
  void end_killed(Slot& slot, Time now);
  void end_unbegun(Slot& slot);
  void tell_if_stuck(Filter& filter, Time now);
  void note_held_back();
  void signal_all(int signal) const;
  void wait_for_ends(Time::duration at_most);

  Settings settings_;
  Log log_;
  Inheritance inheritance_ = Inheritance::take();
  bool adopts_;
  Watchdog watchdog_;
  Descriptor ready_;  // epoll: readable when a filter has printed or ended
  std::vector<epoll_event> events_;
  Capacity capacity_;
  std::vector<Slot> slots_;
  std::vector<EndedChunk> ended_;
  std::optional<Time> look_at_;  // not before that
  bool stuck_told_ = false;
  bool answers_at_end_ = false;  // of its input, as one did
};

}  // namespace divvy::worker
