#include "worker/machine_state.hpp"

#include <gtest/gtest.h>

#include "some_root.hpp"

namespace divvy::worker {
namespace {

using Shortfall = StartConditions::Shortfall;

TEST(MachineState, IsWhatTheKernelSays) {
  const SomeRoot root;
  root.write("/proc/loadavg", "5.25 3.18 2.12 7/80 11206\n");
  root.write("/proc/meminfo", "MemTotal: 2000 kB\nMemFree:  10 kB\nMemAvailable:   1024 kB\n");
  const MachineState machine = read_machine(root.path());
  EXPECT_EQ(machine.load_average, 5.25);
  EXPECT_EQ(machine.runnable, 6U) << "who reads it runs, too";
  EXPECT_EQ(machine.available, 1U << 20);
}

TEST(MachineState, HasNoMoreMemoryThanItsControlGroup) {
  const SomeRoot root;
  root.write("/proc/meminfo", "MemAvailable: 1024 kB\n");
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/sys/fs/cgroup/memory.max", "10000\n");
  root.write("/sys/fs/cgroup/memory.current", "4000\n");
  EXPECT_EQ(read_machine(root.path()).available, 6000U);
  root.write("/sys/fs/cgroup/memory.max", "100000000\n");
  EXPECT_EQ(read_machine(root.path()).available, 1U << 20);
}

TEST(MachineState, IsUnknownWhereItCannotBeRead) {
  const SomeRoot root;
  const MachineState machine = read_machine(root.path());
  EXPECT_FALSE(machine.load_average);
  EXPECT_FALSE(machine.available);
}

TEST(MachineState, OfThisMachineIsKnown) {
  const MachineState machine = read_machine();
  EXPECT_TRUE(machine.load_average);
  EXPECT_GT(machine.available, 0U);
}

TEST(MachineState, IsTold) {
  EXPECT_EQ(text_of({Shortfall::Of::load, 5.25, 2, 0}), "the load is 5.2, not below 2");
  EXPECT_EQ(text_of({Shortfall::Of::load, 0.5, 0.25, 0}), "the load is 0.50, not below 0.25");
  EXPECT_EQ(text_of({Shortfall::Of::load, 2, 2, 2}),
            "the load is 2.0 by tasks just started, not below 2");
  EXPECT_EQ(text_of({Shortfall::Of::memory, 1.5e9, 2147483648.0, 0}),
            "1.397 GiB of memory is available, less than 2 GiB");
  EXPECT_EQ(text_of({Shortfall::Of::memory, 1 << 29, 1 << 28, 2}),
            "512 MiB of memory is available, less than 256 MiB for one more task and for each of 2 "
            "just started");
  EXPECT_EQ(text_of({Shortfall::Of::load, {}, 2, 0}),
            "cannot read /proc/loadavg, which --load needs");
}

}  // namespace
}  // namespace divvy::worker
