"""Tab completion: the script of each shell, and how such a script asks this program.

Typer's own scripts are not used. In bash they lose what stands before a `:`, which every ref and
every aspect ratio has; in zsh they `eval` what the program prints; in zsh and fish each Tab loads
rich to draw the help texts, which takes three times as long as all the rest.

The scripts hand over the line up to the cursor, and get one candidate a line; those of zsh and fish
ask for what each stands for, too, behind a tab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from typing import Any

ASKED = "_SEEDANCE_COMPLETE"
"""Typer's variable: completes instead of running. Its value is `INSTRUCTION_SHELL`."""
LINE = "_SEEDANCE_LINE"
"""The command line up to the cursor."""
ABOUT = "_SEEDANCE_ABOUT"
"""Set by a script that shows what each candidate stands for."""
_LONGEST = 80
"""Characters of such a text."""

_BASH = r"""# Tab completion of seedance in bash: eval "$(seedance --show-completion bash)"
_seedance_completion() {
    local line=${COMP_LINE:0:COMP_POINT} word= quote= text= at char kept= candidate
    # The word before the cursor as it was typed, the quote that is open in it, what follows that.
    for ((at = 0; at < ${#line}; at++)); do
        char=${line:at:1}
        if [[ $char == \\ && $quote != \' ]]; then
            char=${line:at++:2}
        elif [[ $char == "$quote" ]]; then
            quote= word+=$char
            continue
        elif [[ -z $quote && $char == [\"\'] ]]; then
            quote=$char text= word+=$char
            continue
        elif [[ -z $quote && $char == [[:space:]] ]]; then
            word= text=
            continue
        fi
        word+=$char text+=$char
    done
    COMPREPLY=()
    word=${word%"$quote$text"}
    if [[ -z $quote ]]; then
        # For bash a word begins after each colon: what stands before it stays, and is not repeated.
        word=$text
        [[ $word == --*=* ]] && word=${word#*=}
        [[ $COMP_WORDBREAKS == *:* ]] && kept=${word%"${word##*:}"}
        [[ $kept == *\\* ]] && return
    elif [[ -n $word && $word != --*= ]]; then
        return
    fi
    while IFS= read -r candidate; do
        [[ $candidate == "$kept"?* ]] || continue
        candidate=${candidate#"$kept"}
        # Inserted as it is: whatever means something to bash is quoted.
        [[ -n $quote && $candidate == *"$quote" ]] && continue
        case $quote in
            "") printf -v candidate %q "$candidate" ;;
            \') candidate=${candidate//\'/"'\\''"} ;;
            *)
                [[ $candidate == *!* ]] && continue
                candidate=${candidate//\\/\\\\} candidate=${candidate//\"/\\\"}
                candidate=${candidate//\$/\\\$} candidate=${candidate//\`/\\\`}
                ;;
        esac
        COMPREPLY+=("$candidate")
    done < <(_SEEDANCE_COMPLETE=complete_bash _SEEDANCE_LINE=$line "$1" 2>/dev/null)
    # 4 before 12, the newest task first; not of files, which bash then offers. Bash 4.4 and newer.
    ((${#COMPREPLY[@]})) && compopt -o nosort 2>/dev/null
    return 0
}
complete -o default -F _seedance_completion seedance
"""

