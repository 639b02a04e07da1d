// Plays a ventilator and a worker to one sink, to see what the sink alone can take:
//   sink_feeder ADDRESS COUNT BYTES [TOGETHER]     (the sink: sink --at ADDRESS)
// COUNT tasks, each with BYTES of output, TOGETHER of them (1) to a result; prints the milliseconds
// until all have their receipts.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "divvy/protocol.hpp"

namespace {

using namespace divvy;

// A message, as of a busy worker, has so many tasks, or one result that has more.
constexpr std::uint64_t kInMessage = 20;
// Tasks without a receipt, as of a few busy workers; of results for many tasks a few dozen.
constexpr std::uint64_t kAhead = 2000;
constexpr std::uint64_t kResultsAhead = 50;

void send(zmq::socket_t& sink, const auto& message) { sink.send(zmq::buffer(encode(message))); }

/// `text` for each of several tasks.
std::string packed(std::string_view text, std::uint64_t tasks) {
  std::string all;
  for (; tasks > 0; --tasks) append_text(all, text);
  return all;
}

void feed(const std::string& address, std::uint64_t count, std::size_t bytes,
          std::uint64_t together) {
  zmq::context_t context;
  zmq::socket_t feedback(context, zmq::socket_type::pull);
  const std::string endpoint = address + "/feedback";
  feedback.bind(endpoint);
  zmq::socket_t sink(context, zmq::socket_type::push);
  sink.connect(address + "/results");

  Announcement batch{.ventilator = VentilatorId{1},
                     .batch = BatchId{2},
                     .feedback = endpoint,
                     .state = BatchState::closed,
                     .tasks = count,
                     .elapsed = 1};
  const std::string text(10, 't');
  std::string output(bytes, 'o');
  if (bytes > 0) output.back() = '\n';
  const std::string texts = packed(text, together);
  const std::string outputs = together > 1 ? packed(output, together) : output;
  const auto result_of = [&](Range ids) {
    Result result{.ids = ids, .outcome = Outcome::exited, .started = 1'000'000'000};
    result.ended = result.started + static_cast<std::int64_t>(1000 * ids.count);
    if (ids.count > 1) result.took.assign(ids.count, 1000);
    result.texts = std::string_view(texts).substr(0, ids.count * (4 + text.size()));
    result.output =
        ids.count > 1 ? std::string_view(outputs).substr(0, ids.count * (4 + bytes)) : output;
    return result;
  };
  Results results{.worker = WorkerId{3}, .name = "worker", .batch = batch.batch};

  // Announced each second, as by a ventilator, until the sink has begun the batch.
  zmq::message_t message;
  feedback.set(zmq::sockopt::rcvtimeo, 1000);
  do {
    send(sink, batch);
  } while (!feedback.recv(message));
  feedback.set(zmq::sockopt::rcvtimeo, -1);
  const auto started = std::chrono::steady_clock::now();
  for (std::uint64_t sent = 0, receipted = 0; receipted < count;) {
    while (sent < count && sent < receipted + std::max(kAhead, together * kResultsAhead)) {
      results.results.clear();
      for (std::uint64_t tasks = 0; tasks < kInMessage && sent < count;) {
        const Range ids{sent + 1, std::min(together, count - sent)};
        results.results.push_back(result_of(ids));
        tasks += ids.count;
        sent += ids.count;
      }
      send(sink, results);
    }
    (void)feedback.recv(message);
    const auto receipts = decode<Receipts>({message.data<char>(), message.size()});
    for (const Receipt& receipt : receipts.value().receipts) receipted += receipt.ids.count;
  }
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - started;
  std::printf("%.1f\n", elapsed.count());
  batch.state = BatchState::complete;
  send(sink, batch);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4 && argc != 5) return 1;
  const std::uint64_t together = argc == 5 ? std::stoul(argv[4]) : 1;
  feed(argv[1], std::stoul(argv[2]), std::stoul(argv[3]), together);
} catch (const std::exception& error) {
  std::fprintf(stderr, "sink_feeder: %s\n", error.what());
  return 1;
}
