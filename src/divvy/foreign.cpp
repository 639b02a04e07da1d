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
    // --- how many at once
    Foreign{" -P=0 --max-procs=0 ", "", "use -j 1000: say how many at most"},
    Foreign{" -P --max-procs --max-workers ", "N", "use -j @"},
    Foreign{" --cpus --cores ", "N",
            "use -j N: so many tasks at once, whatever each of them needs"},
    Foreign{" --noswap --memsuspend ", "SIZE",
            "use --memfree SIZE: tasks start only with so much memory available"},
    Foreign{" --limit ", "COMMAND", "use --load 100%, or --memfree SIZE, or --delay TIME"},
    Foreign{" --use-cores-instead-of-threads --use-sockets-instead-of-threads "
            "--use-cpus-instead-of-cores ",
            "", "use -j N, -j N%, -j +N or -j -N"},
    Foreign{" --number-of-cores --number-of-threads --number-of-cpus --number-of-sockets ", "",
            "use nproc"},

    // --- tasks
    Foreign{" -a --arg-file --each-line --from-file ", "FILE",
            "name the file: divvy @ -- COMMAND {}"},
    Foreign{" --from-json ", "FILE", "use jq: jq -c '.[]' @ | divvy -- COMMAND {}"},
    Foreign{" --array ", "LIST", "use seq: seq 1 100 | divvy -- COMMAND {}"},
    Foreign{" -d --delimiter ", "D",
            "tasks are lines, or end in NUL with -0; else: tr @ '\\n' | divvy -- COMMAND {}"},
    Foreign{" -E --eof -e ", "", "use sed: sed '/^END$/,$d' FILE | divvy -- COMMAND {}"},
    Foreign{" -C ", "REGEX", "use --colsep @"},
    Foreign{" --skip-first-line ", "", "use tail: tail -n +2 FILE | divvy -- COMMAND {}"},
    Foreign{" --trim ", "", "use sed: sed 's/^ *//; s/ *$//' FILE | divvy -- COMMAND {}"},
    Foreign{" --shuf ", "", "use shuf: shuf FILE | divvy -- COMMAND {}"},
    Foreign{" -r --no-run-if-empty ", "", "leave it out: without tasks nothing is run"},
    Foreign{" --link --xapply ", "",
            "use :::+ for a list that goes along with another: divvy -- COMMAND {1} {2} ::: A B "
            ":::+ C D"},
    Foreign{" -N --max-replace-args -L --max-lines -l ", "N",
            "use -n @: so many lines to a command"},
    Foreign{" -X -m --xargs -s --max-chars ", "",
            "use -n 1000: so many lines to a command, or as many as fit"},
    Foreign{" --pipe --pipepart --pipe-part --spreadstdin --cat --fifo ", "",
            "use --block 1m: pieces of the input, each on the standard input of a command"},
    Foreign{" --block-size ", "SIZE", "use --block @"},
    Foreign{" --round-robin --round ", "",
            "use --filter, for a command that answers lines with lines; or --block 1m, which "
            "starts one for each piece"},
    Foreign{" --recend --recstart --regexp --remove-rec-sep --removerecsep --rrs ", "",
            "leave it out: pieces end with a line, or with NUL if -0 is given"},

    // --- the command
    Foreign{" -I -i --replace -U ", "R", "{} stands for the task anyway: divvy -- COMMAND {}"},
    Foreign{" --seqreplace --slotreplace --basenamereplace --bnr --basenameextensionreplace --bner "
            "--dirnamereplace --dnr --extensionreplace --er ",
            "R", "{} {.} {/} {//} {/.} {#} and {%} stand for them anyway: divvy -- COMMAND {.}"},
    Foreign{" --rpl --plus ", "", "use the shell: divvy -c 'x={}; COMMAND \"${x%.*}\"'"},
    Foreign{" --quote --shellquote --shell-quote ", "", "leave it out: no shell reads the command"},
    Foreign{" --process-slot-var ", "NAME", "use {%}, or the variable DIVVY_SLOT"},
    Foreign{" --env --record-env ", "NAME",
            "leave it out: all variables reach the tasks; for --hosts: divvy -- env NAME=VALUE "
            "COMMAND"},
    Foreign{" --workdir --wd --cwd ", "DIR",
            "use cd: (cd @ && divvy -- COMMAND {}), on --hosts, too, where they have it"},
    Foreign{" -t ", "", "use --dry-run to see the commands"},
    Foreign{" -p --interactive ", "", "use --dry-run to see first what would be run"},

    // --- output
    Foreign{" -u --ungroup --lb --linebuffer --line-buffer ", "",
            "use --live: lines are passed on as they are printed"},
    Foreign{" --group --no-keep-order ", "",
            "leave it out: what a task prints is passed on whole when it has ended"},
    Foreign{" --tagstring --ctagstring --ctag ", "S",
            "use --tag: each line has its task and a tab in front"},
    Foreign{" --joblog --jl ", "FILE", "use --log @"},
    Foreign{" --results --res --outdir ", "DIR", "use --output-dir @"},
    Foreign{" --files --output-as-files --outputasfiles ", "",
            "use --output-dir DIR: ID.out and ID.err of each task"},
    Foreign{" --stdout --stderr ", "FILE", "use --output-dir DIR: ID.out and ID.err of each task"},
    Foreign{" --sql --sqlmaster --sql-master --sqlandworker --sql-and-worker --sqlworker "
            "--sql-worker ",
            "DBURL", "use --journal FILE, an SQLite database of all results"},
    Foreign{" --bar --eta --progress --latest-line --latestline --ll ", "",
            "leave it out: on a terminal a line shows how far the batch is"},
    Foreign{" --color --color-failed --cf ", "", "leave it out: nothing is coloured"},

    // --- the batch
    Foreign{" --retry ", "N", "use --retries @"},
    Foreign{" --resume-failed ", "",
            "use --journal FILE --resume: what has not succeeded is run again"},
    Foreign{" --max-fails ", "N", "use --halt now,fail=@"},
    Foreign{" --halt-on-error ", "N", "use --halt now,fail=1"},
    Foreign{" --crash-limit ", "N",
            "leave it out: a task is given up when it has lost three workers"},
    Foreign{" --time-limit --time-request ", "TIME", "use --timeout @"},
    Foreign{" --term-seq --termseq ", "",
            "leave it out: who is to end gets SIGTERM, and 2 seconds later SIGKILL"},

    // --- machines
    Foreign{" -S --sshlogin ", "HOST", "use --hosts @; with a number of slots: HOST:8"},
    Foreign{" --sshloginfile --slf ", "FILE", "use --hosts file:@, one a line, as HOST or HOST:8"},
    Foreign{" --filter-hosts --sshdelay --controlmaster -M ", "",
            "leave it out: hosts of --hosts are reached once each, and left out if they cannot be"},
    Foreign{" --onall --nonall ", "", "use ssh: divvy --tag -- ssh {} COMMAND ::: HOST..."},
    Foreign{
        " --transferfile --transfer --tf --trc --return --cleanup --basefile --bf ", "FILE",
        "files are not copied: use a file system that all share, or scp or rsync in the command"},

    Foreign{" --wait --will-cite --citation --no-notice --gnu --plain ", "", "leave it out"},
};

// The value in "--name=value", in "-nvalue", or behind; empty: none.
std::string value_of(const std::string& option, std::size_t name_size, const std::string& next) {
  if (option.size() > name_size) {
    return option.substr(name_size + (option[name_size] == '=' ? 1 : 0));
  }
  return next.starts_with('-') ? "" : next;
}

const Foreign* find(const std::string& spelling) {
  const auto* const found = std::find_if(kForeign.begin(), kForeign.end(), [&](const Foreign& one) {
    return one.spellings.find(" " + spelling + " ") != std::string_view::npos;
  });
  return found == kForeign.end() ? nullptr : found;
}

}  // namespace

std::string instead_of(const std::string& option, const std::string& next) {
  const std::string name =
      option.starts_with("--") ? option.substr(0, option.find('=')) : option.substr(0, 2);
  const std::string value = value_of(option, name.size(), next);
  const Foreign* known = find(name + "=" + value);
  if (known == nullptr) known = find(name);
  if (known == nullptr) return {};
  std::string answer(known->answer);
  const auto at = answer.find('@');
  if (at == std::string::npos) return answer;
  return answer.replace(at, 1, value.empty() ? std::string(known->value) : quoted({value}));
}

}  // namespace divvy::launcher
