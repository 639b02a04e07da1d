// Standard output and standard error, whatever they are: full, closed, slow, or not blocking.
#pragma once

#include <string_view>

namespace divvy {

/// Writes all of it, and waits for a reader that has no room; returns 0, or an errno.
int write_all(int fd, std::string_view bytes);

/// Writes to standard error, in one piece. What cannot be written is dropped: what a user is not
/// there to read must not end a batch.
void tell_user(std::string_view text);

/// Standard output is a pipe that nobody reads any more, as in `divvy ... | head`: then its user
/// does not want to be told what becomes of the rest.
bool output_has_no_reader();

}  // namespace divvy
