#include "sink/attempt_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "common/standard_streams.hpp"
#include "sink/outcome_name.hpp"

namespace divvy::sink {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMicrosecond = 1'000;

[[noreturn]] void fail(std::string_view what, const std::string& path, int error) {
  throw std::runtime_error(fmt::format("cannot {} log {}: {}", what, path, std::strerror(error)));
}

void append_escaped(std::string& to, std::string_view text) {
  constexpr char delete_character = '\x7f';
  for (const char byte : text) {
    if (byte == '\t') {
      to += "\\t";
    } else if (byte == '\n') {
      to += "\\n";
    } else if (byte == '\\') {
      to += "\\\\";
    } else if ((byte >= 0 && byte < ' ') || byte == delete_character) {
      fmt::format_to(std::back_inserter(to), "\\x{:02x}", byte);
    } else {
      to += byte;
    }
  }
}

// With microseconds.
std::string seconds_text(std::int64_t nanoseconds) {
  return fmt::format("{}.{:06}", nanoseconds / kSecond, nanoseconds % kSecond / kMicrosecond);
}

// Standard output is the tasks'; a file that is called "-" nobody means.
void check_path(const std::string& path) {
  if (path != "-") return;
  throw std::runtime_error("--log: - is no file; name one, such as lab.tsv or /dev/stderr");
}

std::string read_at(int fd, off_t from, off_t size) {
  std::string text(static_cast<std::size_t>(size), '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), from);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return text;
}

// Where the last whole line of a file ends.
off_t end_of_lines(int fd, off_t size) {
  constexpr off_t block = 1 << 16;
  while (size > 0) {
    const off_t from = std::max<off_t>(0, size - block);
    const std::size_t last = read_at(fd, from, size - from).rfind('\n');
    if (last != std::string::npos) return from + static_cast<off_t>(last) + 1;
    size = from;
  }
  return 0;
}

}  // namespace

std::string attempt_line(std::string_view worker, const Result& result, const TaskResult& task) {
  std::string line = fmt::format("{}\t{}\t", task.id, result.attempt);
  append_escaped(line, worker);
  fmt::format_to(std::back_inserter(line), "\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t", result.slot,
                 seconds_text(task.started), seconds_text(task.ended - task.started),
                 seconds_text(static_cast<std::int64_t>(result.cpu / result.ids.count)),
                 result.max_rss, outcome_name(result.outcome), result.status);
  append_escaped(line, task.text);
  line += '\n';
  return line;
}

AttemptLog::AttemptLog(std::string path) : path_(std::move(path)) {
  check_path(path_);
  file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (!file_.open()) fail("open", path_, errno);
  // A line that another sink is writing is not torn: all who write into the file hold a lock.
  const bool alone = ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0;
  struct stat about {};
  ::fstat(file_.get(), &about);
  if (about.st_size == 0) {
    unwritten_ = kAttemptColumns;
  } else if (alone && S_ISREG(about.st_mode)) {
    mend_last_line(about.st_size);
  }
  commit();
  ::flock(file_.get(), LOCK_SH);
}

// A torn line of ours is cut off: its result had no receipt yet, and comes again. Somebody else's
// is completed.
void AttemptLog::mend_last_line(off_t size) {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return;
  const off_t whole = end_of_lines(file.get(), size);
  if (whole == size) return;
  const bool ours = read_at(file.get(), 0, kAttemptColumns.size()) == kAttemptColumns;
  if (!ours || ::ftruncate(file_.get(), whole) != 0) unwritten_ += '\n';
}

void AttemptLog::add(std::string_view worker, const Result& result) {
  result.for_each_task(
      [&](const TaskResult& task) { unwritten_ += attempt_line(worker, result, task); });
}

// Before receipts are given. By one call, so that lines of several sinks do not mix; if we are
// killed then, a line may be torn that crosses a page of memory.
void AttemptLog::commit() {
  if (unwritten_.empty()) return;
  const int error = write_all(file_.get(), unwritten_);
  if (error != 0) fail("write", path_, error);
  unwritten_.clear();
}

}  // namespace divvy::sink
