# bash completion for kvmtop. It knows nothing itself: the program completes from its tables and from what there is.
_kvmtop()
{
	mapfile -t COMPREPLY < <("$1" complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
	# what ends so goes on: a key with its value, a directory, a list
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=/:,] ]] && compopt -o nospace
}
complete -F _kvmtop kvmtop
