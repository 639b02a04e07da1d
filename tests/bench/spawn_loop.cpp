// The least that running commands can cost: spawn_loop COUNT AT_ONCE COMMAND
// runs COMMAND 1, COMMAND 2, ... The argument matters: `true` with one loads the locale first.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  if (argc != 4) return EXIT_FAILURE;
  const int count = std::atoi(argv[1]);
  const int at_once = std::atoi(argv[2]);
  for (int started = 0, running = 0; started < count || running > 0;) {
    if (started == count || running == at_once) {
      if (wait(nullptr) > 0) --running;
      continue;
    }
    std::string number = std::to_string(++started);
    const std::array<char*, 3> words{argv[3], number.data(), nullptr};
    pid_t pid = 0;
    if (posix_spawnp(&pid, argv[3], nullptr, nullptr, words.data(), environ) != 0) {
      std::perror(argv[3]);
      return EXIT_FAILURE;
    }
    ++running;
  }
}
