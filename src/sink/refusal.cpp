#include "sink/refusal.hpp"

#include <utility>

namespace divvy::sink {

Refusal::Refusal(Context& context, const std::string& endpoint, std::string frame)
    : endpoint_(endpoint),
      frame_(std::move(frame)),
      connection_(context, make_push(context), endpoint) {}

void Refusal::send(Log& log) {
  if (connection_.connected_anew(log)) connection_.send(frame_);
}

bool Refusal::is(const std::string& endpoint, const std::string& frame) const {
  return endpoint_ == endpoint && frame_ == frame;
}

}  // namespace divvy::sink
