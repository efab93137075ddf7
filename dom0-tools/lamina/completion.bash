# SPDX-License-Identifier: MIT
#
# Completion of lamina for bash. The command knows its own subcommands, options and arguments; this
# only knows what to offer for each kind of argument.

# The word of "lamina help --arguments" that stands for the argument being typed; the last one is
# for all that follow. Brackets and dots are left out.
_lamina_argument()
{
    local at=$1 word kinds
    read -ra kinds <<<"$(lamina help --arguments "$2" 2>/dev/null)"
    [ "${#kinds[@]}" -gt 0 ] || return 0
    [ "$at" -lt "${#kinds[@]}" ] || at=$((${#kinds[@]} - 1))
    word=${kinds[at]}
    printf '%s\n' "${word//[^A-Z]/}"
}

# The names of a domain's devices: one member of what disk-list and net-list print.
_lamina_devices() # COMMAND MEMBER DOMAIN
{
    lamina "$1" --json "$3" 2>/dev/null | sed -n "s/.*\"$2\": \"\([^\"]*\)\".*/\1/p"
}

_lamina()
{
    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} at=0 i first=

    if [ "$COMP_CWORD" -eq 1 ] || { [ "$COMP_CWORD" -eq 2 ] && [ "$command" = help ]; }; then
        mapfile -t COMPREPLY < <(compgen -W "$(lamina help --list 2>/dev/null)" -- "$word")
        return
    fi
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    --kernel | --initrd | --disk | -k | -i | -d)
        if [ "$command" = create ]; then
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
        fi
        ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(
            compgen -W "$(lamina help --list "$command" 2>/dev/null)" -- "$word")
        return
    fi
    if [ "$command" = store ] && [ "$COMP_CWORD" -eq 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W "ls read write rm watch" -- "$word")
        return
    fi
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -t | --timeout) i=$((i + 1)) ;;
        -*) ;;
        *) first=${first:-${COMP_WORDS[i]}} at=$((at + 1)) ;;
        esac
    done
    case $(_lamina_argument "$at" "$command") in
    DOMAIN)
        local IFS=$'\n'
        mapfile -t COMPREPLY < <(compgen -W "$(lamina list --names 2>/dev/null)" -- "$word")
        ;;
    TARGET)
        mapfile -t COMPREPLY < <(
            compgen -W "$(_lamina_devices disk-list target "$first")" -- "$word")
        ;;
    MACNUMBERNAME) # a MAC address would be three words to bash
        mapfile -t COMPREPLY < <(
            compgen -W "$(_lamina_devices net-list interface "$first")" -- "$word")
        ;;
    FILE | PATH | KERNEL | SOURCE)
        compopt -o filenames 2>/dev/null
        if [ "$command" = validate ] || [ "$command" = create ]; then
            mapfile -t COMPREPLY < <(compgen -d -- "$word"; compgen -f -X '!*.xml' -- "$word")
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
        fi
        ;;
    esac
}
complete -F _lamina lamina
