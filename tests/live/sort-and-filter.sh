#!/bin/bash
# A thousand recorded guests in the right order under every sort, and the right ones under
# filters, unknown values included. What is right is worked out by sort and awk from what
# the recording was made of.

. "$(dirname "$0")/../lib.sh"

"$ROOT/tests/tools/thousand" host
vms() { kt --root host "$@" vms; }

# One line a guest: name, ref, pid, uuid, mem_bytes, rss_bytes; "-" is unknown.
awk -F '\t' -v OFS='\t' -v OFMT=%.0f '{
	print ($2 == "" ? "pid:" $1 : $2), "pid:" $1 "@" 5000 + NR, $1, ($3 == "" ? "-" : $3), $4 * 1048576, $5
}' host/truth >guests

vms -d 0 -o json >all.json 2>err
t_is 'vms of a recorded host succeeds' "$?" 0
t_is 'and complains of nothing' "$(cat err)" ''
t_is 'a thousand guests' "$(wc -l <all.json)" 1000
t_is 'each as it was recorded' \
	"$(jq -r '[.vm, .ref, .pid, .uuid // "-", .mem_bytes, .rss_bytes] | @tsv' all.json | LC_ALL=C sort | md5sum)" \
	"$(LC_ALL=C sort guests | md5sum)"
t_is 'nobody can be asked' "$(jq -c 'select(.state != null or .iops != null or .depth != null)' all.json)" ''
t_is 'and rates are unknown, as nothing was waited for' "$(jq -c 'select(.cpu_pct != null or .rx_bytes_per_s != null)' all.json)" ''

# ---- sorts

# COLUMN [g][r] of stdin's lines "name ref value..": in the order of that column, unknown last
# either way, then by name and ref. Prints the refs.
in_order() {
	awk -F '\t' -v OFS='\t' -v c="$1" '{ print ($c == "-"), $c, $1, $2 }' |
		LC_ALL=C sort -t "$(printf '\t')" -k1,1 -k2,2"${2:-}" -k3,3 -k4,4 | cut -f 4
}
refs() { jq -r .ref; }

# FIELD COLUMN HOW: where ascending is the first direction.
sorted() {
	t_is "$1" "$(vms -d 0 -o json -F ref -s "$1" | refs | md5sum)" "$(in_order "$2" "$3" <guests | md5sum)"
	t_is "-$1" "$(vms -d 0 -o json -F ref -s "-$1" | refs | md5sum)" "$(in_order "$2" "${3}r" <guests | md5sum)"
}
sorted vm 1 ''
sorted ref 2 ''
sorted pid 3 g
sorted uuid 4 ''
# FIELD COLUMN: where descending is.
sorted_down() {
	t_is "$1" "$(vms -d 0 -o json -F ref -s "$1" | refs | md5sum)" "$(in_order "$2" gr <guests | md5sum)"
	t_is "-$1" "$(vms -d 0 -o json -F ref -s "-$1" | refs | md5sum)" "$(in_order "$2" g <guests | md5sum)"
}
sorted_down mem_bytes 5
sorted_down rss_bytes 6
# What is the same, or unknown, for all leaves the order of names.
for field in $("$KVMTOP" --batch -o json columns vms | jq -r .id); do
	case $field in vm | ref | pid | uuid | mem_bytes | rss_bytes) continue ;; esac
	t_is "$field, which says nothing here" "$(vms -d 0 -o json -F ref -s "$field" | refs | md5sum)" \
		"$(in_order 1 <guests | md5sum)"
done

# ---- rates: the counters move between two samples

