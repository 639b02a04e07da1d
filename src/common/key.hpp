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

/// "-" is standard input, of which no more is read than the key. Throws std::runtime_error with a
/// line for the user if there is no such file, if others than its owner can read it, or if it is no
/// key file. A file of root's that is lent to this process, which is not root, its group may read.
Key read_key(const std::string& path);

/// A new one; what its file holds.
Key new_key();
std::string file_text(const Key& key);

/// Writes a new key to a new file that only its owner can read. Throws std::runtime_error, also if
/// the file is there already.
void make_key(const std::string& path);

}  // namespace divvy
