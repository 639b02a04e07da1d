// Gives memory back to the system that closed connections have left.
#pragma once

#include <cstddef>

#include "common/time.hpp"

namespace divvy {

/// What closed connections have brought is freed only bit by bit, and lies between other things, so
/// the system does not have it back by itself. Of a process, for some of its listeners come and go.
class MemoryTrim {
 public:
  static MemoryTrim& of_process();

  /// A connection was closed. `laden`: it may have brought as much as many.
  void closed(bool laden = false);
  /// To be called again and again. True: and again soon.
  bool update(Time now);

 private:
  std::size_t closed_ = 0;  // since memory was given back
  Time until_{};            // give it back until then
  Time next_{};
};

}  // namespace divvy
