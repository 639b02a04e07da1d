#include "sink/spill.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace divvy::sink {
namespace {

[[noreturn]] void fail(const char* what) {
  const auto directory = std::filesystem::temp_directory_path().string();
  throw std::runtime_error(
      fmt::format("cannot {} a temporary file in {}: {}", what, directory, std::strerror(errno)));
}

Descriptor open_nameless() {
  std::string path = std::filesystem::temp_directory_path() / "divvy.XXXXXX";
  Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file.open()) fail("make");
  ::unlink(path.c_str());
  return file;
}

}  // namespace

Spill::Place Spill::put(std::string_view text) {
  if (!file_.open()) file_ = open_nameless();
  const Place place{end_, text.size()};
  while (!text.empty()) {
    const ssize_t written =
        ::pwrite(file_.get(), text.data(), text.size(), static_cast<off_t>(end_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("write");
    end_ += static_cast<std::uint64_t>(written);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return place;
}

std::string Spill::get(Place place) const {
  std::string text(place.size, '\0');
  for (std::size_t have = 0; have < text.size();) {
    const auto at = static_cast<off_t>(place.at + have);
    const ssize_t got = ::pread(file_.get(), text.data() + have, text.size() - have, at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("read");
    have += static_cast<std::size_t>(got);
  }
  return text;
}

void Spill::clear() {
  if (end_ == 0) return;
  if (::ftruncate(file_.get(), 0) != 0) fail("empty");
  end_ = 0;
}

}  // namespace divvy::sink
