#include "sink/attempt_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

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

// Whether it is a file that does not end with a whole line.
bool is_torn(const std::string& path, off_t size) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char last = '\n';
  return size > 0 && file.open() && ::pread(file.get(), &last, 1, size - 1) == 1 && last != '\n';
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
  unwritten_ = first_text();
  commit();
}

std::string AttemptLog::first_text() const {
  struct stat about {};
  ::fstat(file_.get(), &about);
  if (about.st_size == 0) return std::string(kAttemptColumns);
  return is_torn(path_, about.st_size) ? "\n" : "";
}

void AttemptLog::add(std::string_view worker, const Result& result) {
  result.for_each_task(
      [&](const TaskResult& task) { unwritten_ += attempt_line(worker, result, task); });
}

// What is written before a receipt is given must be whole lines, even if we are killed: they are
// appended by one call.
void AttemptLog::commit() {
  if (unwritten_.empty()) return;
  const int error = write_all(file_.get(), unwritten_);
  if (error != 0) fail("write", path_, error);
  unwritten_.clear();
}

}  // namespace divvy::sink
