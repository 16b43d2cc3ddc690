#!/bin/sh
# A hook of dracut, before 99-networkd-config.sh, which asks every interface for a lease if no .network file exists. This
# file, for no interface, keeps a machine as it was without this module: no network unless the kernel command line needs one.
# shellcheck disable=SC2154 # dracut's own variable
if [ -z "$netroot" ] && [ ! -e /tmp/net.ifaces ] && ! getargbool 0 rd.neednet; then
    mkdir -p /run/systemd/network
    printf '[Match]\nName=none.needed\n' >/run/systemd/network/99-nbft-none.network
fi
