# ifname= of dracut.cmdline(7) and systemd-network-generator(8): names of NICs.
lines(.[] | select(.vlan == 0 and .naming == "rename") | "ifname=\(.name):\(.mac)")
| select(. != "") | {file: "20-nbft-ifname.conf", text: ., header: false}
