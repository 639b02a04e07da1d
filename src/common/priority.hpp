// How nice a process is to others: from -20, which has the most of the processor, to 19.
#pragma once

namespace divvy {

/// Throws std::invalid_argument, with a line that says what is allowed, if this process may not
/// give a child that niceness.
void require_nice(int nice);

}  // namespace divvy
