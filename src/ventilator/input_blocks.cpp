// The input in pieces: such that travel, and such that the workers read themselves.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

#include "common/descriptor.hpp"
#include "ventilator/fingerprint.hpp"
#include "ventilator/input.hpp"
#include "ventilator/input_file.hpp"

namespace divvy::ventilator {
namespace {

namespace fs = std::filesystem;

// A name has a limit, a path may have nearly as much.
constexpr std::size_t kMostOfPath = 2048;

// For people, and by which a piece is known again: its bytes, or those of its file, must not have
// changed.
std::string name_of(const std::string& path, std::uint64_t offset, std::uint64_t size,
                    const std::string& fingerprint) {
  const std::size_t rest = path.size() - std::min(path.size(), kMostOfPath);
  return fmt::format("{} {}+{} {}", path.substr(rest), offset, size, fingerprint);
}

// One of the files.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// Hands out some pieces, or none. False: there are no more.
  virtual bool read(const Input::Take& take) = 0;
  /// Readable when there is more; nothing: there always is.
  [[nodiscard]] virtual std::optional<int> fd() const { return {}; }
};

// Reads all of it, for the pieces bring their bytes.
class Stream : public Source {
 public:
  Stream(std::string path, Descriptor fd, const BlockRules& rules)
      : path_(std::move(path)), fd_(std::move(fd)), rules_(rules), cutter_(rules) {
    if (rules.size <= kMaxPieceBytes) return;
    throw std::runtime_error(fmt::format(
        "--block: pieces of {} have to travel, with up to {}m each; name a smaller size",
        input_name(path_), kMaxPieceBytes >> 20));
  }

  bool read(const Input::Take& take) override {
    std::array<char, 1 << 16> some;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const ssize_t size = ::read(fd_.get(), some.data(), some.size());
    if (size < 0 && errno != EAGAIN && errno != EINTR) fail_to_read(path_, errno);
    if (size < 0) return true;
    bytes_.append(some.data(), static_cast<std::size_t>(size));
    cut(take, size == 0);
    return size > 0;
  }

  [[nodiscard]] std::optional<int> fd() const override { return fd_.get(); }

 private:
  void cut(const Input::Take& take, bool all) {
    std::string_view left = bytes_;
    while (const std::size_t size = cutter_.cut(left, all)) {
      hand_out(left.substr(0, size), take);
      left.remove_prefix(size);
    }
    if (left.size() > kMaxPieceBytes + rules_.size) refuse_line();
    bytes_.erase(0, bytes_.size() - left.size());
  }

  void hand_out(std::string_view data, const Input::Take& take) {
    if (data.size() > kMaxPieceBytes) refuse_line();
    const auto name = name_of(path_, offset_, data.size(), fingerprint_text(data));
    take(piece_text({.name = name, .offset = offset_, .size = data.size(), .data = data}));
    offset_ += data.size();
  }

  [[noreturn]] void refuse_line() const {
    throw std::runtime_error(
        fmt::format("{}: there is a {} of more than {}m at byte {}, which is too long to travel",
                    input_name(path_), rules_.delimiter == '\n' ? "line" : "string",
                    kMaxPieceBytes >> 20, offset_));
  }

  std::string path_;
  Descriptor fd_;
  BlockRules rules_;
  BlockCutter cutter_;
  std::string bytes_;         // that are not handed out yet
  std::uint64_t offset_ = 0;  // of these
};

// Looks only where to cut.
class File : public Source {
 public:
  /// `location`: its path, for workers.
  File(std::string path, fs::path location, Descriptor fd, const BlockRules& rules)
      : path_(std::move(path)), location_(location.string()), fd_(std::move(fd)), rules_(rules) {
    struct stat about {};
    if (::fstat(fd_.get(), &about) != 0) fail_to_read(path_, errno);
    const std::array<std::int64_t, 4> version{static_cast<std::int64_t>(about.st_ino),
                                              about.st_size, about.st_ctim.tv_sec,
                                              about.st_ctim.tv_nsec};
    version_ = fingerprint_text({reinterpret_cast<const char*>(version.data()), sizeof version});
    // Standard input may have been read up to here.
    const off_t at = ::lseek(fd_.get(), 0, SEEK_CUR);
    size_ = static_cast<std::uint64_t>(about.st_size);
    offset_ = std::min(size_, static_cast<std::uint64_t>(std::max<off_t>(at, 0)));
  }

