#!/bin/bash
# Packages: the archive of the source is the same bytes from every clone, a deb and an RPM are made of it, the deb is
# installed into a minimal Debian, does its work there, and leaves nothing when it is removed. It compiles all of kvmtop twice.
# named: only

. "$(dirname "$0")/../lib.sh"

version=$(cat "$ROOT/VERSION")
for tool in dpkg-buildpackage dh lintian rpmbuild appstreamcli; do
	command -v "$tool" >/dev/null && continue
	t_skip 'packages' "no $tool (./dev package installs it on Debian)"
	t_done
done

# ---- the archive of the source

# NAME UMASK: a clone of what is committed, with those rights, makes its archive into NAME.tar.xz.
archive() {
	(umask "$2" && git clone -q "$ROOT" "$1") && "$1/packaging/dist" "$PWD/$1.tar.xz"
}
same() { cmp "$1" "$2" || { tar tvf "$1" >"$1.list"; tar tvf "$2" >"$2.list"; diff "$1.list" "$2.list" | head -n 20; false; }; }

if git -C "$ROOT" rev-parse HEAD >/dev/null 2>&1; then
	t_ok 'an archive of the source' archive one 022
	t_ok 'and one from another clone' archive two 077
	t_ok 'are the same bytes' same one.tar.xz two.tar.xz
	mkdir again
	t_ok 'it unpacks' tar xf one.tar.xz -C again
	t_ok 'and makes itself again, without git' "again/kvmtop-$version/packaging/dist" "$PWD/again.tar.xz"
	t_ok 'the same bytes too' same one.tar.xz again.tar.xz
	echo more >>"again/kvmtop-$version/NEWS"
	"again/kvmtop-$version/packaging/dist" "$PWD/other.tar.xz"
	t_ok 'of another source it is another' test "$(sha256sum <other.tar.xz)" != "$(sha256sum <one.tar.xz)"
	rm -rf one two again
else
	t_skip 'the same archive from two clones' 'this is no clone'
fi
t_is 'each file that names a version names this one' "$(cd "$ROOT" && sed -n -E 's/^Version: +(.*)/spec \1/p' packaging/kvmtop.spec
	cd "$ROOT" && sed -n '1s/^kvmtop (\(.*\)) .*/deb \1/p' debian/changelog
	cd "$ROOT" && sed -n 's/.*<release version="\([^"]*\)".*/metainfo \1/p' packaging/kvmtop.metainfo.xml | head -n 1)" \
	"$(printf '%s '"$version"'\n' spec deb metainfo)"
# What is not committed yet is to be built too.
source=$PWD/kvmtop-$version.tar.xz
t_ok 'the archive of this tree' "$ROOT/packaging/dist" "$source"
t_is 'has no file that was made' "$(tar tf "$source" | grep -E '^kvmtop-[^/]*/(build/|debian/(build|kvmtop)/|.*\.o$)')" ''

# ---- the deb

mkdir deb && tar xf "$source" -C deb
# Packages are made with the compiler's own settings, not with the test run's.
unset CFLAGS LDFLAGS CPPFLAGS
build_deb() (cd "deb/kvmtop-$version" && DEB_BUILD_OPTIONS="parallel=$(nproc)" dpkg-buildpackage -us -uc -b)
t_ok 'a deb is built' build_deb || t_done
deb=$(echo "$PWD"/deb/kvmtop_*.deb)
t_is 'the only ones are it and its debugging symbols' "$(cd deb && echo ./*.deb | sed "s/_${version}_[a-z0-9]*//g")" \
	'./kvmtop-dbgsym.deb ./kvmtop.deb'
