// A worker of one's own: a task is the path of a file, its result how many words are in it.
#include <algorithm>
#include <divvy/worker.hpp>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

std::string count_words(std::string_view path) {
  std::ifstream file{std::string(path)};
  if (!file) throw std::runtime_error("cannot read it");
  const auto words = std::distance(std::istream_iterator<std::string>(file), {});
  return std::to_string(words) + " " + std::string(path) + "\n";
}

int main(int argc, char** argv) try {
  const std::string_view address = argc > 1 ? argv[1] : divvy::kDefaultAddress;
  divvy::serve(divvy::endpoints_at(address), count_words, {.key = argc > 2 ? argv[2] : ""});
} catch (const std::exception& error) {
  std::cerr << "count_words: " << error.what() << '\n';
  return 255;
}
