#include "worker/options.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include "common/cores.hpp"
#include "common/priority.hpp"
#include "common/quoting.hpp"
#include "divvy/protocol.hpp"
#include "worker/rules/separator.hpp"
#include "worker/rules/template.hpp"

namespace divvy::worker {
namespace {

constexpr int kMaxAddresses = 1000;

CLI::Validator separator_check() {
  const auto check = [](const std::string& value) -> std::string {
    try {
      const Separator separator(value);
      return {};
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  return {check, ""};
}

[[noreturn]] void refuse_task_in(const std::string& word) {
  throw std::invalid_argument("a filter is given each task as a line of its input, not in " +
                              in_quotes(word) +
                              "; leave that out, or --filter, or write \\{} for a literal {}");
}

CLI::Validator load_check() {
  const auto read = [](std::string& value) -> std::string {
    const auto load = parse_load(value, cores());
    if (!load) return in_quotes(value) + " is no load, such as 4, 0.5 or 80% (of the cores)";
    value = std::to_string(*load);
    return {};
  };
  return {read, ""};
}

}  // namespace

void Options::add_to(CLI::App& app) {
  app.footer(
      "In the words of COMMAND, and quoted in SCRIPT:\n"
      "  {}    the task; last if none is there  {.}   without its extension\n"
      "  {/}   its base name                    {/.}  that without extension\n"
      "  {//}  its directory                    {#}   its number\n"
      "  {%}   its slot's number                {1}   its first column; {1.}, {1/} ...\n"
      "  {name} {name.} ... a column by its name  \\{}  a literal {}, and so on\n\n"
      "Examples:\n"
      "  worker -j 4 -- sha256sum {}\n"
      "  worker --timeout 60 -- sh -c {}   # each task is a command line");
  add_slots_to(app);
  add_execution_to(app);
  app.add_flag("-0,--null", null_delimited, "With --filter lines and answers end in NUL")
      ->group("Tasks");
  common.add_to(app);
  app.get_option("--at")
      ->expected(1, kMaxAddresses)
      ->description("HOST[:PORT] or ipc:///DIR; several: serves all")
      ->default_str("");
  app.add_option("--inbox", inbox)
      ->type_name("ENDPOINT")
      ->check(endpoint_check())
      ->group("Where to meet");
  add_lanes(app, lanes, "Listen there; or open a lane");
  add_identity_to(app);
  app.add_option("--lost-after", lost_after, "With --key -: if that is silent")
      ->type_name(kTime)
      ->transform(duration_between(0.001, 1e9))
      ->capture_default_str()
      ->group("Where to meet");
}

void Options::add_identity_to(CLI::App& app) {
  const auto short_enough = [](const std::string& value) -> std::string {
    if (!value.empty() && value.size() <= kMaxNameBytes) return {};
    return "1 to " + std::to_string(kMaxNameBytes) + " bytes";
  };
  app.add_option("--name", name, "What to be called")
      ->type_name("NAME")
      ->default_str("HOST:PID")
      ->check(CLI::Validator(short_enough, ""))
      ->group("Where to meet");
  app.add_option("--pool", pool, "Work for ventilators of this pool only")
      ->type_name("NAME")
      ->check(CLI::Validator(short_enough, ""))
      ->group("Where to meet");
  app.add_option("--idle-timeout", idle_timeout)
      ->type_name(kTime)
      ->transform(duration_between(0.001, 1e9))
      ->group("Where to meet");
  app.add_option("--ready-file", ready_file, "Leave when idle; made while connected")
      ->type_name("FILE")
      ->group("Where to meet");
}

void Options::add_slots_to(CLI::App& app) {
  const std::string tasks = "Tasks";
  app.add_option("-j,--slots", slots)
      ->type_name("N")
      ->transform(slots_up_to(kMaxSlots))
      ->group(tasks);
  app.add_option("--first-slot", first_slot, "N tasks at once; first one's number")
      ->type_name("K")
      ->check(CLI::Range(1, 1'000'000'000).description(""))
      ->capture_default_str()
      ->group(tasks);
}

void Options::add_execution_to(CLI::App& app) {
  const std::string tasks = "Tasks";
  app.add_option("-c,--shell", script, "Run SCRIPT by sh; {} is quoted for it")
      ->type_name("SCRIPT")
      ->group(tasks);
  app.add_option("--colsep", colsep)->type_name("REGEX")->check(separator_check())->group(tasks);
  app.add_flag("--stdin", task_on_stdin, "Columns {1} {2} ...; a task as input")->group(tasks);
  app.add_flag("--filter", filter)->group(tasks);
  app.add_flag("--dry-run", dry_run, "COMMAND answers lines with lines; only show it")
      ->group(tasks);
  app.add_option("--timeout", timeout)
      ->type_name(kTime)
      ->transform(duration_between(0.001, 1e9))
      ->group(tasks);
  app.add_option("--max-output", max_output, "Kill a task then")
      ->type_name("BYTES")
      ->transform(size_between(0, kMaxOutputBytes))
      ->default_str(size_text(max_output))
      ->group(tasks);
  add_starting_to(app);
}

void Options::add_starting_to(CLI::App& app) {
  const std::string tasks = "Tasks";
  app.add_option("--delay", delay)
      ->type_name(kTime)
      ->transform(duration_between(0, 1e9))
      ->group(tasks);
  app.add_option("--nice", nice, "Between two starts; the tasks' priority")
      ->type_name("N")
      ->check(CLI::Range(-20, 19).description(""))
      ->group(tasks);
  app.add_option("--load", load)->type_name("MOST")->transform(load_check())->group(tasks);
  app.add_option("--memfree", memfree, "Start tasks below that load, with that free")
      ->type_name("SIZE")
      ->transform(size_between(1, std::uint64_t{1} << 50))
      ->group(tasks);
}

std::vector<std::string> Options::typed_command() const {
  return script ? std::vector<std::string>{"-c", *script} : command;
}

Command Options::make_command() const {
  const Command::Settings settings{.colsep = colsep, .task_on_stdin = task_on_stdin || filter};
  return script ? Command::of_script(*script, settings) : Command(command, settings);
}

std::vector<Endpoints> Options::endpoints() {
  if (common.at.size() == 1) {
    common.complete();
    return {common.endpoints};
  }
  const Endpoints& own = common.endpoints;
  if (!own.tasks.empty() || !own.results.empty() || !own.feedback.empty() || !inbox.empty()) {
    throw std::invalid_argument(
        "--tasks, --results, --feedback and --inbox are for a single --at; start a worker for "
        "each");
  }
  std::vector<Endpoints> all;
  for (const std::string& address : common.at) {
    all.push_back(endpoints_at(address));
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      if (all[i].feedback != all.back().feedback) continue;
      throw std::invalid_argument("--at " + address + " is given twice; leave one out");
    }
  }
  return all;
}

void Options::check() const {
  if (script) check_script();
  if (!lanes.empty() && !inbox.empty()) {
    throw std::invalid_argument(
        "with --lanes a worker listens nowhere; leave --inbox or --lanes out");
  }
  if (nice && !has_command()) {
    throw std::invalid_argument("--nice is for a command; add -- COMMAND [ARG...], or -c SCRIPT");
  }
  if (nice) require_nice(*nice);
  if (filter) return check_filter();
  if (has_command() || (colsep.empty() && !task_on_stdin)) return;
  throw std::invalid_argument(
      "--colsep and --stdin are for a command; add -- COMMAND [ARG...], or -c SCRIPT");
}

void Options::check_script() const {
  if (!command.empty()) {
    throw std::invalid_argument("a script of -c is all that is run; leave -- and what follows out");
  }
  (void)make_command();
}

void Options::check_filter() const {
  if (!has_command()) {
    throw std::invalid_argument("--filter is for a command; add -- COMMAND [ARG...], or -c SCRIPT");
  }
  if (!colsep.empty() || task_on_stdin) {
    throw std::invalid_argument(
        "a filter is given each task as a line of its input; leave --colsep and --stdin out");
  }
  if (dry_run) {
    throw std::invalid_argument("with --filter nothing depends on the task; leave --dry-run out");
  }
  if (script && make_command().depends_on_task()) refuse_task_in(*script);
  if (has_conditions()) {
    throw std::invalid_argument(
        "a filter is started only once; leave --delay, --load and --memfree out");
  }
  for (const std::string& word : command) {
    if (Template(word, kNoColumns).depends_on_task()) refuse_task_in(word);
  }
}

}  // namespace divvy::worker
