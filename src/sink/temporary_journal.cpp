#include "sink/temporary_journal.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace divvy::sink {

TemporaryJournal::Directory::Directory() {
  const char* const base = std::getenv("TMPDIR");
  path_ = fmt::format("{}/divvy-report-XXXXXX", base != nullptr && *base != '\0' ? base : "/tmp");
  if (::mkdtemp(path_.data()) != nullptr) return;
  throw std::runtime_error(fmt::format("cannot make {}: {}", path_, std::strerror(errno)));
}

TemporaryJournal::Directory::~Directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

// All files are open by then: the journal has laid itself out.
TemporaryJournal::TemporaryJournal() : TemporaryJournal(Directory()) {}

}  // namespace divvy::sink