  bool read(const Input::Take& take) override {
    for (int some = 64; some > 0 && offset_ < size_; --some) hand_out(take);
    if (offset_ < size_) return true;
    ::lseek(fd_.get(), static_cast<off_t>(size_), SEEK_SET);  // as who has read it
    return false;
  }

 private:
  void hand_out(const Input::Take& take) {
    const std::uint64_t end = piece_end(
        rules_, offset_, size_,
        [this](std::uint64_t offset, std::size_t most) { return bytes_at(offset, most); });
    const std::uint64_t size = end - offset_;
    const auto name = name_of(path_, offset_, size, version_);
    take(piece_text({.name = name, .file = location_, .offset = offset_, .size = size}));
    offset_ = end;
  }

  std::string_view bytes_at(std::uint64_t offset, std::size_t most) {
    window_.resize(most);
    const ssize_t size = ::pread(fd_.get(), window_.data(), most, static_cast<off_t>(offset));
    if (size < 0) fail_to_read(path_, errno);
    return std::string_view(window_).substr(0, static_cast<std::size_t>(size));
  }

  std::string path_;
  std::string location_;
  Descriptor fd_;
  BlockRules rules_;
  std::string version_;  // other contents have another one
  std::uint64_t size_ = 0;
  std::uint64_t offset_ = 0;  // of the next piece
  std::string window_;
};

// Where others on this machine can open it; nothing if it is no regular file, or if there is
// another one in its place.
std::optional<fs::path> location_of(const std::string& path, const Descriptor& fd) {
  std::error_code error;
  const fs::path location = is_standard_input(path) ? fs::read_symlink("/proc/self/fd/0", error)
                                                    : fs::absolute(path, error);
  struct stat opened {};
  struct stat there {};
  if (error || ::fstat(fd.get(), &opened) != 0 || ::stat(location.c_str(), &there) != 0) return {};
  const bool same = opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
  // What the kernel makes up, as in /proc, has no size.
  if (!same || !S_ISREG(opened.st_mode) || opened.st_size == 0) return {};
  return location;
}

class Pieces : public Input {
 public:
  Pieces(std::vector<std::string> paths, const Blocks& blocks)
      : paths_(std::move(paths)), blocks_(blocks) {
    open();
  }

  void read(const Take& take) override {
    if (source_->read(take)) return;
    if (++current_ < paths_.size()) open();
  }

  [[nodiscard]] bool ended() const override { return current_ == paths_.size(); }
  [[nodiscard]] std::optional<int> fd() const override { return source_->fd(); }
  [[nodiscard]] TextForm form() const override { return TextForm::piece; }

 private:
  void open() {
    const std::string& path = paths_[current_];
    Descriptor fd = open_input(path);
    const auto location = blocks_.workers_read_files ? location_of(path, fd) : std::nullopt;
    if (location) {
      source_ = std::make_unique<File>(path, *location, std::move(fd), blocks_.rules);
    } else {
      source_ = std::make_unique<Stream>(path, std::move(fd), blocks_.rules);
    }
  }

  std::vector<std::string> paths_;
  Blocks blocks_;
  std::size_t current_ = 0;  // of paths_
  std::unique_ptr<Source> source_;
};

}  // namespace

std::unique_ptr<Input> open_blocks(const std::vector<std::string>& paths, const Blocks& blocks) {
  check_readable(paths);
  return std::make_unique<Pieces>(paths, blocks);
}

}  // namespace divvy::ventilator
