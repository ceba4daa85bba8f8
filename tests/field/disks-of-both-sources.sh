#!/bin/bash
# What disks says of a libvirt guest is the same whether libvirt's definition told it or QEMU's monitor: bus, IOThread, file, format,
# readonly, storage of the same disks compared; where only one of them can know, the other says that it does not. The files are those
# that virsh has.
# qemus: all
. "$(dirname "$0")/../lib.sh"

libvirt_start default
dir=/var/lib/libvirt/images
lv mkdir -p "$dir"
lv truncate -s 8M "$dir/a.raw" "$dir/b.raw" "$dir/c.raw" "$dir/n.raw" "$dir/cor.raw" "$dir/fd.raw"
# it measures how fast this machine is, and gives up where others keep that from it
wait_for 60 lv qemu-img create -q --object secret,id=s0,data=abc -f luks -o key-secret=s0,iter-time=10 "$dir/l.luks" 4M
virsh_ pool-define-as kt dir --target "$dir" >/dev/null && virsh_ pool-start kt >/dev/null
setpriv --pdeathsig KILL nsenter -m -r -w -t "$T_LIBVIRT" -- qemu-nbd -k /run/kt/nbd.sock -x exp -e 10 -t -f raw "$dir/n.raw" &
t_own $!
wait_for 10 lv test -S /run/kt/nbd.sock
lv chmod 777 /run/kt /run/kt/nbd.sock
cat >secret.xml <<'END'
<secret ephemeral='no' private='no'><uuid>0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f</uuid></secret>
END
virsh_ secret-define secret.xml >/dev/null
virsh_ secret-set-value 0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f --base64 YWJj >/dev/null 2>&1

disk() { printf "<disk type='file' device='%s'><driver name='qemu' type='raw' %s/>%s<target dev='%s' bus='%s'/>%s</disk>" "$@"; }
source_() { printf "<source file='%s'/>" "$dir/$1"; }
DOMAIN_VCPU='<vcpu>1</vcpu><iothreads>2</iothreads>' DOMAIN_USB="<controller type='usb' model='qemu-xhci'/>" domain_start g "
	$(disk disk "iothread='2'" "$(source_ a.raw)" vda virtio '')
	<controller type='scsi' index='0' model='virtio-scsi'><driver iothread='1'/></controller>
	$(disk disk '' "$(source_ b.raw)" sda scsi '<readonly/>')
	$(disk cdrom '' '' sdb sata '')
	$(disk disk '' "$(source_ c.raw)" sdc usb '')
	$(disk disk "copy_on_read='on'" "$(source_ cor.raw)" vdc virtio '')
	<disk type='volume' device='disk'><driver name='qemu' type='raw'/><source pool='kt' volume='fd.raw'/><target dev='vdd' bus='virtio'/></disk>
	<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='exp'>
	  <host transport='unix' socket='/run/kt/nbd.sock'/></source><target dev='vde' bus='virtio'/></disk>
	$(disk disk '' "<source file='$dir/l.luks'><encryption format='luks'><secret type='passphrase' uuid='0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f'/></encryption></source>" vdf virtio '')"
vm=$(vm g)
fields=device,id,bus,iothread,file,format,readonly,storage
kv --no-passthrough -d 0 -o json disks "$vm" -F "$fields" >by-definition 2>err
t_is 'by the definition' "$? $(cat err) $(wc -l <by-definition)" '0  8'
kv -d 0 -o json disks "$vm" -F "$fields" >by-qemu 2>err
t_like 'by QEMU' "$? $(cat err) $(wc -l <by-qemu)" '^0 .*tainted.* 8$'
row() { jq -c --arg d "$2" 'select(.device == $d) | [.id, .bus, .iothread, .file, .format, .readonly, .storage]' "$1"; }
for disk in $(jq -r .device by-definition | sort); do
	t_is "$disk: both say" "$(row by-qemu "$disk")" "$(row by-definition "$disk")"
done
column() { jq -r --arg d "$1" --arg c "$2" 'select(.device == $d) | .[$c]' by-qemu; }
t_is 'a volume is where virsh has it' "$(column vdd file)" "$(virsh_ vol-path fd.raw --pool kt)"
t_is 'an IOThread of a disk, and of its controller' "$(column vda iothread) $(column sda iothread)" 'iothread2 iothread1'
t_is 'an empty CD drive is read only' "$(column sdb readonly) $(column sdb file)" 'on null'
t_is 'what is on the network' "$(column vde file) $(column vde storage)" 'nbd+unix:///exp?socket=/run/kt/nbd.sock nbd'
t_is 'below copy-on-read' "$(column vdc file) $(column vdc format)" "$dir/cor.raw raw"
t_is 'LUKS is a format' "$(column vdf file) $(column vdf format)" "$dir/l.luks luks"

# ---- a volume is looked at as a file is

lv qemu-img create -q -f qcow2 "$dir/v.qcow2" 8M
lv qemu-img create -q -f qcow2 -b /etc/hostname -F raw "$dir/far.qcow2" 8M
virsh_ pool-refresh kt >/dev/null
for row in 'v.qcow2 raw' 'far.qcow2 qcow2' 'a.raw qcow2'; do
	read -r name format <<<"$row"
	kv --dry-run disk add "$vm" "file=$dir/$name" "format=$format" 2>file.err >/dev/null
	status=$?
	kv --dry-run disk add "$vm" "volume=kt/$name" "format=$format" 2>volume.err >/dev/null
	t_is "volume=kt/$name format=$format: as file=" "$? $(sed 's/volume/file/' volume.err)" "$status $(cat file.err)"
	t_is "volume=kt/$name format=$format: refused or told" "$([ "$status" = 1 ] || [ "$name" = far.qcow2 ] && echo so)" so
done
t_done
