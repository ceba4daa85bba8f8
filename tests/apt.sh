# shellcheck shell=bash
# Packages for tests/*/build, downloaded and unpacked below $out, never installed: apt with
# lists and sources of its own, so that the machine stays as it is. Source it first; it
# expects $out and defines
#
#	say TEXT, die TEXT
#	none TEXT		there is none for this machine: exit 77; an error on Debian 12
#	apt TOOL ARG..		apt-TOOL, on our lists
#	apt_backports PACKAGE	lists of the backports, which have the package; or none
#	download PACKAGE..	into $out/deb, all or none of them
#	missing DEB		of the libraries (lib*) that a package depends on, those that the machine lacks
#	lacking DIR PROGRAM	the shared objects that neither the machine nor DIR has
#	stamp FILE..		a checksum of all of them

ID='' VERSION_ID='' VERSION_CODENAME=''
# shellcheck disable=SC1091
[ ! -r /etc/os-release ] || . /etc/os-release

WHO=${out#build/}
die() { printf '%s: %s\n' "$WHO" "$*" >&2; exit 1; }
say() { printf '%s: %s\n' "$WHO" "$*" >&2; }
none() {
	[ "$ID $VERSION_ID" != 'debian 12' ] || die "$*"
	say "none for this machine: $*"
	exit 77
}

stamp() { cat "$@" | sha256sum | cut -d ' ' -f 1; }

apt_opts=()
apt_setup() {
	local apt=$PWD/$out/apt

	rm -rf "$apt"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources"
	# The sandbox user of apt cannot enter every checkout: stay who we are.
	apt_opts=(-o "APT::Sandbox::User=$(id -un)" -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache"
		-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/sources")
}
apt() { local tool=$1; shift; "apt-$tool" "${apt_opts[@]}" "$@"; }

# SUITE: adds it to our sources, from wherever the machine has its release, with the same
# keys and options. Fails where the machine names its release in another way.
add_sources() {
	local suite=$1 to=$out/apt/sources/$1 file

	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ ! -r "$file" ] || sed -n -E "s,^[ 	]*deb[ 	]+((\[[^]]*\][ 	]+)?[^ 	]+)[ 	]+${VERSION_CODENAME}[ 	]+,deb \1 $suite ,p" "$file"
	done >"$to.list"
	for file in /etc/apt/sources.list.d/*.sources; do
		# Comments may stand inside a stanza; an empty line ends it.
		[ ! -r "$file" ] || { grep -v '^#' "$file" || :; } |
			awk -v release="$VERSION_CODENAME" -v suite="$suite" 'BEGIN { RS = ""; FS = "\n" } {
				text = ""; deb = found = 0; on = 1
				for (i = 1; i <= NF; i++) {
					line = $i; key = tolower(line)
					if (key ~ /^types:/) { deb = line ~ /[: \t]deb([ \t]|$)/; line = "Types: deb" }
					if (key ~ /^enabled:[ \t]*(no|false|0)/) on = 0
					if (key ~ /^suites:/) {
						n = split(substr(line, 8), word, /[ \t]+/)
						for (j = 1; j <= n; j++) if (word[j] == release) found = 1
						line = "Suites: " suite
					}
					text = text line "\n"
				}
				if (deb && found && on) print text
			}'
	done >"$to.sources"
	[ -s "$to.list" ] || [ -s "$to.sources" ]
}

# PACKAGE: sets the suite and fetches its lists.
apt_backports() {
	suite=$VERSION_CODENAME-backports
	command -v apt-get >/dev/null || none 'it would come from the backports of Debian'
	apt_setup
	add_sources "$suite" || none "apt has no source of $VERSION_CODENAME to derive $suite from"
	apt get -q -o APT::Update::Error-Mode=any update >&2 || none "cannot fetch the package lists of $suite"
	apt cache show "$1/$suite" >/dev/null 2>&1 || none "$suite has no $1"
}

# PACKAGE..: into $out/deb, all or none.
download() {
	local new=$out/deb.new

	say "downloading $*"
	rm -rf "$new"
	mkdir -p "$new" "$out/deb"
	(cd "$new" && apt get -q download "$@" >&2) || return 1
	mv "$new"/*.deb "$out/deb/"
	rm -rf "$new"
}

missing() {
	local package

	for package in $(dpkg-deb -f "$1" Depends | tr ',' '\n' | sed 's/^ *\([^ ]*\).*/\1/' | grep '^lib'); do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -q -x installed ||
			printf '%s\n' "$package"
	done
}

lacking() { LD_LIBRARY_PATH=$1 ldd "$2" | sed -n 's/^[ 	]*\([^ ]*\) => not found.*/\1/p'; }
