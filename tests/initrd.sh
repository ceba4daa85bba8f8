# shellcheck shell=bash
# An initramfs with kernel modules, for tests/*/build. Needs bash's -eu -o pipefail.

# ROOT KVER TO MODULE: copies a module of an unpacked kernel package and what it depends on
# to TO/modules, uncompressed, and lists their names in TO/modules/order. Fails when the
# kernel has no such module.
add_module() {
	local root=$1 kver=$2 to=$3 m=$4 kind file name deps

	mkdir -p "$to/modules"
	[ -e "$to/modules/order" ] || : >"$to/modules/order"
	deps=$(modprobe -d "$root" -S "$kver" --show-depends "$m" 2>/dev/null) || return 1
	while read -r kind file _; do
		[ "$kind" = insmod ] || continue
		name=$(basename "$file")
		name=${name%%.ko*}
		[ ! -e "$to/modules/$name.ko" ] || continue
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -qdc "$file" ;;
		*) cat "$file" ;;
		esac >"$to/modules/$name.ko" || exit 1
		printf '%s\n' "$name" >>"$to/modules/order"
	done <<<"$deps"
}

# PARTS INIT FILE: an initramfs of PARTS/busybox, PARTS/modules and /init; the same bytes for
# the same inputs.
pack_initrd() {
	local root=$3.root

	rm -rf "$root"
	mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp"
	cp -r "$1/modules" "$root/modules"
	cp "$1/busybox" "$root/bin/busybox"
	cp "$2" "$root/init"
	chmod 755 "$root/init" "$root/bin/busybox"
	find "$root" -exec touch -h -d @0 {} +
	(cd "$root" && find . | sort | cpio -o -H newc -R 0:0 --reproducible --quiet) | gzip -n >"$3.new"
	rm -rf "$root"
	mv "$3.new" "$3"
}
