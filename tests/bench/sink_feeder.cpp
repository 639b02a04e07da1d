// Plays a ventilator and a worker to one sink, to see what the sink alone can take:
//   sink_feeder ADDRESS COUNT BYTES     (the sink: sink --at ADDRESS)
// COUNT results, each with BYTES of output; prints the milliseconds until all have their receipts.
#include <chrono>
#include <cstdio>
#include <string>
#include <zmq.hpp>

#include "divvy/protocol.hpp"

namespace {

using namespace divvy;

constexpr std::uint64_t kTogether = 20;  // results to a message, as of a busy worker
constexpr std::uint64_t kAhead = 2000;   // results without a receipt, as of a few busy workers

void send(zmq::socket_t& sink, const auto& message) { sink.send(zmq::buffer(encode(message))); }

void feed(const std::string& address, std::uint64_t count, std::size_t bytes) {
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
  send(sink, batch);
  std::string text;
  append_text(text, "task");
  const std::string output(bytes, 'o');
  Results results{.worker = WorkerId{3}, .name = "worker", .batch = batch.batch};

  zmq::message_t message;
  (void)feedback.recv(message);  // the sink has begun the batch
  const auto started = std::chrono::steady_clock::now();
  for (std::uint64_t sent = 0, receipted = 0; receipted < count;) {
    while (sent < count && sent < receipted + kAhead) {
      results.results.clear();
      for (std::uint64_t i = 0; i < kTogether && sent < count; ++i) {
        results.results.push_back({.ids = {++sent, 1},
                                   .outcome = Outcome::exited,
                                   .started = 1,
                                   .ended = 2,
                                   .texts = text,
                                   .output = output});
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
  if (argc != 4) return 1;
  feed(argv[1], std::stoul(argv[2]), std::stoul(argv[3]));
} catch (const std::exception& error) {
  std::fprintf(stderr, "sink_feeder: %s\n", error.what());
  return 1;
}
