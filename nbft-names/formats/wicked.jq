# wicked(8) interface elements, as its own NBFT extension writes them.

def element(name):
  "<\(name)>\(tostring | @html)</\(name)>";

# The element by which wicked finds an interface: by the kernel's index unless the interface is renamed.
def which(name; index; called):
  if index and .naming != "rename" then "<\(name) namespace=\"ifindex\">\(index)</\(name)>" else called | element(name) end;

def route:
  "<route>\(if .default then "" else cidr | element("destination") end)"
  + "\(if .metric then .metric | element("priority") else "" end)"
  + "\(if .gateway then "<nexthop>\(.gateway | element("gateway"))</nexthop>" else "" end)</route>";

# Routes to the gateways that are in no network of the interface: without them a route over such a gateway would fail the
# whole interface. wicked drops a route that another interface has with the same priority.
def to_gateways($priority):
  [.[] | select(.gateway and (.onlink or .dynamic)) | .gateway | select(startswith("fe80:") | not)]
  | unique[]
  | . + if contains(":") then "/128" else "/32" end
  | "<route>\(element("destination"))\($priority | element("priority"))</route>";

# An element around lines; nothing if f has none.
def block(name; f):
  [f | strings] | if length == 0 then empty else "  <\(name)>", "    \(.[])", "  </\(name)>" end;

# Routes to targets over a leased address use the firmware's gateway.
def static($family; $priority):
  [fixed($family) | "<address>\(cidr | element("local"))</address>"] as $addresses
  | [.routes[] | select(.family == $family and (.gateway or (.dynamic | not)))] as $routes
  | block("ipv\($family):static"; select($addresses + $routes != []) |
      $addresses[],
      ($routes | to_gateways($priority), (.[] | route)),
      ([.dns[] | select(contains(":") == ($family == 6)) | element("server")] | select(. != []) |
        "<resolver><servers>\(join(""))</servers></resolver>"),
      (.hostname | strings | element("hostname")));

# A lease without its default route needs a list of everything else that it sets.
def lease(default; id):
  (true | element("enabled")),
  (select(default | not) | "hostname,dns,mtu" | element("update")),
  (.hostname | strings | element("hostname")),
  (id | element("client-id")),
  (false | element("release-lease"));

[
  to_entries[]
  | (.key + 1) as $priority
  | .value
  | if .naming == "none" and .ifname == null then "<!-- \(.mac): no such interface -->\n"
    else
      lines(
        "<interface origin=\"firmware:nbft:\(hfis)\">",
        "  \(which("name"; .ifindex; .ifname // .name))",
        "  <control><persistent>true</persistent><usercontrol>false</usercontrol></control>",
        (select(.vlan != 0) |
          "  <vlan>\(which("device"; .parent_ifindex; .parent_ifname // .parent))\(.vlan | element("tag"))</vlan>"),
        static(4; $priority), static(6; $priority),
        block("ipv4:dhcp"; select(.dhcp4) |
          lease(.default4; .client_id), (.metric4 | values | element("route-priority"))),
        block("ipv6:dhcp"; select(.dhcp6) | lease(.default6; .duid)),
        block("ipv6:auto"; select(.slaac and (.dhcp6 | not)) | true | element("enabled")),
        (select(.addressed) | "  <scripts><post-up><script>systemd:nbft-connect.target</script></post-up></scripts>"),
        "</interface>")
    end
]
| select(. != []) | {file: "nbft.xml", text: join(""), header: false}
