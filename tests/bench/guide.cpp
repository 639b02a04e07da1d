// The ZeroMQ Guide's divide-and-conquer pipeline: what divvy is measured against. One message a
// task, dealt round robin; nothing is printed but the sink's total.
//
//   guide ventilator TASKS RESULTS WORKERS FILE|COUNT   (COUNT: that many tasks of 0 msec)
//   guide worker TASKS RESULTS
//   guide sink RESULTS COUNT
//
// And with workers that send each task back, to a sink that prints it, as a line:
//
//   guide echo TASKS RESULTS
//   guide print RESULTS COUNT
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <zmq.hpp>

namespace {

using Words = std::vector<std::string>;

std::vector<std::string> read_tasks(const std::string& source) {
  if (source.find_first_not_of("0123456789") == std::string::npos) {
    return std::vector<std::string>(std::stoul(source), "0");
  }
  std::vector<std::string> tasks;
  std::ifstream file(source);
  for (std::string line; std::getline(file, line);) tasks.push_back(line);
  return tasks;
}

// What the guide's user does before pressing Enter.
void wait_for_workers(zmq::socket_t& arrivals, int workers) {
  zmq::message_t message;
  for (; workers > 0; workers -= message.more() ? 0 : 1) (void)arrivals.recv(message);
}

void ventilate(zmq::context_t& context, const Words& words) {
  zmq::socket_t sender(context, zmq::socket_type::push);
  zmq_socket_monitor(sender.handle(), "inproc://arrivals", ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
  zmq::socket_t arrivals(context, zmq::socket_type::pair);
  arrivals.connect("inproc://arrivals");
  sender.bind(words.at(0));
  zmq::socket_t sink(context, zmq::socket_type::push);
  sink.connect(words.at(1));
  const std::vector<std::string> tasks = read_tasks(words.at(3));
  wait_for_workers(arrivals, std::stoi(words.at(2)));
  zmq_socket_monitor(sender.handle(), nullptr, 0);
  sink.send(zmq::str_buffer("0"));
  for (const std::string& task : tasks) sender.send(zmq::buffer(task));
  // Until it is killed: a worker that lags behind may lose what it has not read of a closed ipc
  // connection.
  pause();
}

// answer(task): the message that goes to the sink.
[[noreturn]] void serve(zmq::context_t& context, const Words& words, auto answer) {
  zmq::socket_t receiver(context, zmq::socket_type::pull);
  receiver.connect(words.at(0));
  zmq::socket_t sender(context, zmq::socket_type::push);
  sender.connect(words.at(1));
  while (true) {
    zmq::message_t task;
    (void)receiver.recv(task);
    sender.send(answer(task), zmq::send_flags::none);
  }
}

zmq::message_t work(const zmq::message_t& task) {
  const int msec = std::stoi(task.to_string());
  if (msec > 0) std::this_thread::sleep_for(std::chrono::milliseconds(msec));
  return {};
}

zmq::message_t echo(zmq::message_t& task) { return std::move(task); }

void print(zmq::context_t& context, const Words& words) {
  zmq::socket_t receiver(context, zmq::socket_type::pull);
  receiver.bind(words.at(0));
  zmq::message_t message;
  (void)receiver.recv(message);
  for (auto left = std::stoul(words.at(1)); left > 0; --left) {
    (void)receiver.recv(message);
    std::fwrite(message.data(), 1, message.size(), stdout);
    std::putchar('\n');
  }
}

void collect(zmq::context_t& context, const Words& words) {
  using Clock = std::chrono::steady_clock;
  zmq::socket_t receiver(context, zmq::socket_type::pull);
  receiver.bind(words.at(0));
  zmq::message_t message;
  (void)receiver.recv(message);
  const auto started = Clock::now();
  for (auto left = std::stoul(words.at(1)); left > 0; --left) (void)receiver.recv(message);
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started);
  std::printf("Total elapsed time: %lld msec\n", static_cast<long long>(elapsed.count()));
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string role = argc > 1 ? argv[1] : "";
  const Words words(argv + std::min(argc, 2), argv + argc);
  zmq::context_t context;
  if (role == "ventilator") {
    ventilate(context, words);
  } else if (role == "worker") {
    serve(context, words, work);
  } else if (role == "sink") {
    collect(context, words);
  } else if (role == "echo") {
    serve(context, words, echo);
  } else if (role == "print") {
    print(context, words);
  } else {
    throw std::invalid_argument("name a role: ventilator, worker, sink, echo or print");
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "guide: %s\n", error.what());
  return 1;
}
