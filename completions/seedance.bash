# Tab completion of seedance in bash: eval "$(seedance --show-completion bash)"
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
