// Where the programs meet if some of them are on other machines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/descriptor.hpp"

namespace divvy::launcher {

/// Ports of this machine that nobody else takes meanwhile, three and some for lanes, so that the
/// other machines need no open ones, and a key for this batch alone.
/// The key is in the memory of those that have it, and in a file that has no name: it is gone when
/// they are, however they end.
class Hub {
 public:
  /// For so many workers on other machines. Throws std::runtime_error.
  explicit Hub(std::size_t workers);

  /// Options for ventilator and sink, which have to inherit key_fd().
  [[nodiscard]] std::vector<std::string> options() const;
  /// For the ventilator, and for workers on other machines.
  [[nodiscard]] std::vector<std::string> lane_options() const;
  [[nodiscard]] int key_fd() const { return key_file_.get(); }

  /// Options for a worker on this machine, whose standard input has to be the key.
  [[nodiscard]] std::vector<std::string> local_worker_options() const;
  [[nodiscard]] const std::string& key() const { return key_; }

  /// The first of the three.
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  [[nodiscard]] bool reserve_ports(int count);
  [[nodiscard]] bool try_ports(int count);
  void put_key_into_file();

  std::string key_;  // as a key file has it
  Descriptor key_file_;
  bool has_ipv6_ = true;
  std::uint16_t port_ = 0;
  std::vector<Descriptor> reserved_;
};

}  // namespace divvy::launcher
