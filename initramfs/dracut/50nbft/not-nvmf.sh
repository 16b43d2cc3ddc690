#!/bin/sh
# A hook of dracut, before 92-parse-nvmf-boot-connections.sh: nvmf leaves the NBFT to us also if the kernel command line says
# rd.nvmf.nonbft=0. The last word counts, and dracut reads these files last, but only since 110.
mkdir -p /run/initramfs/cmdline.d
echo rd.nvmf.nonbft >/run/initramfs/cmdline.d/50-nbft-not-nvmf.conf
if ! getargbool 0 rd.nvmf.nonbft; then
    warn "nbft: rd.nvmf.nonbft=0 makes dracut's module nvmf handle the NBFT too: remove this word from the kernel command line"
fi
