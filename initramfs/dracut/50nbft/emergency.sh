#!/bin/sh
# Hook of dracut before the emergency shell, or before the machine ends instead: what stands between it and its disks.
(. /usr/share/nbft/wanted && nbft_wanted && nbft-check >/dev/console 2>&1)