# shellcheck disable=SC2317 # called by t_ok
clean() { lintian --display-info --fail-on error,warning,info "$1"/*.changes; }
t_ok 'lintian has nothing to say' clean deb
dpkg-deb -x "$deb" tree
needs=$(dpkg-deb -f "$deb" Depends)
t_like 'it needs the libraries that it is linked with' "$needs" 'libjson-c.*libncursesw.*libvirt0'
t_is 'its version is that of the source' "$(dpkg-deb -f "$deb" Version) $(tree/usr/bin/kvmtop -V | sed 's/^kvmtop //')" "$version $version"
elf=$(readelf -h -d -l tree/usr/bin/kvmtop)
t_like 'the program is position independent' "$elf" 'Type: *DYN'
t_like 'and binds its symbols when it starts, read-only' "$elf" 'GNU_RELRO.*BIND_NOW|BIND_NOW.*GNU_RELRO'
t_ok 'and checks its stack and what it copies' grep -q -E '__stack_chk_fail|__memcpy_chk' <<<"$(readelf --dyn-syms -W tree/usr/bin/kvmtop)"
# Each page and completion of the source is in it.
shipped() { find tree/usr/share/man -name '*.gz' -printf '%f\n' | sed 's/\.gz$//' | sort; }
t_is 'it has every manual page' "$(shipped)" "$(cd "$ROOT/man" && printf '%s\n' *.[1-8] | sort)"
for f in kvmtop.bash:bash-completion/completions/kvmtop _kvmtop:zsh/vendor-completions/_kvmtop kvmtop.fish:fish/vendor_completions.d/kvmtop.fish; do
	[ ! -e "$ROOT/completions/${f%%:*}" ] || t_ok "the completion ${f%%:*} is in its place" cmp "$ROOT/completions/${f%%:*}" "tree/usr/share/${f#*:}"
done
t_ok 'the metadata for software catalogues is valid' appstreamcli validate --no-net --pedantic tree/usr/share/metainfo/*.metainfo.xml

# ---- the RPM

# Debian has none of the libraries as RPMs. Without optimization it is built in half of the time.
build_rpm() {
	rpmbuild -tb --nodeps --define "_topdir $PWD/rpm" --define 'optflags -O1' --define "_smp_mflags -j$(nproc)" "$source"
}
t_ok 'an RPM is built from the same archive' build_rpm || t_done
rpm=$(find rpm/RPMS -name 'kvmtop-[0-9]*.rpm')
paths() { sed -E 's,^(/usr)?/lib/systemd,/lib/systemd,; s,/zsh/(vendor-completions|site-functions),/zsh,; s,\.gz$,,' | grep -v '/usr/share/doc\|/usr/share/licenses\|build-id' | sort; }
t_is 'it has the files of the deb' "$(rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$rpm" | sed -n 's/^[^d][^ ]* //p' | paths)" "$(cd tree && find . ! -type d | sed 's/^\.//' | paths)"

# ---- a minimal Debian

if [ "$(id -u)" != 0 ]; then
	t_skip 'it is installed and removed' 'not root'
	t_done
fi
# shellcheck disable=SC2001
mapfile -t names < <(sed 's/ *([^)]*)//g; s/, */\n/g' <<<"$needs")
"$ROOT/tests/debian/build" "${names[@]}" >debian.log 2>&1
case $? in
0) ;;
77)
	t_skip 'it is installed and removed' "$(tail -n 1 debian.log)"
	t_done ;;
*)
	t_fail 'there is a minimal Debian' "$(tail -n 20 debian.log)"
	t_done ;;
esac

# Changes are kept in memory: what is below build/ stays as it is.
cat >in-it <<'END'
set -u
mount --make-rprivate / 2>/dev/null
mount -t tmpfs -o size=1g tmpfs "$1" && mkdir "$1/new" "$1/work" "$1/root" &&
	mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/new,workdir=$1/work" "$1/root" || exit 1
cp "$3" "$1/root/tmp/kvmtop.deb" && cp inside "$1/root/tmp/inside" || exit 1
mount -t proc proc "$1/root/proc" && mount -t sysfs -o ro sysfs "$1/root/sys" && mount --rbind /dev "$1/root/dev" || exit 1
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root TERM=dumb \
	chroot "$1/root" bash /tmp/inside
END
# Prints "NAME<TAB>what was seen", a line each.
cat >inside <<'END'
exec 3>&1 1>/tmp/log 2>&1
say() { printf '%s\t%s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ')" >&3; }
files() { find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/log -o -path '/var/cache/man' \
	-o -path /var/cache/debconf -o -path '/var/lib/dpkg/*-old' -o -path /var/lib/apt \) -prune -o -print | sort; }
