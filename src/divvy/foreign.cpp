#include "divvy/foreign.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/quoting.hpp"

namespace divvy::launcher {
namespace {

struct Foreign {
  std::string_view spellings;  // between blanks
  std::string_view value;      // what it is called; empty: it has none
  std::string_view answer;     // @ stands for the value
};

constexpr std::array kForeign{
    Foreign{" -P --max-procs --max-workers ", "N", "use -j @"},
    Foreign{" -I -i --replace ", "R", "{} stands for the task anyway: divvy -- COMMAND {}"},
    Foreign{" -a --arg-file --each-line --from-file ", "FILE",
            "name the file: divvy @ -- COMMAND {}"},
    Foreign{" -d --delimiter ", "D",
            "tasks are lines, or end in NUL with -0; else: tr @ '\\n' | divvy -- COMMAND {}"},
    Foreign{" --joblog ", "FILE", "use --journal @, an SQLite database of all results"},
    Foreign{" --results --output-dir --outdir ", "DIR",
            "use --journal FILE, a database which keeps what each task has printed"},
    Foreign{" --stdout --stderr ", "FILE",
            "what tasks print is printed, each whole; --journal FILE keeps it, too"},
    Foreign{" --bar --eta --progress ", "",
            "leave it out: on a terminal a line shows how far the batch is"},
    Foreign{" --pipe --pipepart --spreadstdin ", "",
            "use --stdin: each line is the standard input of a command; or --filter: a command for "
            "each "
            "job answers lines with lines"},
    Foreign{" --retry ", "N", "use --retries @"},
    Foreign{" -n --max-args -N --max-replace-args -L --max-lines -l -X -m --xargs ", "N",
            "a command is given one line; for two: paste - - | divvy --colsep '\\t' -- COMMAND {1} "
            "{2}"},
    Foreign{" --link --xapply ", "",
            "use paste: paste A B | divvy --colsep '\\t' -- COMMAND {1} {2}"},
    Foreign{" -S --sshlogin --sshloginfile --slf --hosts ", "HOST",
            "start there: worker --at ADDRESS --key FILE -- COMMAND {}, for a sink and a "
            "ventilator --at ADDRESS --key FILE here"},
    Foreign{" --resume --resume-failed ", "",
            "use --journal FILE --name NAME, with --retry-failed for what has failed"},
    Foreign{" --tagstring ", "S", "use --tag: each line has its task and a tab in front"},
    Foreign{" --shuf ", "", "use shuf: shuf FILE | divvy -- COMMAND {}"},
    Foreign{" -t ", "", "use --dry-run to see the commands"},
    Foreign{" -p --interactive ", "", "use --dry-run to see first what would be run"},
    Foreign{" -r --no-run-if-empty ", "", "leave it out: without tasks nothing is run"},
    Foreign{" --array ", "LIST", "use seq: seq 1 100 | divvy -- COMMAND {}"},
    Foreign{" --cpus --cores ", "N",
            "use -j N: so many tasks at once, whatever each of them needs"},
    Foreign{" --max-fails --crash-limit --halt-on-error ", "N", "use --halt now,fail=N"},
    Foreign{" --time-limit --time-request ", "TIME", "use --timeout @"},
    Foreign{" -C ", "REGEX", "use --colsep @"},
    Foreign{" -u --ungroup --lb --linebuffer --line-buffer --group ", "",
            "leave it out: what a task prints is passed on whole when it has ended"},
    Foreign{" --env ", "NAME", "leave it out: all variables reach the tasks"},
    Foreign{" --workdir --wd --cwd ", "DIR", "use cd: (cd @ && divvy -- COMMAND {})"},
    Foreign{" --nice ", "N", "use nice: nice -n @ divvy -- COMMAND {}"},
    Foreign{" --header ", "H", "use tail: tail -n +2 FILE | divvy -- COMMAND {}"},
    Foreign{" --process-slot-var ", "NAME", "use {%}, or the variable DIVVY_SLOT"},
    Foreign{" --quote --shellquote ", "", "leave it out: no shell reads the command"},
    Foreign{" --wait --will-cite --citation --no-notice --gnu ", "", "leave it out"},
    Foreign{" --delay --load --memfree --noswap --block --live --log ", "X",
            "that is not there yet"},
};

// The value in "--name=value", in "-nvalue", or behind; empty: none.
std::string value_of(const std::string& option, std::size_t name_size, const std::string& next) {
  if (option.size() > name_size) {
    return option.substr(name_size + (option[name_size] == '=' ? 1 : 0));
  }
  return next.starts_with('-') ? "" : next;
}

}  // namespace

std::string instead_of(const std::string& option, const std::string& next) {
  const std::string name =
      option.starts_with("--") ? option.substr(0, option.find('=')) : option.substr(0, 2);
  const auto* const known = std::find_if(kForeign.begin(), kForeign.end(), [&](const Foreign& one) {
    return one.spellings.find(" " + name + " ") != std::string_view::npos;
  });
  if (known == kForeign.end()) return {};
  std::string answer(known->answer);
  const auto at = answer.find('@');
  if (at == std::string::npos) return answer;
  const std::string value = value_of(option, name.size(), next);
  return answer.replace(at, 1, value.empty() ? std::string(known->value) : quoted({value}));
}

}  // namespace divvy::launcher
