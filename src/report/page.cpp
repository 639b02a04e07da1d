#include "report/page.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "common/random_id.hpp"
#include "report/data.hpp"
#include "report/embedded.hpp"
#include "report/recorded.hpp"

namespace divvy::report {
namespace {

// Each stands in the template once, in this order.
std::string filled_in(const std::string& nonce, const std::string& data) {
  const std::array<std::pair<std::string_view, std::string_view>, 9> parts{
      {{"{{nonce}}", nonce},
       {"{{nonce}}", nonce},
       {"{{nonce}}", nonce},
       {"{{style}}", embedded::style()},
       {"{{data}}", data},
       {"{{nonce}}", nonce},
       {"{{charts}}", embedded::charts()},
       {"{{nonce}}", nonce},
       {"{{script}}", embedded::script()}}};
  std::string_view rest = embedded::frame();
  std::string page;
  page.reserve(data.size() + embedded::charts().size() + 100'000);
  for (const auto& [mark, part] : parts) {
    const std::size_t place = rest.find(mark);
    page += rest.substr(0, place);
    page += part;
    rest.remove_prefix(place + mark.size());
  }
  page += rest;
  return page;
}

std::string page_of(const Recorded& recorded, const BatchRow& batch) {
  // Only scripts that know it are run, and no text of a task does.
  const std::string nonce = fmt::format("{:016x}{:016x}", random_id(), random_id());
  return filled_in(nonce, data_of(recorded, batch));
}

[[noreturn]] void fail_to_write(const std::string& path) {
  throw std::runtime_error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

}  // namespace

void check_can_be_made() {
  if (!embedded::charts().empty()) return;
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
