// One of the programs that the launcher has started.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/descriptor.hpp"

namespace divvy::launcher {

/// As people write it: "SIGKILL".
std::string signal_name(int number);

/// Of many children each costs descriptors: from now on this process may have more than it was
/// given. The children are given what it was.
void make_room_for_children();

class Child {
 public:
  struct Settings {
    std::string path{};
    std::vector<std::string> arguments{};
    std::vector<std::string> environment{};  // beside ours
    bool reads_input = false;                // ours
    bool mute = false;                       // its standard output goes nowhere
    std::optional<std::string> input{};      // what it reads instead, and then what it is told
    bool is_heard = false;                   // what it prints, on either stream, is for output()
    int inherits = -1;                       // a descriptor of ours, which it keeps
  };

  /// Starts a program that ignores the terminal's signals and is ended when the launcher ends. It
  /// is looked for in PATH unless its path has a slash. Throws std::system_error, also if a pipe
  /// has no room for all of `input`.
  explicit Child(const Settings& settings);

  /// Readable when it has ended.
  [[nodiscard]] int fd() const { return process_.get(); }
  [[nodiscard]] bool running() const { return status_ == kRunning; }
  /// Notes that it has ended, if it has.
  void reap();
  /// The exit status, or 128 and the signal that killed it.
  [[nodiscard]] int status() const { return status_; }
  /// The signal that killed it; 0: none did.
  [[nodiscard]] int killed_by() const { return killed_by_; }
  void signal(int number) const;

  /// What it has printed can be read there, without waiting.
  [[nodiscard]] int output() const { return output_.get(); }
  /// Another byte for its standard input, if there is room.
  void tell(char byte) const;
  /// Its standard input ends.
  void hang_up() { input_ = {}; }

 private:
  static constexpr int kRunning = -1;

  Descriptor process_;
  Descriptor input_;
  Descriptor output_;
  int status_ = kRunning;
  int killed_by_ = 0;
};

}  // namespace divvy::launcher
