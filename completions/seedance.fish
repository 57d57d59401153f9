# Tab completion of seedance in fish: seedance --show-completion fish | source
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
