# SPDX-License-Identifier: MIT
#
# Completion of lamina for bash: the command knows its own subcommands and options.

_lamina()
{
    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}

    if [ "$COMP_CWORD" -eq 1 ] || { [ "$COMP_CWORD" -eq 2 ] && [ "$command" = help ]; }; then
        mapfile -t COMPREPLY < <(compgen -W "$(lamina help --list 2>/dev/null)" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(
            compgen -W "$(lamina help --list "$command" 2>/dev/null)" -- "$word")
    elif [ "$command" = validate ]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$word"; compgen -f -X '!*.xml' -- "$word")
    fi
}
complete -F _lamina lamina
