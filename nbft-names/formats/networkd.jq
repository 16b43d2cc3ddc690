# systemd-networkd: .link and .network for each NIC, .netdev and .network for each VLAN device. The first .network that
# matches wins, so all addresses of an interface are in one.

def dhcp:
  if .dhcp4 and .dhcp6 then "yes" elif .dhcp4 then "ipv4" elif .dhcp6 then "ipv6" else "no" end;

def yes:
  if . then "yes" else "no" end;

# The client's identity: the firmware's, otherwise one made of the MAC address. systemd-networkd's default is made of the
# machine id, which differs between initrd and real root.
def identity:
  if .duid_type then key("DUIDType"; .duid_type), key("DUIDRawData"; .duid_raw) else "DUIDType=link-layer" end,
  key("IAID"; .iaid);

def gateway:
  if .dynamic and .family == 4 then "_dhcp4" elif .dynamic then "_ipv6ra" else .gateway end;

def route:
  section("Route";
    key("Destination"; select(.default | not) | cidr),
    key("Gateway"; gateway),
    (select(.gateway == null and .family == 4 and (.dynamic | not)) | "Scope=link"),
    (select(.onlink and (.dynamic | not)) | "GatewayOnLink=yes"),
    key("Metric"; .metric));

def host_name:
  select(.hostname) | "SendHostname=yes", key("Hostname"; .hostname);

def network_file:
  {
    file: "60-nbft-\(.name).network",
    text: lines(
      about,
      section("Match";
        if .vlan == 0 then key("MACAddress"; .mac), "Type=ether" else key("Name"; .name), "Type=vlan" end),
      section("Link"; key("RequiredForOnline"; .required_for_online)),
      section("Network";
        key("VLAN"; .vlans[]),
        key("DHCP"; dhcp),
        key("LinkLocalAddressing"; if .accept_ra or ([fixed(6)] != []) then "ipv6" else "no" end),
        key("IPv6AcceptRA"; .accept_ra | yes),
        key("DNS"; .dns[]),
        # The root disk is behind these addresses: they stay when systemd-networkd stops or the link goes down.
        "KeepConfiguration=yes",
        "IgnoreCarrierLoss=yes"),
      # The firmware has just used these addresses: duplicate detection would only cost a second, that of link-local IPv4
      # addresses five. Of other IPv4 addresses systemd-networkd detects none.
      (fixed(4) | section("Address"; key("Address"; cidr),
        (select(.address | startswith("169.254.")) | "DuplicateAddressDetection=none"))),
      (fixed(6) | section("Address"; key("Address"; cidr), "DuplicateAddressDetection=none")),
      (.routes[] | route),
      section("DHCPv4"; select(.dhcp4) |
        if .client_id_type == "duid" and .duid_type then "ClientIdentifier=duid", identity else "ClientIdentifier=mac" end,
        "SendRelease=no",
        host_name,
        key("UseGateway"; .default4 | yes),
        "UseRoutes=yes",
        key("RouteMetric"; .metric4)),
      section("DHCPv6"; select(.dhcp6) | identity, "WithoutRA=solicit"),
      section("IPv6AcceptRA"; select(.accept_ra) |
        # To a static address the router adds a default route, not another address.
        (select((.dhcp6 or .slaac) | not) | "UseAutonomousPrefix=no", "DHCPv6Client=no"),
        key("UseGateway"; .default6 | yes),
        key("RouteMetric"; .metric6)))
  };

def netdev_file:
  {
    file: "60-nbft-\(.name).netdev",
    text: lines(about, section("NetDev"; key("Name"; .name), "Kind=vlan"), section("VLAN"; key("Id"; .vlan)))
  };

.[] | link_file, (select(.vlan != 0) | netdev_file), network_file
