"""Tab completion: the script of each shell, and how such a script asks this program.

Typer's own scripts are not used. In bash they lose what stands before a `:`, which every ref and
every aspect ratio has; in zsh they `eval` what the program prints; in zsh and fish each Tab loads
rich to draw the help texts, which takes three times as long as all the rest.

The scripts hand over the line up to the cursor, and get one candidate a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

ASKED = "_SEEDANCE_COMPLETE"
"""Typer's variable: completes instead of running. Its value is `INSTRUCTION_SHELL`."""
LINE = "_SEEDANCE_LINE"
"""The command line up to the cursor."""

_BASH = r"""# Tab completion of seedance in bash: eval "$(seedance --show-completion bash)"
_seedance_completion() {
    local line=${COMP_LINE:0:COMP_POINT} word kept= candidate
    word=${line##*[[:space:]]}
    [[ $word == --*=* ]] && word=${word#*=}
    # For bash a word begins after each colon: what stands before it stays, and is not repeated.
    [[ $COMP_WORDBREAKS == *:* && $word != [\"\']* ]] && kept=${word%"${word##*:}"}
    COMPREPLY=()
    while IFS= read -r candidate; do
        [[ $candidate == "$kept"?* ]] && COMPREPLY+=("${candidate#"$kept"}")
    done < <(_SEEDANCE_COMPLETE=complete_bash _SEEDANCE_LINE=$line "$1" 2>/dev/null)
}
complete -o default -F _seedance_completion seedance
"""

_ZSH = r"""#compdef seedance
# Tab completion of seedance in zsh: eval "$(seedance --show-completion zsh)" after compinit, or
# this file as `_seedance` in a folder of $fpath.
_seedance() {
  local -a offered
  local line="${(j: :)words[1,CURRENT-1]} $PREFIX"
  offered=("${(@f)$(_SEEDANCE_COMPLETE=complete_bash _SEEDANCE_LINE=$line $words[1] 2>/dev/null)}")
  offered=("${(@)offered:#}")
  if (( $#offered )); then
    compset -P '--*='
    compadd -V seedance -a offered
  else
    compset -P '--*='
    _files
  fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _seedance "$@"
else
  compdef _seedance seedance
fi
"""

_FISH = r"""# Tab completion of seedance in fish: seedance --show-completion fish | source
function __seedance_completion
    set -l token (commandline -ct)
    set -l line (commandline -cp | string collect)
    set -l kept (string match -r -- '^--[^=]*=' $token)
    set -l asking _SEEDANCE_COMPLETE=complete_bash _SEEDANCE_LINE="$line"
    set -l offered (env $asking seedance 2>/dev/null | string match -r -- '.+')
    if test (count $offered) -gt 0
        printf "%s\n" "$kept"$offered
    else
        __fish_complete_path (string replace -- "$kept" '' $token) | string replace -r '^' "$kept"
    end
end
complete -c seedance -e
complete -c seedance -f -k -a '(__seedance_completion)'
"""

_POWERSHELL = r"""# Tab completion of seedance in PowerShell:
# seedance --show-completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName seedance -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString()
    $length = $cursorPosition - $commandAst.Extent.StartOffset
    $Env:_SEEDANCE_LINE = $line.PadRight($length).Substring(0, $length)
    $Env:_SEEDANCE_COMPLETE = "complete_bash"
    try {
        seedance 2>$null | Where-Object { $_ } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_, $_, "ParameterValue", $_)
        }
    } finally {
        Remove-Item Env:_SEEDANCE_LINE, Env:_SEEDANCE_COMPLETE
    }
}
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}


def prepare(env: MutableMapping[str, str]) -> None:
    """Put what a script handed over into the form that Typer reads."""
    import shlex

    from typer.completion import completion_init  # type: ignore[attr-defined]  # only imported

    completion_init()  # Typer does it only where its own scripts are offered
    if LINE in env:
        words = _words(env[LINE])
        env["COMP_WORDS"] = shlex.join(words)
        env["COMP_CWORD"] = str(len(words) - 1)


def _words(line: str) -> list[str]:
    """The words of a line; the last one, perhaps empty, is where the cursor stands."""
    import shlex

    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:  # an open quote: the cursor stands in it
        return [*words, lexer.token]
    return [*words, ""] if not line or line[-1].isspace() else words
