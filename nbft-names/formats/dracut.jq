# The kernel command line as dracut.cmdline(7), systemd-network-generator(8) and nm-initrd-generator(8) read it.

# A NIC that keeps the system's name goes by it when udev has given it. Before, nobody knows what the system will call
# it: then by its MAC address, which only NetworkManager understands.
def system_name(named; ifname):
  if named then ifname else .mac | split(":") | join("-") end;

# What an interface is called there. VLAN ids are read out of names.
def called:
  .tagged_name // if .naming == "none" then system_name(.named; .ifname) else .name end;

# What the NIC of a VLAN device is called.
def below:
  if .naming == "none" then system_name(.parent_named; .parent_ifname) else .parent end;

# A static address, with the gateway if it is the way to everywhere.
def static($interface):
  .family as $family
  | [$interface.routes[] | select(.default and .family == $family) | .gateway | bracketed] as $gateways
  | ["ip=" + (.address | bracketed), "", $gateways[0] // "", "\(.prefix)", $interface.hostname // "",
     ($interface | called), "none"]
  | join(":");

# How an address is asked for. There is one way for each interface: of several, the one that includes them.
def asked:
  if .dhcp4 and (.dhcp6 or .slaac) then "any"
  elif .dhcp4 then "dhcp"
  elif .dhcp6 then "dhcp6"
  elif .slaac then "auto6"
  else empty end;

def route($interface):
  "rd.route=\(if .family == 6 then "[\(cidr)]" else cidr end):\(.gateway | bracketed):\($interface | called)";

lines(
  (select(. != []) | "rd.neednet=1"),
  (.[] | . as $interface |
    if .vlan == 0
    then select(.naming == "rename") | "ifname=\(.name):\(.mac)"
    else "vlan=\(.tagged_name):\(below)"
    end,
    (.addresses[] | select(.method == "static") | static($interface)),
    (asked | "ip=\($interface | called):\(.)"),
    (.routes[] | select((.dynamic or .default) | not) | route($interface)),
    # Without brackets, whatever the manual says: systemd-network-generator 252 refuses them here.
    (.dns[] | "nameserver=\(.)")))
| select(. != "") | {file: "20-nbft.conf", text: ., header: false}
