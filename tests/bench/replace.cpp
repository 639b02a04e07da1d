// What `sed s/a/b/` does, at the cost of nothing else:
//   replace TEXT    prints it so
//   replace         answers each line of its standard input at once, a filter
#include <array>
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
  std::array<char, 4096> line{};
  while (std::fgets(line.data(), line.size(), stdin) != nullptr) {
    replace(line.data());
    std::fputs(line.data(), stdout);
    std::fflush(stdout);
  }
}
