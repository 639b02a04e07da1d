// A journal for the time of a batch.
#pragma once

#include <string>

#include "sink/journal.hpp"

namespace divvy::sink {

/// Of a batch whose report is wanted, and no journal. Its file is in TMPDIR, or else in /tmp, and
/// has no name there: whatever becomes of this process, it does not stay.
class TemporaryJournal {
 public:
  /// Throws std::runtime_error with a line for the user.
  TemporaryJournal();

  [[nodiscard]] Journal& journal() { return journal_; }

 private:
  class Directory {
   public:
    Directory();
    ~Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    [[nodiscard]] std::string file() const { return path_ + "/journal.db"; }

   private:
    std::string path_;
  };

  explicit TemporaryJournal(const Directory& directory) : journal_(directory.file()) {}

  Journal journal_;
};

}  // namespace divvy::sink
