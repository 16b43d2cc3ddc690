# Rules of udev(7), for images without .link files. The file sorts before 80-net-setup-link.rules, so that its names win.
# VLAN devices, bonds and bridges share a NIC's MAC address; they are told from the NIC by their DEVTYPE.
lines(.[] | select(.vlan == 0) |
  about,
  (["SUBSYSTEM==\"net\"", "ACTION==\"add\"", "ATTR{type}==\"1\"", "ENV{DEVTYPE}==\"\"", "ATTR{address}==\"\(.mac)\"",
    "ENV{ID_NBFT}=\"\(.name)\"", (select(.naming == "rename") | "NAME=\"\(.name)\"")] | join(", ")))
| select(. != "") | {file: "79-nbft.rules", text: ., header: false}
