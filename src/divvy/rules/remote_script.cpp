#include "divvy/rules/remote_script.hpp"

namespace divvy::launcher {
namespace {

// On one line: in the script n is a line's end.
std::string word(std::string_view text) {
  std::string quoted = "'";
  for (const char letter : text) {
    if (letter == '\'') {
      quoted += R"('\'')";
    } else if (letter == '\n') {
      quoted += R"('"$n"')";
    } else {
      quoted += letter;
    }
  }
  return quoted += '\'';
}

std::string say(std::string_view text) { return R"(echo ")" + std::string(text) + R"(" >&2; )"; }
std::string end_with_trouble() { return "exit " + std::to_string(kRemoteTrouble) + "; "; }

// The words that run a worker, as "$@", and in v what they say of their version.
std::string find_worker(const std::string& path) {
  const std::string worker = word(path);
  return "if v=$(" + worker + " --version 2>/dev/null </dev/null); then set -- " + worker +
         "; elif v=$(divvy --version </dev/null); then set -- divvy worker; else " +
         say("divvy is not there, or does not run: no $w, and none in PATH ($PATH)") +
         end_with_trouble() + "fi; ";
}

std::string check_version(const std::string& version) {
  return "case $v in *" + word(" " + version + " ") + "*) ;; *) " +
         say("it has $v, and here it is " + version) + end_with_trouble() + "esac; ";
}

// Where ssh came from: so this machine is seen from there.
std::string find_address() {
  return "a=${SSH_CONNECTION%% *}; case $a in '') " +
         say("there is no SSH_CONNECTION, which tells where to connect to") + end_with_trouble() +
         R"(esac; case $a in *:*) a="[$a]";; esac; )";
}

}  // namespace

std::string remote_script(const RemoteStart& start) {
  std::string script = "w=" + word(start.worker) + "; ";
  script += "if cd " + word(start.directory) + " 2>/dev/null; then m=" + word(kStartsHere) +
            "; else m=" + word(kStartsAtHome) + "; fi; ";
  script += find_worker(start.worker) + check_version(start.version) + find_address();
  script += say("$m");
  script += R"("$@" --at "$a:)" + std::to_string(start.port) + R"(" --key -)";
  for (const std::string& argument : start.arguments) script.append(" ").append(word(argument));
  script += " >/dev/null";  // no line is in the dots of workloads
  // 255 is what ssh says when the connection is lost.
  script += "; s=$?; case $s in 255) s=" + std::to_string(kRemoteTrouble) + ";; esac; exit $s\n";
  return script;
}

}  // namespace divvy::launcher
