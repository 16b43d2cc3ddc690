# For nbft-check: a line for each interface of the NBFT, and a | between its fields.
def text: . // "";

lines(
  .[] | select(.hfis != []) | [
    hfis, .mac, .vlan, (.device | text), (.parent_ifname | text),
    ([fixed(4, 6) | .address] | join(" ")),
    ([if .dhcp4 then "DHCP" else empty end, if .dhcp6 then "DHCPv6" else empty end,
      if .slaac then "router advertisements" else empty end] | join(" or "))
  ] | map(tostring) | join("|"))
| {file: "check", text: ., header: false}
