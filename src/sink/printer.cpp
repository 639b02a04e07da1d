#include "sink/printer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "sink/failure.hpp"

namespace divvy::sink {
Printer::Printer(Settings settings, std::FILE* out, std::FILE* err, std::function<void()> before)
    : settings_(settings),
      out_{out, ::isatty(::fileno(out)) != 0},
      err_{err, ::isatty(::fileno(err)) != 0},
      before_(std::move(before)) {}

void Printer::print(Range ids, const Result& result) {
  const std::string_view task = settings_.tag && ids.count == 1 ? only_text(result) : "";
  if (!settings_.keep_order) return write(task, result.output, result.errors);
  if (ids.first > next_) return keep(ids, task, result);
  write(task, result.output, result.errors);
  next_ = std::max(next_, ids.end());  // a failed task may be printed once more
  for (auto next = early_.find(next_); next != early_.end(); next = early_.find(next_)) {
    write(next->second);
    next_ += next->second.count;
    kept_ -= next->second.size();
    early_.erase(next);
  }
  if (early_.empty()) spill_.clear();
}

void Printer::keep(Range ids, std::string_view task, const Result& result) {
  Printed& printed = early_[ids.first];
  printed.count = ids.count;
  printed.task = task;
  if (kept_ + result.output.size() + result.errors.size() > settings_.most_kept) {
    printed.spilled_output = spill_.put(result.output);
    printed.spilled_errors = spill_.put(result.errors);
    return;
  }
  printed.output = result.output;
  printed.errors = result.errors;
  kept_ += printed.size();
}

void Printer::write(const Printed& printed) {
  write(printed.task, printed.output, printed.errors);
  if (printed.spilled_output.size + printed.spilled_errors.size == 0) return;
  write(printed.task, spill_.get(printed.spilled_output), spill_.get(printed.spilled_errors));
}

void Printer::finish() {
  for (const auto& [id, printed] : std::exchange(early_, {})) write(printed);
}

void Printer::skip(TaskId id) {
  Result nothing;
  nothing.ids = {id, 1};
  print(nothing.ids, nothing);
}

void Printer::write(std::string_view task, std::string_view output, std::string_view errors) {
  write(out_, task, output);
  write(err_, task, errors);
}

void Printer::write(Stream& stream, std::string_view task, std::string_view text) {
  if (text.empty()) return;
  if (before_) before_();
  if (!settings_.tag) {
    stream.mid_line = stream.terminal && !text.ends_with('\n');
    std::fwrite(text.data(), 1, text.size(), stream.file);
    return;
  }
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    fmt::print(stream.file, "{}\t{}\n", task, line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

void Printer::flush() {
  for (std::FILE* file : {out_.file, err_.file}) {
    if (std::fflush(file) == 0 && std::ferror(file) == 0) continue;
    throw std::runtime_error(fmt::format("cannot write standard {}: {}",
                                         file == out_.file ? "output" : "error",
                                         std::strerror(errno)));
  }
}

}  // namespace divvy::sink
