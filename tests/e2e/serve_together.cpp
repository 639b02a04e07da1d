// A worker that serves with every option there is, and whose tasks end only together:
//   serve_together ADDRESS[,ADDRESS] SLOTS KEY NAME   (KEY: - for none)
// A task is answered when as many run as there are slots; "alone..." at once, "sleep N" after so
// many milliseconds, "throw" not at all.
#include <barrier>
#include <chrono>
#include <cstdio>
#include <divvy/worker.hpp>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) try {
  if (argc != 5) throw std::invalid_argument("it takes four arguments");
  const int slots = std::stoi(argv[2]);
  const std::string key = argv[3];
  std::barrier together(slots);
  const auto answer = [&](std::string_view task) {
    if (task == "throw") throw std::runtime_error("as it was told");
    if (task.starts_with("sleep ")) {
      const int msec = std::stoi(std::string(task.substr(6)));
      std::this_thread::sleep_for(std::chrono::milliseconds(msec));
    } else if (!task.starts_with("alone")) {
      std::fputs("waiting for the others\n", stderr);
      together.arrive_and_wait();
    }
    return std::string(task) + "\n";
  };
  std::vector<divvy::Endpoints> endpoints;
  std::istringstream addresses(argv[1]);
  for (std::string address; std::getline(addresses, address, ',');) {
    endpoints.push_back(divvy::endpoints_at(address));
  }
  divvy::serve(
      endpoints, answer,
      {.slots = static_cast<std::uint32_t>(slots), .key = key == "-" ? "" : key, .name = argv[4]});
  std::puts("served");
} catch (const std::exception& error) {
  std::fprintf(stderr, "serve_together: %s\n", error.what());
  return 255;
}
