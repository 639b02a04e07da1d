// How values become bytes: fixed-width integers little-endian, byte strings and lists with a 32-bit
// length in front. A message names its fields once, in `fields`; Writer and Reader walk that list,
// so encoding and decoding cannot drift apart.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace divvy {

static_assert(std::endian::native == std::endian::little, "the wire format is little-endian");

template <class T>
concept Scalar = std::integral<T> || std::is_enum_v<T>;

/// Appends values to a byte string.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void operator()(const auto&... values) { (put(values), ...); }

  /// Bytes that are encoded already.
  void raw(std::string_view bytes) { out_.append(bytes); }

 private:
  void put(Scalar auto value) { out_.append(reinterpret_cast<const char*>(&value), sizeof value); }

  void put(std::string_view bytes) {
    put(static_cast<std::uint32_t>(bytes.size()));
    out_.append(bytes);
  }

  template <class T>
  void put(const std::vector<T>& list) {
    put(static_cast<std::uint32_t>(list.size()));
    for (const T& item : list) T::fields(item, *this);
  }

  std::string& out_;
};

/// Takes values off the front of a byte string. After the first value that does not fit, or that is
/// not valid, ok() is false and nothing more is read. Byte strings are views into the input.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  void operator()(auto&... values) { (get(values), ...); }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return in_.empty(); }

 private:
  void get(bool& value) {
    std::uint8_t byte = 0;
    get(byte);
    if (byte > 1) return fail();
    value = byte != 0;
  }

  template <Scalar T>
  void get(T& value) {
    if (in_.size() < sizeof value) return fail();
    std::memcpy(&value, in_.data(), sizeof value);
    in_.remove_prefix(sizeof value);
  }

  void get(std::string_view& bytes) {
    std::uint32_t size = 0;
    get(size);
    if (in_.size() < size) return fail();
    bytes = in_.substr(0, size);
    in_.remove_prefix(size);
  }

  // The count is only believed item by item: room is made for what is really there.
  template <class T>
  void get(std::vector<T>& list) {
    std::uint32_t count = 0;
    get(count);
    for (; ok_ && count > 0; --count) {
      T item;
      T::fields(item, *this);
      if (ok_ && !item.valid()) fail();
      if (ok_) list.push_back(item);
    }
  }

  void fail() {
    ok_ = false;
    in_ = {};
  }

  std::string_view in_;
  bool ok_ = true;
};

}  // namespace divvy
