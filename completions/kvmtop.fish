# fish completion for kvmtop. It knows nothing itself: the program completes from its tables and from what there is.
function __kvmtop_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    command $words[1] complete fish $words[2..-1] "$last" 2>/dev/null | string match -v (printf '\t*')
end
complete -c kvmtop -f -a '(__kvmtop_complete)'
