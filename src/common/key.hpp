// The key that all programs of a pipeline share.
#pragma once

#include <array>
#include <string>

namespace divvy {

/// A CURVE key pair, which everybody uses for both ends of a connection: whoever has the file
/// belongs to the pipeline. See docs/security.md.
struct Key {
  static constexpr std::size_t kBytes = 32;
  using Half = std::array<char, kBytes>;

  Half public_half{};
  Half secret_half{};
};

/// Throws std::runtime_error with a line for the user if there is no such file, if others than its
/// owner can read it, or if it is no key file. The group may read a file of root's that this
/// process, which is not root, is lent.
Key read_key(const std::string& path);

/// Writes a new key to a new file that only its owner can read. Throws std::runtime_error, also if
/// the file is there already.
void make_key(const std::string& path);

}  // namespace divvy
