#include "ventilator/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <limits>
#include <stdexcept>

#include "divvy/protocol.hpp"
#include "ventilator/rules/combinations.hpp"

namespace divvy::ventilator {
namespace {

CLI::Validator name_check() {
  const auto check = [](const std::string& name) {
    return std::string(name.size() <= kMaxNameBytes ? "" : "the name is too long");
  };
  return {check, ""};
}

CLI::Validator count_check() {
  const auto check = [](const std::string& value) {
    constexpr std::size_t most_digits = 9;
    const bool is_count = !value.empty() && value.size() <= most_digits && value.front() != '0' &&
                          value.find_first_not_of("0123456789") == std::string::npos;
    return is_count ? std::string() : "'" + value + "' is no number of lines, such as 1 or 100";
  };
  return {check, ""};
}

void refuse_if(bool wrong, const char* why) {
  if (wrong) throw std::invalid_argument(why);
}

}  // namespace

std::vector<std::string> take_lists(int& argc, const char* const* argv) {
  const char* const* const end = argv + argc;
  const auto* const first = std::find_if(argv, end, begins_list);
  argc = static_cast<int>(first - argv);
  return {first, end};
}

std::size_t Options::count_lists() const {
  return static_cast<std::size_t>(std::count_if(lists.begin(), lists.end(), begins_list));
}

bool Options::makes_words() const { return csv || max_args || count_lists() > 1; }

void Options::check() const {
  if (!lists.empty()) check_lists();
  refuse_if(csv && null_delimited, "records of --csv end with their lines; leave -0 out");
  refuse_if(csv && max_args, "a record of --csv has its values already; leave -n or --csv out");
  refuse_if(header && max_args, "--header names columns, and -n makes none; leave one of them out");
  refuse_if(random && (csv || header || max_args),
            "--random makes tasks of its own; leave --csv, --header and -n out");
  refuse_if(classic && makes_words(),
            "with --classic a task is a line; leave --csv, -n and all ::: but one out");
  refuse_if(block && (random || !lists.empty()),
            "--block cuts FILEs or standard input; leave it out, or --random or :::");
  refuse_if(block && (csv || header || max_args),
            "a piece of --block is many lines as they are; leave --csv, --header and -n out");
  refuse_if(!lanes.empty() && classic,
            "the guide's workers open no lanes; leave --lanes or --classic out");
  if (!lanes.empty()) check_lanes();
  refuse_if(block && classic, "the guide's workers take no pieces; leave --block or --classic out");
  refuse_if(
      !resume.empty() && !name.empty(),
      "--resume goes by the tasks' texts, --name by their places in the input; leave one out");
}

void Options::check_lists() const {
  refuse_if(!files.empty(), "tasks are the lines of FILEs or the values of :::; leave either out");
  refuse_if(random.has_value(), "tasks are random or the values of :::; leave --random or ::: out");
  refuse_if(null_delimited || csv || header,
            "values of ::: are tasks as they are; leave -0, --csv and --header out");
  refuse_if(max_args && count_lists() > 1,
            "several ::: make a task of a value of each; leave -n out, or all ::: but one");
}

// Where somebody else has that port, a lane is told and left out. One of the three may come later,
// and would find it taken.
void Options::check_lanes() const {
  CommonOptions meeting = common;
  meeting.complete();
  const auto& [tasks, results, feedback] = meeting.endpoints;
  for (const std::string* const endpoint : {&tasks, &results, &feedback}) {
    const auto place = HostPort::split(without_scheme(*endpoint));
    const bool is_beside = place.host == HostPort::split(without_scheme(feedback)).host;
    if (!is_beside || !port_range(lanes).contains(port_number(place.port))) continue;
    throw std::invalid_argument("--lanes " + lanes + " have port " + std::string(place.port) +
                                ", where " + (endpoint == &results ? "the sink" : "this program") +
                                " listens; choose other ports");
  }
}

void Options::add_to(CLI::App& app) {
  app.footer(
      "Examples:\n"
      "  find . -name '*.txt' | ventilator --retries 2\n"
      "  ventilator --name nightly --halt soon,fail=10% tasks.txt\n\n" +
      std::string(kExitStatuses));
  add_tasks_to(app);
  add_batch_to(app);
  add_fleet_to(app);
  common.add_to(app);
}

void Options::add_tasks_to(CLI::App& app) {
  const auto number = CLI::Range(0.0, 1e15).description("");
  const auto msec = CLI::Range(0, std::numeric_limits<std::int32_t>::max()).description("");

  const std::string tasks = "Tasks";
  const auto take = [this](const std::string& file) { files.push_back(file); };
  app.add_option_function<std::string>("FILE", take, "One task a line; - is standard input")
      ->group(tasks);
  app.allow_extras()->callback([&] { take_more_files(app.remaining()); });
  add_forms_to(app);
  app.add_option("--random", random)->type_name("N")->check(number)->excludes("FILE")->group(tasks);
  app.add_option("--min-msec", min_msec)->type_name("A")->check(msec)->group(tasks);
  app.add_option("--max-msec", max_msec)->type_name("B")->check(msec)->group(tasks);
  app.add_option("--seed", seed, "N random sleeps, A to B ms")
      ->type_name("S")
      ->check(number)
      ->group(tasks);
}

void Options::add_forms_to(CLI::App& app) {
  const std::string tasks = "Tasks";
  app.add_flag("-0,--null", null_delimited)->group(tasks);
  app.add_flag("--csv", csv)->group(tasks);
  app.add_flag("--header", header, "Tasks end in NUL; are CSV; first names columns")->group(tasks);
  app.add_option("--block", block, "Pieces of whole lines, each on standard input")
      ->type_name("SIZE")
      ->transform(size_between(1, std::uint64_t{1} << 50))
      ->group(tasks);
  app.add_option("-n,--max-args", max_args)->type_name("N")->check(count_check())->group(tasks);
  app.add_option("--max-task", max_task, "N lines a task; longest task")
      ->type_name("BYTES")
      ->transform(size_between(1, kMaxTextBytes))
      ->default_str(size_text(max_task))
      ->group(tasks);
}

// CLI11 must not know that FILEs are a list: it would take the brackets of one for the list's own.
void Options::take_more_files(const std::vector<std::string>& words) {
  const auto dashes = std::find(words.begin(), words.end(), "--");
  const auto is_option = [](const std::string& word) { return word != "-" && word[0] == '-'; };
  if (std::any_of(words.begin(), dashes, is_option)) throw CLI::ExtrasError(words);
  std::remove_copy(words.begin(), words.end(), std::back_inserter(files), "--");
}

void Options::add_batch_to(CLI::App& app) {
  const std::string batch = "Batch";
  app.add_option("--retries", retries)
      ->type_name("N")
      ->check(CLI::Range(0, 1000).description(""))
      ->group(batch);
  app.add_option("--retry-delay", retry_delay, "Run failed tasks N times more, TIME later")
      ->type_name(kTime)
      ->transform(duration_between(0, 1e6))
      ->group(batch);
  app.add_option("--halt", halt, "Give up at soon,fail=N or now,fail=N% (kills)")
      ->type_name("WHEN")
      ->group(batch);
  app.add_flag("--longest-first", longest_first)->group(batch);
  app.add_option("--history", history, "Longer tasks first; a journal, also for ETA")
      ->type_name("DB")
      ->group(batch);
  app.add_option("--name", name)->type_name("NAME")->check(name_check())->group(batch);
  app.add_flag("--retry-failed", retry_failed, "Go on with that batch; its failures again, too")
      ->needs("--name")
      ->group(batch);
}

void Options::add_fleet_to(CLI::App& app) {
  const std::string batch = "Batch";
  app.add_option("--resume", resume, "Skip what has succeeded in that journal")
      ->type_name("DB")
      ->group(batch);
  app.add_option("-w,--workers", workers, "Wait for N workers first")
      ->type_name("N")
      ->check(CLI::Range(0.0, 1e15).description(""))
      ->capture_default_str()
      ->group(batch);
  app.add_option("--lost-after", lost_after, "A worker silent so long is gone")
      ->type_name(kTime)
      ->transform(duration_between(1.5, 1e6))
      ->capture_default_str()
      ->group(batch);
  app.add_option("--max-outstanding-bytes", max_outstanding_bytes, "Read no further ahead")
      ->type_name("BYTES")
      ->transform(size_between(0, std::uint64_t{1} << 50))
      ->default_str(size_text(max_outstanding_bytes))
      ->group(batch);
  app.add_option("--pool", pool, "Only workers of that pool take part")
      ->type_name("NAME")
      ->check(name_check())
      ->group(batch);
  add_lanes(app, lanes, "Ports where workers open their lanes");
  app.add_flag("--classic", classic, "The guide's plain messages, which may get lost")
      ->group(batch);
  app.add_option("--make-key", make_key, "Write a new key for --key, and exit")
      ->type_name("FILE")
      ->group(batch);
}

}  // namespace divvy::ventilator
