# Tab completion of seedance in fish: seedance --show-completion fish | source
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
