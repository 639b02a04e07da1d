#include "ventilator/recorded_texts.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "common/database.hpp"

namespace divvy::ventilator {
namespace {

// What every layout of a journal has: names of tables or views, and of these columns.
class RecordedTexts : public testing::Test {
 protected:
  RecordedTexts() { std::ofstream{path}; }
  ~RecordedTexts() override { std::remove(path.c_str()); }

  void record(const char* sql) const {
    const Database database("journal", path, Database::Access::write);
    database.execute(sql);
  }
  void record_some() const {
    record(
        "CREATE TABLE batch (id INTEGER, name TEXT, command TEXT);"
        "CREATE TABLE result (batch INTEGER, task INTEGER, text TEXT, success INTEGER);"
        "INSERT INTO batch VALUES (1, 'b', 'one'), (2, '', 'two');"
        "INSERT INTO result VALUES (1, 1, 'x', 1), (1, 2, 'y', 0), (1, 3, 'z', 1),"
        "  (2, 1, 'y', 0), (2, 2, 'z', 1), (2, 3, '', 1)");
  }

  std::string path = std::filesystem::temp_directory_path() /
                     ("divvy-recorded-texts-" + std::to_string(::getpid()) + ".db");
};

TEST_F(RecordedTexts, AreNoneOfAJournalThatIsNotThereOrIsEmpty) {
  EXPECT_FALSE(Successes("/nowhere/journal.db").skips("x"));
  EXPECT_FALSE(Successes(path).skips("x"));
}

TEST_F(RecordedTexts, AreNoneWhereASinkHasJustMadeTheFile) {
  record("CREATE TABLE other (id INTEGER)");
  EXPECT_FALSE(Successes(path).skips("x"));
}

TEST_F(RecordedTexts, SkipWhatHasSucceededInAnyBatch) {
  record_some();
  Successes successes(path);
  for (const char* const text : {"x", "z", "", "x"}) EXPECT_TRUE(successes.skips(text)) << text;
  for (const char* const text : {"y", "X", "other"}) EXPECT_FALSE(successes.skips(text)) << text;
  EXPECT_EQ(successes.skipped(), 4U);
}

TEST_F(RecordedTexts, TellWhatHasSucceededWithOtherCommandsOnly) {
  record_some();
  Successes successes(path);
  for (const char* const text : {"x", "z", ""}) EXPECT_TRUE(successes.skips(text));
  EXPECT_EQ(successes.skipped_of_other_commands("one"), 1U);
  EXPECT_EQ(successes.skipped_of_other_commands("two"), 1U);
  EXPECT_EQ(successes.skipped_of_other_commands("three"), 3U);
}

TEST_F(RecordedTexts, AreOfUnknownCommandsInTheFirstLayout) {
  record(
      "CREATE TABLE batch (id INTEGER, name TEXT);"
      "CREATE TABLE result (batch INTEGER, task INTEGER, text TEXT, success INTEGER);"
      "INSERT INTO batch VALUES (1, 'b'); INSERT INTO result VALUES (1, 1, 'x', 1)");
  Successes successes(path);
  EXPECT_TRUE(successes.skips("x"));
  EXPECT_EQ(successes.skipped_of_other_commands("any"), 0U);
}

TEST_F(RecordedTexts, ShowTheFirstFewOfThoseThatDiffer) {
  record_some();
  using Read = InputCheck::Read;
  EXPECT_EQ(differences(path, "b", {1, 3}, {Read("x"), Read("new\n"), Read("z")}),
            "task 2 is recorded as 'y' and is $'new\\n' now");
  record("INSERT INTO result SELECT 1, task + 3, text, success FROM result WHERE batch = 1");
  EXPECT_EQ(differences(path, "b", {1, 6}, std::vector<Read>(6, Read("-"))),
            "task 1 is recorded as 'x' and is '-' now, task 2 is recorded as 'y' and is '-' now, "
            "task 3 is recorded as 'z' and is '-' now, and so on");
}

TEST_F(RecordedTexts, ThatAreLongAreComparedToTheirEnds) {
  record_some();
  record("UPDATE result SET text = printf('%.100c', 'l') WHERE batch = 1 AND task = 1");
  const std::string before(100, 'l');
  EXPECT_EQ(differences(path, "b", {1, 1}, {InputCheck::Read(before)}), "");
  const std::string shown = "'" + std::string(60, 'l') + "...'";
  EXPECT_EQ(differences(path, "b", {1, 1}, {InputCheck::Read(before + "m")}),
            "task 1 is recorded as " + shown + " and is " + shown + " now");
}

}  // namespace
}  // namespace divvy::ventilator
