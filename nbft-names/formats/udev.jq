# Rules of udev(7), for images without .link files. They sort before 80-net-setup-link.rules, so that their names win.
# VLANs, bonds and bridges share a NIC's MAC address, but only they have a DEVTYPE.
lines(.[] | select(.vlan == 0) |
  about,
  (["SUBSYSTEM==\"net\"", "ACTION==\"add\"", "ATTR{type}==\"1\"", "ENV{DEVTYPE}==\"\"", "ATTR{address}==\"\(.mac)\"",
    "ENV{ID_NBFT}=\"\(.name)\"", (select(.naming == "rename") | "NAME=\"\(.name)\"")] | join(", ")))
| select(. != "") | {file: "79-nbft.rules", text: ., header: false}
