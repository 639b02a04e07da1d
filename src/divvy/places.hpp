// Where the programs are, and where they meet.
#pragma once

#include <string>
#include <vector>

namespace divvy::launcher {

/// Where the three programs are: the directory DIVVY_BIN, or else that of this one. Throws
/// std::runtime_error if one of them is not there.
std::string program_directory();

/// A directory that only its owner may enter, gone with this object.
class PrivateDirectory {
 public:
  PrivateDirectory();
  ~PrivateDirectory();
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// For each program, to meet there.
  [[nodiscard]] std::vector<std::string> options() const { return {"--at", "ipc://" + path_}; }

 private:
  std::string path_;
};

}  // namespace divvy::launcher
