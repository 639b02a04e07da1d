// Any bytes are either one message, which is encoded to the same bytes again, or none.
#include "divvy/messages.hpp"

#include "check.hpp"

namespace {

template <class... Messages>
void try_all(std::string_view frame) {
  const auto try_one = [&]<class Message>(const std::optional<Message>& message) {
    if (!message) return 0;
    check(encode(*message) == frame);
    return 1;
  };
  const int decoded = (try_one(divvy::decode<Messages>(frame)) + ...);
  check(decoded <= 1 && !(decoded == 1 && divvy::is_plain(frame)));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace divvy;
  try_all<Lane, Presence, Results, Receipts, Announcement>(as_text(data, size));
  return 0;
}
