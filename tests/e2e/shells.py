"""Interactive shells at a terminal of their own: what they make of a line when somebody asks for its completion."""
import os
import pty
import subprocess
import termios

from pipeline import DEADLINE, eventually

# Ctrl-A puts all that completion finds into the line; Ctrl-T notes the line, in one go, in $NOTE.
BASH = r"""
PS1='ready> '
bind '"\C-a": insert-completions'
bind -x '"\C-t": printf "%s" "$READLINE_LINE" >"$NOTE.part" && mv "$NOTE.part" "$NOTE"'
for program in divvy ventilator worker sink; do . "$PREFIX/share/bash-completion/completions/$program"; done
"""
ZSH = r"""
PS1='ready> '
fpath=("$PREFIX/share/zsh/site-functions" $fpath)
bindkey -e
LISTMAX=1000 # or it would ask before it shows a long list
autoload -Uz compinit && compinit -D -u
note() { print -rn -- "$BUFFER" >"$NOTE.part" && mv "$NOTE.part" "$NOTE" }
zle -N note
zle -C all complete-word _generic
bindkey '^T' note '^A' all
zstyle ':completion:all:*' completer _all_matches _complete
zstyle ':completion:all:*' insert true
"""


class Shell:
    """bash or zsh in a directory, with the completions of $PREFIX; its rc files are nobody's but ours, and in `notes`."""

    def __init__(self, name, env, folder, notes):
        self.note = notes / "line"
        (notes / "bashrc").write_text(BASH)
        (notes / ".zshrc").write_text(ZSH)
        words = {"bash": ["bash", "--rcfile", notes / "bashrc", "-i"], "zsh": ["zsh", "-d", "-i"]}[name]
        env = {**os.environ, **env, "NOTE": str(self.note), "ZDOTDIR": str(notes), "HOME": str(notes), "INPUTRC": "/dev/null",
               "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        self.keyboard, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (100, 100))
        os.set_blocking(self.keyboard, False)
        self.process = subprocess.Popen(["setsid", "--ctty", *words], cwd=folder, env=env, stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        self.screen = ""
        self.shows("ready> ")

    def shows(self, text):
        eventually(lambda: text in self.look(), f"the shell to show {text}")

    def look(self):
        try:
            self.screen += os.read(self.keyboard, 65536).decode(errors="replace")
        except BlockingIOError:
            pass  # nothing new
        return self.screen

    def type(self, text):
        os.write(self.keyboard, text.encode())

    def completed(self, line):
        """The line, with all that its last word may become."""
        self.type("\x15" + line + "\x01\x14")  # Ctrl-U once more: zsh may have put matches into the line after the last one

        def noted():
            self.look()  # or the shell would wait for us
            return self.note.exists()

        eventually(noted, f"a completion of {line}")
        text = self.note.read_text()
        self.note.unlink()
        self.type("\x15")  # the next line is a new one
        return text.rstrip()

    def close(self):
        os.close(self.keyboard)
        self.process.kill()
        self.process.wait(DEADLINE)
