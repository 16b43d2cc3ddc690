# wicked(8) interface elements, as its own NBFT extension writes them.

def element(name):
  "<\(name)>\(tostring | @html)</\(name)>";

# The element by which wicked finds an interface.
def which:
  if .ifindex and .naming != "rename"
  then "<name namespace=\"ifindex\">\(.ifindex)</name>"
  else .ifname // .name | element("name")
  end;

def route:
  "<route>\(if .default then "" else cidr | element("destination") end)"
  + "\(if .metric then .metric | element("priority") else "" end)"
  + "\(if .gateway then "<nexthop>\(.gateway | element("gateway"))</nexthop>" else "" end)</route>";

# An element around lines; nothing if f has none.
def block(name; f):
  [f | strings] | if length == 0 then empty else "  <\(name)>", "    \(.[])", "  </\(name)>" end;

# Routes to targets over a leased address use the firmware's gateway.
def static($family):
  [fixed($family) | "<address>\(cidr | element("local"))</address>"] as $addresses
  | [.routes[] | select(.family == $family and (.gateway or (.dynamic | not))) | route] as $routes
  | block("ipv\($family):static"; select($addresses + $routes != []) |
      $addresses[],
      $routes[],
      ([.dns[] | select(contains(":") == ($family == 6)) | element("server")] | select(. != []) |
        "<resolver><servers>\(join(""))</servers></resolver>"),
      (.hostname | strings | element("hostname")),
      (true | element("enabled")));

# A lease without its default route needs a list of everything else that it sets.
def lease(default; id):
  (true | element("enabled")),
  (select(default | not) | "hostname,dns,mtu" | element("update")),
  (.hostname | strings | element("hostname")),
  (id | element("client-id")),
  (false | element("release-lease"));

[
  .[]
  | if .naming == "none" and .ifname == null then "<!-- \(.mac): no such interface -->\n"
    else
      lines(
        "<interface origin=\"firmware:nbft:\(hfis)\">",
        "  \(which)",
        "  <control><persistent>true</persistent><usercontrol>false</usercontrol></control>",
        (select(.vlan != 0) | "  <vlan>\(.parent_ifname // .parent | element("device"))\(.vlan | element("tag"))</vlan>"),
        static(4), static(6),
        block("ipv4:dhcp"; select(.dhcp4) |
          lease(.default4; .client_id), (.metric4 | values | element("route-priority"))),
        block("ipv6:dhcp"; select(.dhcp6) | lease(.default6; .duid)),
        block("ipv6:auto"; select(.slaac and (.dhcp6 | not)) | true | element("enabled")),
        (select(.addressed) | "  <scripts><post-up><script>systemd:nbft-connect.target</script></post-up></scripts>"),
        "</interface>")
    end
]
| select(. != []) | {file: "nbft.xml", text: join(""), header: false}
