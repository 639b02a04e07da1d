#include "sink/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "common/standard_streams.hpp"

namespace divvy::sink {
namespace {

constexpr std::size_t kMostWaiting = 64 << 10;

}  // namespace

Output::Output(int fd, Loss loss) : fd_(fd), loss_(loss), terminal_(::isatty(fd) != 0) {}

void Output::put(std::string_view text) {
  if (text.empty()) return;
  mid_line_ = terminal_ && !text.ends_with('\n');
  if (waiting_.size() + text.size() > kMostWaiting) flush();
  if (text.size() > kMostWaiting) return write(text);
  waiting_ += text;
  if (terminal_ && text.find('\n') != std::string_view::npos) flush();
}

void Output::flush() {
  if (waiting_.empty()) return;
  std::string text = std::exchange(waiting_, {});  // written once, also if that fails
  write(text);
  text.clear();
  waiting_ = std::move(text);  // its memory is used again
}

void Output::write(std::string_view text) {
  const int error = write_all(fd_, text);
  if (terminal_ && error == EIO) loss_ = Loss::is_borne;  // it was closed, a hang-up
  if (error == 0 || loss_ == Loss::is_borne) return;
  const auto line = fmt::format("cannot write standard output: {}", std::strerror(error));
  if (error == EPIPE) throw ReaderGone(line);
  throw std::runtime_error(line);
}

}  // namespace divvy::sink
