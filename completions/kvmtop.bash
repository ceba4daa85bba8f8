# bash completion for kvmtop. It knows nothing itself: the program completes from its tables.
_kvmtop()
{
	local cur=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'

	# file=PATH, -q PATH and -f FILE are file names; readline splits words at '='
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-q | --qmp | -f | --file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	esac
	case $cur in
	file=*) mapfile -t COMPREPLY < <(compgen -P file= -f -- "${cur#file=}"); return ;;
	esac
	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
	# words with '=' reach us in pieces unless the caller took it out of COMP_WORDBREAKS
	if [[ $cur != *=* && ${COMP_WORDS[COMP_CWORD - 1]} == "=" ]]; then
		COMPREPLY=("${COMPREPLY[@]#*=}")
	fi
}
complete -F _kvmtop kvmtop
