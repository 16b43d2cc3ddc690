# The kernel command line as dracut.cmdline(7), systemd-network-generator(8) and nm-initrd-generator(8) read it.

# The name of a NIC that keeps the system's name. Before udev has given this name the MAC address takes its place, which
# only NetworkManager understands.
def system_name(named; ifname):
  if named then ifname else .mac | split(":") | join("-") end;

# The name of an interface on this command line, whose readers take the VLAN id out of the name.
def called:
  .tagged_name // if .naming == "none" then system_name(.named; .ifname) else .name end;

# The name of the NIC below a VLAN device.
def below:
  if .naming == "none" then system_name(.parent_named; .parent_ifname) else .parent end;

# A static address, with its gateway if that is for the default route.
def static($interface):
  ["ip=" + (.address | bracketed), "", if .default then .gateway | bracketed else "" end, "\(.prefix)",
   $interface.hostname // "", ($interface | called), "none"]
  | join(":");

# The keyword for requesting addresses. An interface can have only one: of several methods, the one that includes them.
def asked:
  if .dhcp4 and needs_router then "any"
  elif .dhcp4 then "dhcp"
  elif .dhcp6 then "dhcp6"
  elif needs_router then "auto6"
  else empty end;

# The zero address stands for no gateway: of an empty one, systemd-network-generator 257 refuses the whole command line.
def route($interface):
  (if .family == 6 then "[\(cidr)]:[\(.gateway // "::")]" else "\(cidr):\(.gateway // "0.0.0.0")" end)
  | "rd.route=\(.):\($interface | called)";

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
    # The manual wants brackets, but systemd-network-generator 252 refuses them here.
    (.dns[] | "nameserver=\(.)")))
| select(. != "") | {file: "20-nbft.conf", text: ., header: false}
