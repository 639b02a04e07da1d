// Each task by itself, in a slot.
#pragma once

#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "worker/executor.hpp"
#include "worker/rules/capacity.hpp"
#include "worker/rules/slots.hpp"
#include "worker/rules/start_conditions.hpp"
#include "worker/runner.hpp"

namespace divvy::worker {

class TaskExecutor : public Executor {
 public:
  TaskExecutor(std::unique_ptr<Runner> runner, std::uint32_t slots, std::uint32_t first_slot,
               StartDemands demands = {});

  std::uint64_t room(Time now) override;
  NoRoom start(Chunk& tasks, Time now) override;
  std::vector<EndedChunk> ended(Time now) override;
  [[nodiscard]] bool idle() const override { return running_.empty(); }
  [[nodiscard]] std::uint32_t slots() const override { return capacity_.all(); }
  [[nodiscard]] std::uint32_t slots_now() const override { return capacity_.slots(); }
  [[nodiscard]] std::uint32_t occupied(const Which& which) const override;
  [[nodiscard]] std::optional<Time> deadline() const override;
  [[nodiscard]] std::optional<int> fd() const override { return runner_->fd(); }
  [[nodiscard]] bool has_printed(const Which& which) const override;
  std::vector<Fragment> take_printed(const Which& which, std::size_t most) override;
  void untake_printed(const Which& which) override { runner_->untake_printed(executions(which)); }
  void ask_to_end(const Which& which) override { runner_->ask_to_end(keys_of(which)); }
  void kill(const Which& which) override { runner_->kill(keys_of(which)); }
  void pause() override { runner_->pause(); }
  void resume() override { runner_->resume(); }

 private:
  struct Running {
    Chunk task{};
    std::uint32_t slot = 1;
    std::int64_t started_utc = 0;
    Time started{};
  };

  [[nodiscard]] NoRoom what_machine_lacks(Time now) const;
  [[nodiscard]] Runner::Which executions(const Which& which) const;
  [[nodiscard]] std::unordered_set<std::uint64_t> keys_of(const Which& which) const;

  std::unique_ptr<Runner> runner_;
  std::unordered_map<std::uint64_t, Running> running_;  // by the key of the execution
  std::uint64_t last_key_ = 0;
  Slots slots_;
  Capacity capacity_;
  StartConditions conditions_;
};

}  // namespace divvy::worker
