# The file that klibc's ipconfig leaves for an interface, and for IPv6 the net6-*.conf that cloud-init and dhclient's
# script know. A program for nbft-names; not for DHCP, whose client writes the file itself.

# 24 as 255.255.255.0
def netmask:
  . as $length
  | [range(4) | $length - 8 * . | [0, 128, 192, 224, 240, 248, 252, 254, 255][[[., 0] | max, 8] | min] | tostring]
  | join(".");

# Values are words and addresses; a quote, which would end the quotes, is removed.
def set(name; f):
  [f] | "\(name)='\(.[0] // "" | tostring | split("'") | join(""))'";

def gateway($family):
  [.routes[] | select(.default and .family == $family) | .gateway // empty][0];

def servers($six):
  [.dns[] | select(contains(":") == $six)];

.[]
| select(.ifname)
| . as $interface
| ([fixed(4)][0] | select(.) as $address | $interface | {
    file: "net-\(.ifname).conf",
    text: lines(
      set("DEVICE"; .ifname),
      "PROTO='static'",
      set("IPV4ADDR"; $address.address),
      set("IPV4NETMASK"; $address.prefix | netmask),
      set("IPV4GATEWAY"; gateway(4) // "0.0.0.0"),
      set("IPV4DNS0"; servers(false)[0] // "0.0.0.0"),
      set("IPV4DNS1"; servers(false)[1] // "0.0.0.0"),
      set("HOSTNAME"; .hostname),
      "DNSDOMAIN=''", "ROOTSERVER='0.0.0.0'", "ROOTPATH=''", "filename=''")
  }),
  ([fixed(6)][0] | select(.) as $address | $interface | {
    file: "net6-\(.ifname).conf",
    text: lines(
      set("DEVICE6"; .ifname),
      "IPV6PROTO='static'",
      set("IPV6ADDR"; $address.address),
      set("IPV6NETMASK"; $address.prefix),
      set("IPV6GATEWAY"; gateway(6)),
      set("IPV6DNS0"; servers(true)[0]),
      set("IPV6DNS1"; servers(true)[1]),
      set("HOSTNAME"; .hostname))
  })
