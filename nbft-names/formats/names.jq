# One line for each interface, with tabs: name, MAC address, VLAN or 0, parent or -, HFIs as TABLE:index or -.
# Where the system's names are kept, those are the names; - stands for one that is not there yet.
.[]
| if .naming == "none" then .name = (.ifname // "-") | .parent = (.parent_ifname // .parent) else . end
| [.name, .mac, "\(.vlan)", .parent // "-", hfis]
| join("\t")
