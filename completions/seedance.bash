# Tab completion of seedance in bash: eval "$(seedance --show-completion bash)"
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