_ZSH = r"""#compdef seedance
# Tab completion of seedance in zsh: eval "$(seedance --show-completion zsh)" after compinit, or
# this file as `_seedance` in a folder of $fpath.
_seedance() {
  local -a answer offered shown listed
  local line="${(j: :)words[1,CURRENT-1]} $PREFIX" one
  local -i width room=$(( COLUMNS - 2 ))
  local -x _SEEDANCE_COMPLETE=complete_zsh _SEEDANCE_ABOUT=1 _SEEDANCE_LINE=$line
  answer=("${(@f)$($words[1] 2>/dev/null)}")
  answer=("${(@)answer:#}")
  offered=("${(@)answer%%$'\t'*}")
  if (( $#answer )); then
    if [[ $answer[1] == *$'\t'* ]]; then
      # A line each: the candidate, and what it stands for, as far as the screen has room.
      for one in "$offered[@]"; do (( ${(m)#one} > width )) && width=${(m)#one}; done
      for one in "$answer[@]"; do
        one="${(mr:width:)one%%$'\t'*}  -- ${one#*$'\t'}"
        (( ${(m)#one} > room )) && one=${(mr:room:)one}
        shown+=("$one")
      done
      listed=(-l -d shown)
    fi
    compset -P '--*='
    compadd -V seedance $listed -a offered
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
function __seedance_offers
    set -l line (commandline -cp | string collect)
    set -l asking _SEEDANCE_COMPLETE=complete_fish _SEEDANCE_ABOUT=1 _SEEDANCE_LINE="$line"
    set -g __seedance_offered (env $asking seedance 2>/dev/null | string match -r -- '.+')
    test (count $__seedance_offered) -gt 0
end
function __seedance_completion
    set -l option (commandline -ct | string match -r -- '^--[^=]*=')
    printf "%s\n" "$option"$__seedance_offered
end
complete -c seedance -e
# Where nothing is offered fish completes file names, after `--output=` too.
complete -c seedance -n __seedance_offers -f -k -a '(__seedance_completion)'
"""

_POWERSHELL = r"""# Tab completion of seedance in PowerShell:
# seedance --show-completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName seedance -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString()
    $length = $cursorPosition - $commandAst.Extent.StartOffset
    $Env:_SEEDANCE_LINE = $line.PadRight($length).Substring(0, $length)
    $Env:_SEEDANCE_COMPLETE = "complete_bash"
    $quoting = [System.Management.Automation.Language.CodeGeneration]
    $option = if ("$wordToComplete" -match '^--[^=]*=') { $Matches[0] } else { '' }
    try {
        seedance 2>$null | Where-Object { $_ } | ForEach-Object {
            # Inserted as it is: whatever may mean something to PowerShell is quoted.
            $text = $_
            if ($_ -cnotmatch '^[A-Za-z0-9._/:-]+$') {
                $text = "'" + $quoting::EscapeSingleQuotedStringContent($_) + "'"
            }
            [System.Management.Automation.CompletionResult]::new(
                "$option$text", $_, "ParameterValue", $_)
        }
    } finally {
        Remove-Item Env:_SEEDANCE_LINE, Env:_SEEDANCE_COMPLETE
    }
}
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}


def answer(program: Callable[[], object], env: MutableMapping[str, str]) -> None:
    """Print what Tab offers at the end of the line in `env`, one candidate a line.

    Args:
        program: runs Typer's command; with the variables of `env` it completes instead.
        env: the environment with what a script handed over, brought into the form that Typer reads.
    """
    import io
    import shlex
    import sys
    from contextlib import redirect_stdout, suppress

    _have_lines(about=bool(env.get(ABOUT)))
    words = _words(env.get(LINE, ""))
    env[ASKED] = "complete_bash"
    env["COMP_WORDS"] = shlex.join(words)
    env["COMP_CWORD"] = str(len(words) - 1)
    offered = io.StringIO()
    with redirect_stdout(offered), suppress(SystemExit):
        program()
    stream = sys.stdout
    for line in offered.getvalue().splitlines():
        with suppress(UnicodeEncodeError):  # what the terminal cannot show cannot be typed
            encoding = getattr(stream, "encoding", None) or "utf-8"
            candidate, tab, text = line.partition("\t")
            candidate.encode(encoding)
            text = text.encode(encoding, "replace").decode(encoding)
            stream.write(f"{candidate}{tab}{text}\n")
    stream.flush()


def _have_lines(*, about: bool) -> None:
    """Have Typer answer with a line a candidate, and behind a tab what it stands for, if asked."""
    # No part of Typer's interface has them.
    from typer._completion_classes import (  # type: ignore[attr-defined]  # only imported
        BashComplete,
        add_completion_class,
    )

    class Lines(BashComplete):
        def format_completion(self, item: Any) -> str:
            text = _about(item) if about else ""
            return f"{item.value}\t{text}" if text else str(item.value)

    # Typer registers its own only where its own scripts are offered.
    add_completion_class(Lines, "bash")


def _about(item: Any) -> str:
    """What a candidate stands for, in a line: what the completer says, else how its help begins."""
    from seedance_cli.models import safe

    text = " ".join((getattr(item.value, "about", "") or item.help or "").split())
    text = safe(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


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
