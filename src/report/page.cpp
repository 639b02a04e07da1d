#include "report/page.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string_view>

#include "common/random_id.hpp"
#include "report/data.hpp"
#include "report/embedded.hpp"
#include "report/recorded.hpp"

namespace divvy::report {
namespace {

// What stands for {{NAME}} in the frame.
using Parts = std::map<std::string_view, std::string_view>;

std::string filled_in(std::string_view frame, const Parts& parts) {
  constexpr std::string_view before = "{{";
  constexpr std::string_view after = "}}";
  std::string page;
  for (std::size_t mark = 0; (mark = frame.find(before)) != std::string_view::npos;) {
    page += frame.substr(0, mark);
    frame.remove_prefix(mark + before.size());
    const std::size_t end = frame.find(after);
    page += parts.at(frame.substr(0, end));
    frame.remove_prefix(end + after.size());
  }
  page += frame;
  return page;
}

std::string page_of(const Recorded& recorded, const BatchRow& batch) {
  // Only the script that knows it is run, and no text of a task is.
  const std::string nonce = fmt::format("{:016x}{:016x}", random_id(), random_id());
  return filled_in(embedded::frame(), {{"nonce", nonce},
                                       {"style", embedded::style()},
                                       {"data", data_of(recorded, batch)},
                                       {"script", embedded::script()}});
}

[[noreturn]] void fail_to_write(const std::string& path) {
  throw std::runtime_error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

}  // namespace

void check_can_be_made() {
  if (!embedded::script().empty()) return;
  throw std::runtime_error(
      "no report: this divvy was built without what draws it; in its source tree run npm ci "
      "--prefix src/report/page, and build it again");
}

std::string page_of(const Database& journal, BatchId batch) {
  const Recorded recorded(journal);
  return page_of(recorded, recorded.batch(batch));
}

std::string page_of(const Database& journal, const std::optional<std::string>& name) {
  const Recorded recorded(journal);
  return page_of(recorded, recorded.batch(name));
}

void check_place(const std::string& path) {
  if (!std::ofstream(path, std::ios::app)) fail_to_write(path);
}

void write_page(const std::string& path, const std::string& page) {
  std::ofstream file(path, std::ios::binary);
  file << page << std::flush;
  if (!file) fail_to_write(path);
}

}  // namespace divvy::report
