#include "sink/printer.hpp"

#include <algorithm>
#include <utility>

#include "sink/failure.hpp"

namespace divvy::sink {

Printer::Printer(Settings settings, Output& out, Output& err, std::function<void()> before)
    : settings_(settings), out_{out}, err_{err}, before_(std::move(before)) {}

void Printer::print(Range ids, const Result& result) {
  if (settings_.keep_order && ids.first > next_) {
    early_[ids.first] = keep(ids, result);
    return;
  }
  write(tag_of(ids, result), result.output, result.errors);
  next_ = std::max(next_, ids.end());  // a failed task may be printed once more
  if (settings_.keep_order) write_what_follows();
}

void Printer::print_interrupted(const Result& result) {
  if (!settings_.keep_order) {
    return write(tag_of(result.ids, result), result.output, result.errors);
  }
  interrupted_.emplace(result.ids.first, keep(result.ids, result));
}

void Printer::skip(Range ids) {
  if (!settings_.keep_order) return;
  skipped_.insert(ids);
  write_what_follows();
}

void Printer::write_what_follows() {
  while (true) {
    if (const auto next = early_.find(next_); next != early_.end()) {
      write(next->second);
      next_ += next->second.count;
      kept_ -= next->second.size();
      early_.erase(next);
    } else if (const Range skipped = skipped_.next_run(next_);
               skipped.count > 0 && skipped.first == next_) {
      next_ = skipped.end();
    } else {
      break;
    }
  }
  if (early_.empty() && interrupted_.empty()) spill_.clear();
}

Printer::Printed Printer::keep(Range ids, const Result& result) {
  Printed printed{.count = ids.count, .task = std::string(tag_of(ids, result))};
  if (kept_ + result.output.size() + result.errors.size() > settings_.most_kept) {
    printed.spilled_output = spill_.put(result.output);
    printed.spilled_errors = spill_.put(result.errors);
  } else {
    printed.output = result.output;
    printed.errors = result.errors;
    kept_ += printed.size();
  }
  return printed;
}

std::string_view Printer::tag_of(Range ids, const Result& result) const {
  return settings_.tag && ids.count == 1 ? only_text(result) : "";
}

void Printer::write(const Printed& printed) {
  write(printed.task, printed.output, printed.errors);
  if (printed.spilled_output.size + printed.spilled_errors.size == 0) return;
  write(printed.task, spill_.get(printed.spilled_output), spill_.get(printed.spilled_errors));
}

void Printer::finish() {
  auto last = std::exchange(interrupted_, {});
  last.merge(std::multimap<TaskId, Printed>(early_.begin(), early_.end()));
  early_.clear();
  for (const auto& [id, printed] : last) write(printed);
}

void Printer::write(std::string_view task, std::string_view output, std::string_view errors) {
  write(out_, task, output);
  write(err_, task, errors);
  err_.output.flush();  // before what is said of the task
}

void Printer::write(Stream& stream, std::string_view task, std::string_view text) {
  if (text.empty()) return;
  if (before_) before_();
  if (!settings_.tag) {
    stream.mid_line = stream.output.terminal() && !text.ends_with('\n');
    return stream.output.put(text);
  }
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    for (const std::string_view part :
         {task, std::string_view("\t"), line, std::string_view("\n")}) {
      stream.output.put(part);
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

void Printer::flush() {
  out_.output.flush();
  err_.output.flush();
}

}  // namespace divvy::sink
