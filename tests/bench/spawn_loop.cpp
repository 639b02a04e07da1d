// The least that running commands can cost: spawn_loop COUNT AT_ONCE COMMAND [ARG...]
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc < 4) return EXIT_FAILURE;
  const int count = std::atoi(argv[1]);
  const int at_once = std::atoi(argv[2]);
  for (int started = 0, running = 0; started < count || running > 0;) {
    if (started == count || running == at_once) {
      if (wait(nullptr) > 0) --running;
      continue;
    }
    pid_t pid = 0;
    if (posix_spawnp(&pid, argv[3], nullptr, nullptr, argv + 3, environ) != 0) {
      std::perror(argv[3]);
      return EXIT_FAILURE;
    }
    ++started;
    ++running;
  }
}
