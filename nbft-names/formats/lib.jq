# What every program may use, a user's too; each definition comes after those that it uses. nbft-names(8) lists them.

# Strings, as lines of text; what is no string is left out.
def lines(f):
  [f | strings] | if length == 0 then "" else join("\n") + "\n" end;

# NAME=VALUE for each value that is not null.
def key(name; f):
  f | select(. != null) | "\(name)=\(.)";

# An empty line, [NAME] and what follows it; nothing when nothing follows.
def section(name; f):
  [f | strings] | if length == 0 then empty else "", "[\(name)]", .[] end;

# What an interface stands for, as TABLE:index with commas; - for a NIC that only carries VLANs.
def hfis:
  [.hfis[] | "\(.table):\(.index)"] | if length == 0 then "-" else join(",") end;

# A comment that says so.
def about:
  if .hfis == [] then "# carries " + (.vlans | join(", ")) else "# " + hfis end;

# An address, in brackets when it is IPv6.
def bracketed:
  if . == null then "" elif contains(":") then "[\(.)]" else . end;

# ADDRESS/PREFIX of an address; DESTINATION/PREFIX of a route.
def cidr:
  "\(.address // .destination)/\(.prefix)";

# Addresses to set: not those that a server or a router gives.
def fixed(family):
  .addresses[] | select(.family == family and .method == "static");

# Routes to set where only fixed gateways can be.
def known(family):
  .routes[] | select(.family == family and (.dynamic | not));

# systemd.link(5) of a NIC. It replaces 99-default.link, so it repeats what is good in there.
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
