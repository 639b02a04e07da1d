#include "sink/output_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "common/standard_streams.hpp"

namespace divvy::sink {
namespace {

// Says whose the outputs are.
constexpr const char* kMarker = ".divvy";
// What is still being written; there is one at a time.
constexpr const char* kUnfinished = ".divvy.new";

// One line. A name may have newlines, but they are nobody's business here.
std::string marker_of(BatchId batch, std::string_view name) {
  return fmt::format("batch {:016x} {}\n", static_cast<std::uint64_t>(batch), name);
}

}  // namespace

OutputFiles::OutputFiles(std::string directory) : path_(std::move(directory)) {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  directory_ = Descriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_.open()) fail("use", "");
  if (::faccessat(directory_.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) fail("write to", "");
}

std::optional<std::string> OutputFiles::begin(BatchId batch, std::string_view name) {
  const std::string marker = marker_of(batch, name);
  const bool begun_before = !in_use_ && read_marker() == marker;
  if (!begun_before && (in_use_ || has_outputs())) {
    return fmt::format(
        "{} has the outputs of another batch{}; name another --output-dir, or empty it", path_,
        name.empty() ? " (without --name each run is one)" : "");
  }
  if (!begun_before) write(marker, kMarker);
  in_use_ = true;
  return {};
}

std::string OutputFiles::read_marker() const {
  const Descriptor file(::openat(directory_.get(), kMarker, O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> block;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  while (file.open()) {
    const ssize_t size = ::read(file.get(), block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(block.data(), static_cast<std::size_t>(size));
  }
  return text;
}

// Also those that somebody else has made: they would be overwritten, or taken for a task's.
bool OutputFiles::has_outputs() const {
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    const auto extension = entry.path().extension();
    if (extension == ".out" || extension == ".err") return true;
  }
  return false;
}

void OutputFiles::write(const Result& result) {
  result.for_each_task([&](const TaskResult& task) {
    write(task.output, fmt::format("{}.out", task.id));
    write(result.errors, fmt::format("{}.err", task.id));
  });
}

void OutputFiles::write(std::string_view text, const std::string& name) {
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const Descriptor file(::openat(directory_.get(), kUnfinished, flags, 0666));
  if (!file.open()) fail("write", name);
  errno = write_all(file.get(), text);
  if (errno != 0) fail("write", name);
  if (::renameat(directory_.get(), kUnfinished, directory_.get(), name.c_str()) != 0) {
    fail("write", name);
  }
}

void OutputFiles::fail(std::string_view what, std::string_view name) const {
  const int error = errno;
  throw std::runtime_error(fmt::format("cannot {} {}{}{}: {}", what, path_, name.empty() ? "" : "/",
                                       name, std::strerror(error)));
}

}  // namespace divvy::sink
