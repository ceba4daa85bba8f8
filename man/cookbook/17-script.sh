#!/bin/sh
# Several changes in one script
# It is read whole before its first line runs. Here a line that fails does not stop it; the exit code is the worst.
kvmtop --batch --on-error continue -f - <<'END'
disk add web-12 file=/img/one.raw format=raw id=one
# the next image is not there
disk add web-12 file=/img/gone.raw format=raw id=gone
disk add web-12 file=/img/two.raw format=raw id=two
END
[ $? -le 1 ] || echo "something needs a look: kvmtop --batch journal"
