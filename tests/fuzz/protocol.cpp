// Any bytes are either one message, which is encoded to the same bytes again, or none.
#include "divvy/protocol.hpp"

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
  check(decoded == 0 || !divvy::other_version(frame));
}

// What decodes introduces its sender; what is of another version may introduce its sender, too.
template <class Message>
void try_introduction(std::string_view frame) {
  const auto introduction = divvy::decode_introduction<Message>(frame);
  check(introduction.has_value() || !divvy::decode<Message>(frame));
  check(!introduction || introduction->valid());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace divvy;
  const std::string_view frame = as_text(data, size);
  try_all<Lane, Presence, Results, Receipts, Announcement, LiveOutput>(frame);
  try_introduction<Presence>(frame);
  try_introduction<Announcement>(frame);
  return 0;
}
