#include "sink/printer.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/quoting.hpp"
#include "sink/failure.hpp"

namespace divvy::sink {
namespace {

// Each line of the text preceded by its task, which must not tear it.
void append_tagged(std::string& to, std::string_view task_text, std::string_view text) {
  const std::string task = on_one_line(task_text);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    for (const std::string_view part : {std::string_view(task), std::string_view("\t"), line})
      to += part;
    to += '\n';
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

}  // namespace

Printer::Printer(Settings settings, Output& out, Output& err, std::function<void()> before)
    : settings_(settings), out_(out), err_(err), before_(std::move(before)) {}

void Printer::print(const Result& result) {
  const Range ids = result.ids;
  if (settings_.keep_order && ids.first > next_) {
    early_.emplace(ids.first, keep(result));
    return;
  }
  write_early_lines(ids.end());
  write(result);
  next_ = std::max(next_, ids.end());  // a failed task may be printed once more
  if (settings_.keep_order) write_what_follows();
}

bool Printer::has_room_for_lines(TaskId id, std::size_t bytes) const {
  return !settings_.keep_order || id <= next_ || kept_ + bytes <= settings_.most_kept;
}

void Printer::print_lines(const Lines& lines) {
  if (lines.output.empty() && lines.errors.empty()) return;
  std::string output;
  std::string errors;
  const std::string_view tagged_output = tagged(lines.text, lines.output, output);
  const std::string_view tagged_errors = tagged(lines.text, lines.errors, errors);
  if (!settings_.keep_order || lines.id <= next_) {
    write(out_, tagged_output);
    return write(err_, tagged_errors);
  }
  Printed& early = early_lines_[lines.id];
  early.output += tagged_output;
  early.errors += tagged_errors;
  kept_ += tagged_output.size() + tagged_errors.size();
}

// Of tasks before `end`.
void Printer::write_early_lines(TaskId end) {
  while (!early_lines_.empty() && early_lines_.begin()->first < end) {
    const auto first = early_lines_.begin();
    write(first->second);
    kept_ -= first->second.size();
    early_lines_.erase(first);
  }
}

void Printer::print_interrupted(const Result& result) {
  if (!settings_.keep_order) return write(result);
  interrupted_.emplace(result.ids.first, keep(result));
}

void Printer::skip(Range ids) {
  if (!settings_.keep_order) return;
  skipped_.insert(ids);
  write_what_follows();
}

void Printer::write_what_follows() {
  while (true) {
    if (const auto next = early_.begin(); next != early_.end() && next->first <= next_) {
      const TaskId end = next->first + next->second.count;
      write_early_lines(end);
      write(next->second);
      next_ = std::max(next_, end);
      kept_ -= next->second.size();
      early_.erase(next);
    } else if (const Range skipped = skipped_.next_run(next_);
               skipped.count > 0 && skipped.first == next_) {
      next_ = skipped.end();
    } else {
      break;
    }
  }
  write_early_lines(next_ + 1);
  if (early_.empty() && interrupted_.empty()) spill_.clear();
}

Printer::Printed Printer::keep(const Result& result) {
  std::string made_output;
  std::string made_errors;
  const std::string_view output = output_of(result, made_output);
  const std::string_view errors = errors_of(result, made_errors);
  Printed printed{.count = result.ids.count};
  if (kept_ + output.size() + errors.size() > settings_.most_kept) {
    printed.spilled_output = spill_.put(output);
    printed.spilled_errors = spill_.put(errors);
  } else {
    printed.output = output;
    printed.errors = errors;
    kept_ += printed.size();
  }
  return printed;
}

std::string_view Printer::output_of(const Result& result, std::string& made) const {
  if (!settings_.tag && result.ids.count == 1) return result.output;
  if (result.output.empty()) return {};
  result.for_each_task([&](const TaskResult& task) {
    if (settings_.tag) {
      append_tagged(made, task.text, task.output);
    } else {
      made += task.output;
    }
  });
  return made;
}

// Only a result of a single task has any.
std::string_view Printer::errors_of(const Result& result, std::string& made) const {
  return result.errors.empty() ? "" : tagged(only_text(result), result.errors, made);
}

std::string_view Printer::tagged(std::string_view task, std::string_view text,
                                 std::string& made) const {
  if (!settings_.tag || text.empty()) return text;
  append_tagged(made, task, text);
  return made;
}

void Printer::write(const Printed& printed) {
  write(printed.output, printed.errors);
  if (printed.spilled_output.size + printed.spilled_errors.size == 0) return;
  write(spill_.get(printed.spilled_output), spill_.get(printed.spilled_errors));
}

void Printer::finish() {
  auto last = std::exchange(interrupted_, {});
  last.merge(early_);
  for (const auto& [id, printed] : last) {
    write_early_lines(id + 1);
    write(printed);
  }
  write_early_lines(std::numeric_limits<TaskId>::max());
}

void Printer::write(const Result& result) {
  std::string made_output;
  std::string made_errors;
  write(output_of(result, made_output), errors_of(result, made_errors));
}

void Printer::write(std::string_view output, std::string_view errors) {
  write(out_, output);
  write(err_, errors);
  err_.flush();  // before what is said of the task
}

void Printer::write(Output& output, std::string_view text) {
  if (text.empty()) return;
  if (before_) before_();
  output.put(text);
}

}  // namespace divvy::sink
