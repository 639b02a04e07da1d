#include "common/cgroup.hpp"

#include <gtest/gtest.h>

#include "some_root.hpp"

namespace divvy {
namespace {

TEST(Cgroup, LimitsNothingWhereThereIsNone) {
  const SomeRoot root;
  EXPECT_FALSE(cgroup_cores(root.path()));
  EXPECT_FALSE(cgroup_memory_left(root.path()));
  root.write("/proc/self/cgroup", "4:memory:/a\n1:cpu:/a\n");
  root.write("/sys/fs/cgroup/a/cpu.max", "100000 100000\n");
  EXPECT_FALSE(cgroup_cores(root.path())) << "these are of version 1";
}

TEST(Cgroup, LimitsNothingWithoutALimit) {
  const SomeRoot root;
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  root.write("/sys/fs/cgroup/memory.max", "max\n");
  root.write("/sys/fs/cgroup/memory.current", "4096\n");
  EXPECT_FALSE(cgroup_cores(root.path()));
  EXPECT_FALSE(cgroup_memory_left(root.path()));
}

TEST(Cgroup, GivesCoresRoundedUp) {
  const SomeRoot root;
  root.write("/proc/self/cgroup", "0::/\n");
  for (const auto& [text, cores] :
       {std::pair("200000 100000\n", 2U), {"150000 100000", 2U}, {"1000 100000", 1U}}) {
    root.write("/sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(cgroup_cores(root.path()), cores) << text;
  }
}

TEST(Cgroup, IsLimitedByThoseAroundIt) {
  const SomeRoot root;
  root.write("/proc/self/cgroup", "1:name=systemd:/x\n0::/outer/inner\n");
  root.write("/sys/fs/cgroup/outer/inner/cpu.max", "400000 100000\n");
  root.write("/sys/fs/cgroup/outer/cpu.max", "300000 100000\n");
  root.write("/sys/fs/cgroup/outer/inner/memory.max", "max\n");
  root.write("/sys/fs/cgroup/outer/memory.max", "1000000\n");
  root.write("/sys/fs/cgroup/outer/memory.current", "300000\n");
  EXPECT_EQ(cgroup_cores(root.path()), 3U);
  EXPECT_EQ(cgroup_memory_left(root.path()), 700000U);
}

TEST(Cgroup, HasTheMemoryLeftThatTheKernelCanDrop) {
  const SomeRoot root;
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/sys/fs/cgroup/memory.max", "1000000\n");
  root.write("/sys/fs/cgroup/memory.current", "900000\n");
  root.write("/sys/fs/cgroup/memory.stat", "anon 100000\ninactive_file 600000\nactive_file 1\n");
  EXPECT_EQ(cgroup_memory_left(root.path()), 700000U);
}

TEST(Cgroup, HasNothingLeftAboveItsLimit) {
  const SomeRoot root;
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/sys/fs/cgroup/memory.max", "1000\n");
  root.write("/sys/fs/cgroup/memory.current", "2000\n");
  EXPECT_EQ(cgroup_memory_left(root.path()), 0U);
}

}  // namespace
}  // namespace divvy
