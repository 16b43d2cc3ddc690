# Definitions for every program, a user's too; each comes after those that it uses. nbft-names(8) lists them.

# Strings, as lines of text; other values are left out.
def lines(f):
  [f | strings] | if length == 0 then "" else join("\n") + "\n" end;

# NAME=VALUE for each value that is not null.
def key(name; f):
  f | select(. != null) | "\(name)=\(.)";

# An empty line, [NAME] and the lines of f; nothing if f has none.
def section(name; f):
  [f | strings] | if length == 0 then empty else "", "[\(name)]", .[] end;

# The HFIs of an interface, as TABLE:index with commas; - for a NIC that only carries VLANs.
def hfis:
  [.hfis[] | "\(.table):\(.index)"] | if length == 0 then "-" else join(",") end;

# A comment with the HFIs, or with the VLAN devices of a NIC that only carries VLANs.
def about:
  if .hfis == [] then "# carries " + (.vlans | join(", ")) else "# " + hfis end;

# An address, in brackets if it is IPv6.
def bracketed:
  if . == null then "" elif contains(":") then "[\(.)]" else . end;

# ADDRESS/PREFIX of an address; DESTINATION/PREFIX of a route.
def cidr:
  "\(.address // .destination)/\(.prefix)";

# The numbers of address families, as an array.
def families(family):
  [family | if . == 4 or . == 6 then . else error("\(tojson) is no address family: 4, 6") end];

# The addresses to set: all that no server and no router gives.
def fixed(family):
  families(family) as $families | .addresses[] | select(.family == $families[] and .method == "static");

# The routes to set by a network stack that knows fixed gateways only.
def known(family):
  families(family) as $families | .routes[] | select(.family == $families[] and (.dynamic | not));

# Whether an IPv6 router has to answer: for an address, or for the route to a target.
def needs_router:
  .dhcp6 or .slaac or any(.routes[]; .family == 6 and .dynamic);

# systemd.link(5) of a NIC. It takes the place of 99-default.link, so it repeats the policies of that file.
def link_file:
  select(.vlan == 0 and .naming != "none") | {
    file: "60-nbft-\(.name).link",
    text: lines(
      about,
      section("Match"; key("MACAddress"; .mac), "Type=ether"),
      section("Link";
        if .naming == "rename"
        then key("Name"; .name)
        else "NamePolicy=keep kernel database onboard slot path", key("AlternativeName"; .name)
        end,
        "AlternativeNamesPolicy=database onboard slot path mac"))
  };
