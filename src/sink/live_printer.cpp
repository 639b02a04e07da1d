#include "sink/live_printer.hpp"

#include <cstddef>
#include <vector>

#include "sink/failure.hpp"
#include "sink/rules/parts.hpp"

namespace divvy::sink {

// A fragment without the task's text may be of one whose text is too long to come with each.
void LivePrinter::print(WorkerId worker, const Fragment& fragment) {
  if (tag_ && fragment.text.empty()) return;
  if (!printer_.has_room_for_lines(fragment.id, fragment.lines.size())) return;
  Printer::Lines lines{.id = fragment.id, .text = fragment.text};
  (fragment.errors ? lines.errors : lines.output) = outputs_.lines_of(worker, fragment);
  printer_.print_lines(lines);
}

void LivePrinter::print(WorkerId worker, const Result& recorded) {
  if (!outputs_.knows(recorded.ids)) return printer_.print(recorded);
  std::vector<Range> each;
  for (TaskId id = recorded.ids.first; id < recorded.ids.end(); ++id) each.push_back({id, 1});
  for_each_part(recorded, each,
                [&](const Result& one) { printer_.print(outputs_.rest(worker, one)); });
}

void LivePrinter::print_attempt(WorkerId worker, const Result& result) {
  const bool killed = result.outcome == Outcome::interrupted;
  const std::size_t bytes = result.output.size() + result.errors.size();
  if (!killed && !printer_.has_room_for_lines(result.ids.first, bytes)) return;
  const Result rest = outputs_.rest_of_attempt(worker, result);
  if (killed) return printer_.print_interrupted(rest);
  printer_.print_lines({.id = rest.ids.first,
                        .text = only_text(rest),
                        .output = rest.output,
                        .errors = rest.errors});
}

}  // namespace divvy::sink
