#include "worker/command.hpp"

#include <algorithm>

namespace divvy::worker {
namespace {

constexpr std::string_view kPlace = "{}";

bool has_place(const std::string& word) { return word.find(kPlace) != std::string::npos; }

std::string fill(std::string_view word, std::string_view text) {
  std::string filled;
  for (auto place = word.find(kPlace); place != std::string_view::npos; place = word.find(kPlace)) {
    filled += word.substr(0, place);
    filled += text;
    word.remove_prefix(place + kPlace.size());
  }
  filled += word;
  return filled;
}

}  // namespace

Command::Command(std::vector<std::string> words) : words_(std::move(words)) {
  if (std::none_of(words_.begin(), words_.end(), has_place)) words_.emplace_back(kPlace);
}

std::vector<std::string> Command::with(std::string_view text) const {
  std::vector<std::string> filled;
  filled.reserve(words_.size());
  for (const std::string& word : words_) filled.push_back(fill(word, text));
  return filled;
}

}  // namespace divvy::worker
