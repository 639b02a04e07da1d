// A directory in the place of /, with the files of the kernel that a test makes up.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace divvy {

/// Gone with this object.
class SomeRoot {
 public:
  SomeRoot() : path_(std::filesystem::temp_directory_path() / "divvy-root-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a directory");
  }
  ~SomeRoot() { std::filesystem::remove_all(path_); }
  SomeRoot(const SomeRoot&) = delete;
  SomeRoot& operator=(const SomeRoot&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void write(const std::string& file, const std::string& text) const {
    const std::filesystem::path whole = path_ + file;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }

 private:
  std::string path_;
};

}  // namespace divvy
