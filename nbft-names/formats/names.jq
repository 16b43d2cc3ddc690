# One line for each interface, with tabs: name, MAC address, VLAN or 0, parent or -, HFIs as TABLE:index or -.
# With --naming none the names are the system's; - stands for an interface that does not exist yet.
.[]
| if .naming == "none" then .name = (.ifname // "-") | .parent = (.parent_ifname // .parent) else . end
| [.name, .mac, "\(.vlan)", .parent // "-", hfis]
| join("\t")
