// What each task has printed, in files of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/descriptor.hpp"
#include "divvy/protocol.hpp"

namespace divvy::sink {

/// A directory of a batch, with ID.out and ID.err of each of its tasks that is recorded. A file is
/// there as a whole or not at all. Throws std::runtime_error with a line for the user if anything
/// cannot be read or written.
class OutputFiles {
 public:
  /// Makes the directory if it is not there.
  explicit OutputFiles(std::string directory);

  /// From now on the outputs are this batch's. Why they cannot be, for the user: then the directory
  /// is as it was.
  std::optional<std::string> begin(BatchId batch, std::string_view name);
  /// The batch that has begun is over here.
  void end() { in_use_ = false; }
  /// The outputs of all tasks of the result take the place of earlier ones.
  void write(const Result& result);

 private:
  [[nodiscard]] std::string read_marker() const;
  [[nodiscard]] bool has_outputs() const;
  void write(std::string_view text, const std::string& name);
  [[noreturn]] void fail(std::string_view what, std::string_view name) const;

  std::string path_;
  Descriptor directory_;
  bool in_use_ = false;  // by the batch that has begun
};

}  // namespace divvy::sink