apt-get install -y --no-install-recommends /tmp/kvmtop.deb
say installed "$? $(dpkg-query -W -f '${db:Status-Status}' kvmtop)"
[ -x /usr/bin/kvmtop ] || cat /tmp/log >&3
say version "$(kvmtop -V 2>&1)"
say vms "$(kvmtop --batch --no-libvirt -o json host 2>&1 | grep -c '"table":"host"')"
for page in $(dpkg -L kvmtop | sed -n 's,.*/man[17]/\(.*\)\.gz$,\1,p'); do
	say "man" "${page%.*} $(man "${page##*.}" "${page%.*}" 2>&1 | head -n 2 | tr -s ' ')"
done
say completion "$(bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader kvmtop
	COMP_LINE="kvmtop --batch vcpu" COMP_POINT=19; $(complete -p kvmtop | sed "s/.*-F \([^ ]*\).*/\1/") kvmtop vcpu --batch 2>/dev/null; echo "${COMPREPLY[@]}"' 2>&1)"
say verify "$(systemd-analyze verify kvmtop-prometheus.timer kvmtop-prometheus.service 2>&1; echo $?)"
say enabled "$(systemctl is-enabled kvmtop-prometheus.timer 2>&1)"
say exposure "$(systemd-analyze security --offline=true --threshold=50 kvmtop-prometheus.service >/tmp/exposure 2>&1; echo $?; tail -n 1 /tmp/exposure)"
mkdir -p /var/lib/prometheus/node-exporter
# What the unit runs, and as it runs it.
run=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/kvmtop-prometheus.service)
eval "$(sed -n 's/^Environment=//p' /lib/systemd/system/kvmtop-prometheus.service | tr -d '"' | sed 's/=\(.*\)/="\1"/')"
eval "$run"
say textfile "$? $(ls /var/lib/prometheus/node-exporter) $(stat -c %a /var/lib/prometheus/node-exporter/kvmtop.prom) $(grep -c '^kvmtop_host_' /var/lib/prometheus/node-exporter/kvmtop.prom)"
before=$(stat -c %i:%s /var/lib/prometheus/node-exporter/kvmtop.prom)
KVMTOP=/bin/false eval "$run"
say broken "$? $(ls /var/lib/prometheus/node-exporter) $([ "$before" = "$(stat -c %i:%s /var/lib/prometheus/node-exporter/kvmtop.prom)" ] && echo as before)"
rm -rf /var/lib/prometheus
systemctl enable kvmtop-prometheus.timer
say enable "$? $(find /etc/systemd -name 'kvmtop*')"
apt-get purge -y kvmtop
say purged "$? $(dpkg-query -W -f '${db:Status-Status}' kvmtop 2>/dev/null)"
say left "$(find / -xdev -name '*kvmtop*' ! -path '/proc/*' ! -path '/var/cache/man/*' ! -path '/sys/*' ! -path /tmp/kvmtop.deb)"
files >/tmp/before
dpkg -i /tmp/kvmtop.deb
kvmtop --batch --no-libvirt vms
dpkg -P kvmtop
say again "$?"
files >/tmp/after
say differs "$(diff /tmp/before /tmp/after)"
END
mkdir mnt
# Without a network: all that apt needs is there.
t_ok 'it is tried in a minimal Debian' unshare -m -n bash in-it "$PWD/mnt" "$ROOT/build/debian/root" "$deb"
cp t_ok.out seen
saw() { sed -n "s/^$1	//p" seen; }
t_is 'apt installs it with what it needs' "$(saw installed)" '0 installed' || t_fail 'said' "$(cat seen)"
t_like 'it runs' "$(saw version)" "^kvmtop $version"
t_is 'and looks at the host' "$(saw vms)" 1
t_is 'man shows every page of it' "$(saw man | awk '$2 == toupper($1) "(" substr($2, length($2) - 1)' | wc -l)" "$(find "$ROOT/man" -name '*.[17]' | wc -l)" ||
	saw man
t_like 'bash completes it' "$(saw completion)" 'vcpu'
t_is 'the units are valid, and their manual pages are there' "$(saw verify)" 0
t_like 'the timer is not enabled' "$(saw enabled)" '^disabled'
t_like 'the service gives up most rights' "$(saw exposure)" '^0 .*(OK|MEDIUM)'
t_like 'what it runs writes a file that all can read' "$(saw textfile)" '^0 kvmtop.prom 644 [1-9]'
t_like 'and leaves the last one when it fails' "$(saw broken)" '^1 kvmtop.prom as before$'
t_like 'the timer can be enabled' "$(saw enable)" '^0 .*kvmtop-prometheus.timer'
t_is 'it is removed' "$(saw purged)" '0 '
t_is 'and leaves nothing' "$(saw left)" ''
t_is 'it can be installed and removed again' "$(saw again)" 0
t_is 'and every file is as before' "$(saw differs)" ''
t_done
