#!/bin/bash
# kvmtop can be built where there is no libvirt.

cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

without=$ROOT/build/no-libvirt
t_ok 'make LIBVIRT=0' make -s -C "$ROOT" -j"$(nproc)" LIBVIRT=0 WERROR=1 BUILD="$without" "$without/kvmtop"
t_is 'links neither libvirt nor libxml2' "$(ldd "$without/kvmtop" | grep -c -E 'libvirt|libxml2')" 0
"$without/kvmtop" --batch -d 0 -F pid vms >out 2>err
t_is 'works, and says nothing about it' "$? $(cat err)" '0 '
"$without/kvmtop" --batch -d 0 --connect qemu:///system -F pid vms >out 2>err
t_like 'but to who asks for a URI' "$(cat err)" '--connect: .*built without libvirt'
t_done
