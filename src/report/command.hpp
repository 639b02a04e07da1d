// `divvy report JOURNAL [NAME]`.
#pragma once

namespace divvy::report {

/// argv[0] is "report". Writes the page to standard output; returns the exit status.
int run(int argc, const char* const* argv);

}  // namespace divvy::report
