# NetworkManager keyfiles (nm-settings-keyfile(5)). Profiles match MAC addresses, so they hold under any interface name.
# Their ids are those of NetworkManager's own NBFT reader, which nvme-cli's dispatcher looks for. Their priority is above that
# of this reader (-200) and of the profiles of the kernel command line (-100), whose ip=dhcp is for all interfaces.

def id:
  if .hfis == [] then "NBFT connection \(.name)"
  else "\(.hfis[0].table) connection HFI \(.hfis[0].index)" + if .vlan == 0 then "" else " VLAN \(.vlan)" end
  end;

# address1=, address2= and so on.
def addresses:
  to_entries[] | "address\(.key + 1)=\(.value | cidr)";

# route1=, route2= and so on, each with an option line if its gateway is outside of all prefixes.
def routes:
  to_entries[]
  | (.value | if .family == 6 then "::" else "0.0.0.0" end) as $none
  | "route\(.key + 1)=\(.value | cidr),\(.value.gateway // $none)\(.value.metric | if . then ",\(.)" else "" end)",
    (select(.value.onlink) | "route\(.key + 1)_options=onlink=true");

# The keys of one family; `asks` tells whether a server or a router gives addresses.
def family($family; asks; default; metric; more):
  [fixed($family)] as $fixed
  | [.routes[] | select(.family == $family)] as $routes
  | key("method"; if asks then "auto" elif $fixed == [] then "disabled" else "manual" end),
    (select(asks or $fixed != []) |
      ($fixed | addresses),
      # A gateway that only the lease or the router gives cannot be named here.
      ([$routes[] | select(.gateway or (.dynamic | not))] | routes),
      # Such routes need the default route of the lease or the router, even if it is unwanted.
      (select(default or any($routes[]; .dynamic and .gateway == null) | not) | "never-default=true"),
      key("route-metric"; metric),
      (key("dns"; [.dns[] | select(contains(":") == ($family == 6)) | "\(.);"] | select(. != []) | join("")))),
    (select(asks) | more, (select(.hostname) | key("dhcp-hostname"; .hostname)));

.[]
| {
    file: "nbft-\(.name).nmconnection",
    mode: "0600",
    text: lines(
      about,
      section("connection";
        key("id"; id),
        key("uuid"; .uuid),
        key("type"; if .vlan == 0 then "ethernet" else "vlan" end),
        (select(.vlan != 0) | key("interface-name"; .name)),
        "autoconnect-priority=-99"),
      if .vlan == 0
      then section("ethernet"; key("mac-address"; .mac))
      else section("vlan"; key("id"; .vlan), key("parent"; .parent_uuid))
      end,
      section("ipv4"; family(4; .dhcp4; .default4; .metric4;
        key("dhcp-client-id"; .client_id),
        "dhcp-timeout=90")),
      # Without a router the method auto takes the static addresses away again: only a target behind the router needs it.
      section("ipv6"; family(6; needs_router; .default6; .metric6;
        "addr-gen-mode=eui64", "ip6-privacy=0", "ra-timeout=90",
        (select(.dhcp6) | key("dhcp-duid"; .duid), key("dhcp-iaid"; .iaid), "dhcp-timeout=90"))))
  }
