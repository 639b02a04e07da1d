// What `sed s/a/b/` does, at the cost of nothing else:
//   replace TEXT    prints it so
//   replace         answers each line of its standard input at once, a filter
#include <cstdio>
#include <cstring>

namespace {

void replace(char* text) {
  if (char* found = std::strchr(text, 'a')) *found = 'b';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    replace(argv[1]);
    std::puts(argv[1]);
    return 0;
  }
  char line[4096];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    replace(line);
    std::fputs(line, stdout);
    std::fflush(stdout);
  }
}
