// FNV-1a: a short fingerprint of bytes, the same on every machine. It detects an input that was
// mixed up, not one that was forged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "divvy/protocol.hpp"

namespace divvy {

class Digest {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    }
  }

  /// A task's text as it is packed: its length in 32 bits, little-endian, and its bytes.
  void add_text(std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    add({reinterpret_cast<const char*>(&size), sizeof size});
    add(text);
  }

  /// Never 0, which stands for none.
  [[nodiscard]] std::uint64_t value() const { return hash_ == 0 ? 1 : hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

inline std::uint64_t digest_of(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.value();
}

}  // namespace divvy
