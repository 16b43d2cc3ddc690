# Lines for `ip -force -batch -`, or for a loop around busybox's ip: plain words, nothing to quote. What ip cannot do
# is in comments of a fixed form: `# dhcp4 NAME`, `# dhcp6 NAME`, `# slaac NAME`, `# nameserver ADDRESS`, `# hostname NAME`.

# Names: only of NICs that are there. Nothing is set down for it.
def name:
  select(.vlan == 0 and .device != null and .device != .name)
  | if .naming == "rename" then "link set dev \(.device) name \(.name)"
    elif .naming == "altname" then "link property add dev \(.device) altname \(.name)"
    else empty end;

# `append`, not `add`: two interfaces may lead to one target.
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