kt_start --root host -d 4 -n 2 -o json -s vm -F ref,cpu_pct,wait_pct,rd_bytes_per_s,wr_bytes_per_s,rx_bytes_per_s,tx_bytes_per_s vms >rates.json
looker=$!
first_is_there() { [ "$(wc -l <rates.json)" -ge 1000 ]; }
t_ok 'a first sample' wait_for 60 first_is_there
kill -STOP "$looker"	# it is to see all of them moved, however long that takes
"$ROOT/tests/tools/thousand" host later
kill -CONT "$looker"
wait "$looker"
head -n 1000 rates.json >first
tail -n 1000 rates.json >second
t_is 'nothing moved before it' "$(jq -c 'select(.cpu_pct != 0 or (.rx_bytes_per_s // 0) != 0)' first)" ''
paste guests host/deltas | awk -F '\t' -v OFS='\t' '{ for (i = 1; i <= NF; i++) if ($i == "") $i = "-"; print }' >moved
i=8
for field in cpu_pct wait_pct rd_bytes_per_s wr_bytes_per_s rx_bytes_per_s tx_bytes_per_s; do
	jq -r --arg f "$field" '[.ref, (.[$f] // "-")] | @tsv' second | LC_ALL=C sort >got
	# the same elapsed time for all, so each is the same multiple of what was added
	cut -f "2,$i" moved | LC_ALL=C sort | paste - got | awk -F '\t' '
		$1 != $3 || ($2 == "-") != ($4 == "-") { print; next }
		$2 == "-" || $2 + 0 == 0 { if ($2 != "-" && $4 != 0) print; next }
		{ r = $4 / $2; if (!first) first = r; if (r < first * 0.98 || r > first * 1.02) print }' >wrong
	t_is "$field is what was added, by the same time, for all" "$(head -n 3 wrong)" ''
	i=$((i + 1))
done

# ---- filters

# EXPR AWK: the same by awk over name ref pid uuid mem_bytes rss_bytes.
kept() {
	t_is "$1" "$(vms -d 0 -o json -F ref -s vm --filter "$1" | refs | LC_ALL=C sort | md5sum)" \
		"$(awk -F '\t' "$2 { print \$2 }" guests | LC_ALL=C sort | md5sum)"
}
kept 'uuid=null' '$4 == "-"'
kept 'uuid!=null' '$4 != "-"'
kept '!uuid=null' '$4 != "-"'
kept 'mem_bytes>=1G' '$5 >= 1073741824'
kept 'mem_bytes=512M || rss_bytes<40K' '$5 == 536870912 || $6 < 40960'
kept 'pid>=20000 && pid<30000' '$3 >= 20000 && $3 < 30000'
kept '!(pid<50000 || uuid=null)' '!($3 < 50000 || $4 == "-")'
kept 'vm~^g00[0-4]' '$1 ~ /^g00[0-4]/'
kept 'vm!~7$ && (mem_bytes=4G||mem_bytes=128M)' '$1 !~ /7$/ && ($5 == 4294967296 || $5 == 134217728)'
kept "vm='g0611'" '$1 == "g0611"'
kept 'vm="g0550 ä=b"' '$1 == "g0550 ä=b"'
kept 'uuid~^00' '$4 ~ /^00/'
kept 'uuid!~^00' '$4 != "-" && $4 !~ /^00/'
kept '!uuid~^00' '$4 != "-" && $4 !~ /^00/'
kept 'uuid<8' '$4 != "-" && $4 < "8"'
kept 'source=proc && state=null' '1'
kept 'cpu_pct=null' '1'
kept 'cpu_pct<5' '0'
kept '!cpu_pct<5' '0'
kept 'cpu_pct<5 || pid>90000' '$3 > 90000'
kept 'state!=running' '0'
t_is 'the name with a blank is there' "$(grep -c 'ä=b' guests)" "$(vms -d 0 --filter 'vm~ä=b$' -o json -F vm | wc -l)"

# ---- a device handed through: the guest that has its IOMMU group open

pid=$(sed -n 7p guests | cut -f 3)
owner=$(sed -n 7p guests | cut -f 2)
pci=host/sys/bus/pci/devices/0000:41:00.0
mkdir -p "$pci" "host/proc/$pid/fd"
printf '0x020000\n' >"$pci/class"
printf '0x8086\n' >"$pci/vendor"
printf '0x1521\n' >"$pci/device"
ln -s ../../../../kernel/iommu_groups/12 "$pci/iommu_group"
ln -s ../../../../bus/pci/drivers/vfio-pci "$pci/driver"
ln -s /dev/vfio/12 "host/proc/$pid/fd/41"
for address in 0000:41:00.0 41:00.0; do
	t_is "find a PCI device: $address" "$(kt --root host -o json find "$address" | jq -r .ref)" "$owner"
done
t_is 'and pci names the guest' "$(kt --root host -o json pci | jq -r '[.ref, .driver, .iommu_group] | join(" ")')" "$owner vfio-pci 12"

t_done
