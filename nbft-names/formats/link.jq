# systemd.link(5): names of NICs. VLAN devices get theirs when they are made.
.[] | link_file
