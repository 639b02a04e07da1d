// A command line in its parts, also one that makes no sense.
#pragma once

#include <string>
#include <vector>

// CLI11 is large; only where options are defined it is included.
namespace CLI {
class App;
}

namespace divvy::launcher {

struct CommandLine {
  using Words = std::vector<std::string>;
  using Word = Words::const_iterator;

  Words options{};  // before all else, with the program's name in front
  Word unknown{};   // the first option that is not ours, if no argument comes before
  Word argument{};  // the first word that is no option's
  Word dashes{};    // the first --
  Word end{};       // also for what is not there
  bool columns = false;
  bool has_script = false;  // by -c; the last of the options if that comes right before the rest

  /// `app` has the options; `words`, with the program's name in front, must outlive the result.
  static CommandLine take_apart(const CLI::App& app, const Words& words);
};

}  // namespace divvy::launcher
