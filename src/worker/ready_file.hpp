// A file by which others see whether a worker can work, such as a probe in Kubernetes.
#pragma once

#include <string>

namespace divvy::worker {

/// Is there while, and only while, the last update() said so.
class ReadyFile {
 public:
  /// `path`: empty: there is none. One that is left over from a worker that was killed is removed.
  /// Throws std::runtime_error, with a line for the user, if it cannot be made, or if something
  /// else is there.
  explicit ReadyFile(std::string path);
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;
  ReadyFile(ReadyFile&&) = delete;
  ReadyFile& operator=(ReadyFile&&) = delete;
  ~ReadyFile() { update(false); }

  /// To be called whenever it may have changed.
  void update(bool ready);

 private:
  std::string path_;
  bool is_there_ = false;
};

}  // namespace divvy::worker
