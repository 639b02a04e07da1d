#include "ventilator/recorded_texts.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "common/database.hpp"
#include "common/plural.hpp"
#include "common/quoting.hpp"

namespace divvy::ventilator {
namespace {

constexpr std::uint64_t kCommandBits = 0xffff;
constexpr std::size_t kShownDifferences = 3;

bool is_there(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && about.st_size > 0;
}

bool has(const Database& database, const char* query) {
  Statement rows = database.prepare(query);
  return rows.step();
}

// A sink may just have made the file.
bool has_results(const Database& database) {
  return has(database, "SELECT 1 FROM sqlite_master WHERE name = 'result'");
}

// The number of each batch's command. The first layout knows none.
std::unordered_map<std::int64_t, std::size_t> commands_of_batches(
    const Database& database, std::vector<std::string>& commands) {
  std::unordered_map<std::int64_t, std::size_t> numbers;
  if (!has(database, "SELECT 1 FROM pragma_table_info('batch') WHERE name = 'command'")) return {};
  std::unordered_map<std::string, std::size_t> known{{"", 0}};
  Statement rows = database.prepare("SELECT id, command FROM batch");
  while (rows.step()) {
    const std::string command(rows.text(1));
    const auto [at, is_new] = known.try_emplace(command, commands.size());
    if (is_new && commands.size() > kCommandBits) at->second = 0;
    if (at->second == commands.size()) commands.push_back(command);
    numbers[rows.integer(0)] = at->second;
  }
  return numbers;
}

// Within a line for people.
std::string shown(std::string_view text) {
  constexpr std::size_t enough = 60;
  const std::string_view beginning = text.substr(0, enough);
  const std::string line = on_one_line(beginning);
  const char* const more = text.size() > enough ? "..." : "";
  return line == beginning ? fmt::format("'{}{}'", line, more) : line + more;
}

}  // namespace

Successes::Successes(const std::string& journal) : commands_{""} {
  if (!is_there(journal)) return;
  const Database database("journal", journal, Database::Access::read);
  if (!has_results(database)) return;
  const auto commands = commands_of_batches(database, commands_);
  Statement rows = database.prepare("SELECT text, batch FROM result WHERE success");
  while (rows.step()) {
    const Fingerprint text = fingerprint_of(rows.text(0));
    const auto command = commands.find(rows.integer(1));
    const std::uint64_t number = command == commands.end() ? 0 : command->second;
    entries_.push_back({text.high, (text.low & ~kCommandBits) | number});
  }
  std::sort(entries_.begin(), entries_.end());
  entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
  entries_.shrink_to_fit();
}

bool Successes::skips(std::string_view text) {
  if (entries_.empty()) return false;
  const Fingerprint wanted = fingerprint_of(text);
  const std::uint64_t low = wanted.low & ~kCommandBits;
  Commands commands;
  auto at = std::lower_bound(entries_.begin(), entries_.end(), Entry{wanted.high, low});
  for (; at != entries_.end() && at->high == wanted.high && (at->low & ~kCommandBits) == low;
       ++at) {
    commands.push_back(at->low & kCommandBits);
  }
  if (commands.empty()) return false;
  ++skipped_;
  ++skipped_of_[commands];
  return true;
}

std::uint64_t Successes::skipped_of_other_commands(std::string_view command) const {
  std::uint64_t count = 0;
  for (const auto& [commands, tasks] : skipped_of_) {
    const bool all_differ = std::all_of(commands.begin(), commands.end(), [&](std::size_t number) {
      return !commands_[number].empty() && commands_[number] != command;
    });
    if (all_differ) count += tasks;
  }
  return count;
}

std::string differences(const std::string& journal, const std::string& batch, Range ids,
                        const std::vector<InputCheck::Read>& read) {
  if (!is_there(journal)) return {};
  const Database database("journal", journal, Database::Access::read);
  Statement rows = database.prepare(
      "SELECT task, text FROM result JOIN batch ON batch.id = result.batch "
      "WHERE batch.name = ?1 AND task BETWEEN ?2 AND ?3 ORDER BY task");
  rows << batch << static_cast<std::int64_t>(ids.first) << static_cast<std::int64_t>(ids.end() - 1);
  std::string text;
  std::size_t count = 0;
  while (rows.step()) {
    const auto task = static_cast<TaskId>(rows.integer(0));
    if (!ids.contains(task) || task - ids.first >= read.size()) continue;
    const InputCheck::Read& now = read[task - ids.first];
    if (InputCheck::Read(rows.text(1)) == now) continue;
    if (++count > kShownDifferences) continue;
    text += fmt::format("{}task {} is recorded as {} and is {} now", text.empty() ? "" : ", ", task,
                        shown(rows.text(1)), shown(now.beginning));
  }
  if (count > kShownDifferences) text += ", and so on";
  return text;
}

}  // namespace divvy::ventilator
