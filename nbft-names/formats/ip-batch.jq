# Lines for `ip -force -batch -`, or for a loop around busybox's ip: no word needs quotes. Comments of a fixed form stand
# for the rest: `# dhcp4 NAME`, `# dhcp6 NAME`, `# slaac NAME`, `# nameserver ADDRESS`, `# hostname NAME`.

# Renames a NIC that exists, or adds the name to it, without setting it down.
def name:
  select(.vlan == 0 and .device != null and .device != .name)
  | if .naming == "rename" then "link set dev \(.device) name \(.name)"
    elif .naming == "altname" then "link property add dev \(.device) altname \(.name)"
    else empty end;

# `append`, not `add`: two interfaces may have routes to the same target.
def route($name):
  "route append \(cidr)"
  + (if .gateway then " via \(.gateway)" else "" end)
  + " dev \($name)"
  + (if .onlink then " onlink" else "" end)
  + (if .metric then " metric \(.metric)" else "" end);

lines(
  .[] | .ifname as $name |
  if $name == null or (.vlan != 0 and .parent_ifname == null)
  then "# \(.mac): no such interface"
  else
    name,
    (select(.vlan != 0 and .device == null) | "link add link \(.parent_ifname) name \($name) type vlan id \(.vlan)"),
    "link set dev \($name) up",
    (fixed(4, 6) | "addr replace \(cidr) dev \($name)"),
    (known(4, 6) | route($name)),
    (select(.dhcp4) | "# dhcp4 \($name)"),
    (select(.dhcp6) | "# dhcp6 \($name)"),
    (select(.slaac) | "# slaac \($name)"),
    (.dns[] | "# nameserver \(.)"),
    (.hostname | strings | "# hostname \(.)")
  end)
| select(. != "") | {file: "nbft.ip", text: ., header: false}
