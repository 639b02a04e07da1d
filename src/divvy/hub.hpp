// Where the programs meet if some of them are on other machines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/descriptor.hpp"

namespace divvy::launcher {

/// Three ports of this machine that nobody else takes meanwhile, and a key for this batch alone.
/// The key is in the memory of those that have it, and in a file that has no name: it is gone when
/// they are, however they end.
class Hub {
 public:
  /// Throws std::runtime_error.
  Hub();

  /// Options for ventilator and sink, which have to inherit key_fd().
  [[nodiscard]] std::vector<std::string> options() const;
  [[nodiscard]] int key_fd() const { return key_file_.get(); }

  /// Options for a worker on this machine, whose standard input has to be the key.
  [[nodiscard]] std::vector<std::string> local_worker_options() const;
  [[nodiscard]] const std::string& key() const { return key_; }

  /// The first of the three.
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void reserve_ports();
  void put_key_into_file();

  std::string key_;  // as a key file has it
  Descriptor key_file_;
  bool has_ipv6_ = true;
  std::uint16_t port_ = 0;
  std::vector<Descriptor> reserved_;
};

}  // namespace divvy::launcher
