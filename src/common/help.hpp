// What a user is told of a command line: the program's --help, or what is wrong.
#pragma once

#include <string>

// CLI11 is large; only where options are defined it is included.
namespace CLI {
class App;
class Option;
class ParseError;
}  // namespace CLI

namespace divvy {

/// Whether it takes no value.
bool is_flag(const CLI::Option& option);

/// Lays out the --help of `app`, whose arguments besides options are `arguments`. Groups come in
/// the order in which they got their first option, the footer at the end. An option without a
/// description shares the line of the one that is added next.
void lay_out_help(CLI::App& app, const std::string& arguments);

/// What is wrong with the command line, and what to do about it, for people.
std::string explain(const CLI::App& app, const std::string& arguments,
                    const CLI::ParseError& error);

}  // namespace divvy
