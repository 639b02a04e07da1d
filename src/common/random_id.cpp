#include "common/random_id.hpp"

#include <sys/random.h>

#include <stdexcept>

namespace divvy {

std::uint64_t random_id() {
  std::uint64_t id = 0;
  while (id == 0) {
    if (::getrandom(&id, sizeof id, 0) != sizeof id) throw std::runtime_error("no random bits");
  }
  return id;
}

}  // namespace divvy
