# netplan(5): one file for all interfaces, in JSON, which netplan reads as YAML.
#
#   nbft-dump | nbft-names -f netplan.jq -o /run/netplan
#
# netplan matches NICs by their MAC addresses, and renames them unless --naming says otherwise.

# The key if the value is neither null nor false.
def given(name; value):
  if value then {(name): value} else {} end;

# Options of leases, which netplan wants to be the same for both families.
def overrides:
  {"use-routes": (.default4 or .default6)}
  + given("route-metric"; .metric4 // .metric6)
  + if .hostname then {"send-hostname": true, hostname} else {} end;

# netplan cannot route over a gateway that only the lease knows: the firmware's takes its place.
def route:
  {to: (if .default then "default" else cidr end)} + given("metric"; .metric)
  + if .gateway then {via: .gateway, "on-link": (.onlink or .dynamic)} else {scope: "link"} end;

def settings:
  {
    addresses: [fixed(4, 6) | cidr],
    dhcp4, dhcp6, "accept-ra": .accept_ra, "dhcp-identifier": "mac",
    "link-local": (if .accept_ra or [fixed(6)] != [] then ["ipv6"] else [] end),
    routes: [.routes[] | select(.gateway or (.dynamic | not)) | route],
    nameservers: {addresses: .dns},
    # The root disk is behind these addresses: they stay when systemd-networkd stops.
    critical: true,
    optional: (.required_for_online == "no")
  }
  + given("dhcp4-overrides"; if .dhcp4 then overrides else null end)
  + given("dhcp6-overrides"; if .dhcp6 then overrides else null end);

# The interfaces of an array by their names, with `f` and their settings.
def interfaces(f):
  [.[] | {key: .name, value: (f + settings)}] | from_entries;

select(. != []) | {
  file: "60-nbft.yaml", mode: "0600", header: false,
  text: ({network: {
    version: 2,
    ethernets: (map(select(.vlan == 0)) |
      interfaces({match: {macaddress: .mac}} + given("set-name"; if .naming == "rename" then .name else null end))),
    vlans: (map(select(.vlan != 0)) | interfaces({id: .vlan, link: .parent}))
  }} | tojson)
}
