# systemd.link(5): names of NICs. VLAN devices get their names when they are created.
.[] | link_file
