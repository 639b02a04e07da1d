#include "sink/summary.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sink/some_figures.hpp"

namespace divvy::sink {
namespace {

TEST(Summary, IsATableOfTotalsAndWorkers) {
  EXPECT_EQ(table(half_done()),
            "50 tasks, 2 failed, 0 retried, 0 duplicates\n"
            "1:40 of work in 25.00 s: 4.0 of 4 slots busy\n"
            "worker     tasks  failed   busy      mean   longest\n"
            "a:1           25       0   200%    2.00 s    2.00 s\n"
            "b:2           25       0   200%    2.00 s    2.00 s\n");
  EXPECT_TRUE(table(half_done(), 1).ends_with("... (all of them: --summary)\n"));
}

TEST(Summary, CountsOneAsOne) {
  Figures figures;
  figures.recorded = figures.duplicates = 1;
  figures.mean_slots = 1.02;
  record(figures, "a:1", took(std::chrono::seconds(1)));
  const std::string text = table(figures);
  EXPECT_TRUE(text.starts_with("1 task, 0 failed, 0 retried, 1 duplicate\n"));
  EXPECT_NE(text.find(" of 1 slot busy\n"), std::string::npos);
}

TEST(Summary, TellsOfCoresAndMemoryAsFarAsTheyAreKnown) {
  Figures figures = half_done();
  Result result = took(std::chrono::seconds(25));
  result.cpu = 50'000'000'000;
  result.max_rss = std::uint64_t{5} << 28;
  figures.add_attempts("a:1", {1, 1}, result);
  figures.mean_slots = 7.5;
  EXPECT_NE(table(figures).find(
                "\n2:05 of work in 25.00 s: 5.0 of 7.5 slots busy, 2.0 cores used, largest task "
                "1.2 GiB\n"),
            std::string::npos);
}

TEST(Summary, IsJsonWithAVersionWhateverTheNames) {
  Figures figures = half_done();
  figures.name = "caf\xe9 \"x\"";
  figures.complete = true;
  const auto summary = nlohmann::json::parse(json(figures));
  EXPECT_EQ(summary["version"], 1);
  EXPECT_EQ(summary["recorded"], 50);
  EXPECT_EQ(summary["unknown"], 50);
  EXPECT_EQ(summary["workers"].size(), 2U);
  EXPECT_EQ(summary["workers"][0]["busy_seconds"], 50.0);
  EXPECT_EQ(summary["attempts"], 50);
  EXPECT_EQ(summary["slots_busy"], 4.0);
  EXPECT_EQ(summary["cpu_seconds"], 0.0);
}

TEST(Summary, BearsAnyTimesThatAMessageMayHave) { EXPECT_NE(table(largest()), ""); }

TEST(Summary, CountsWhatWasSkippedIfThereIsAny) {
  Figures figures;
  figures.recorded = 3;
  EXPECT_EQ(table(figures), "3 tasks, 0 failed, 0 retried, 0 duplicates\n");
  figures.skipped = 2;
  EXPECT_EQ(table(figures), "3 tasks, 0 failed, 0 retried, 0 duplicates, 2 skipped\n");
  EXPECT_EQ(nlohmann::json::parse(json(figures))["skipped"], 2);
}

}  // namespace
}  // namespace divvy::sink
