/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Reads the NVMe Boot Firmware Table (NBFT), which firmware that booted from NVMe/TCP leaves in
 * /sys/firmware/acpi/tables/NBFT*. See nbft(3).
 *
 * Members have the names and the meaning of the keys that nbft-json(5) describes. Every structure and text belongs to
 * the table that a getter was asked for, and lives until nbft_free(). Texts are UTF-8 and end with a NUL. A table never
 * changes, so threads may read it together.
 *
 * Later versions may append members to structures that the library allocates: never copy them, nor take their size.
 * Enumerations may get values.
 */
#ifndef NBFT_H
#define NBFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A decoded table. */
struct nbft;

/* Why a table cannot be used. The caller allocates it, and it stays as it is. */
struct nbft_error {
	size_t offset; /* in the table, in bytes */
	char message[256];
};

/* Bytes; data is NULL where nbft-json(5) leaves the key out. Stays as it is. */
struct nbft_bytes {
	const uint8_t *data;
	size_t length;
};

enum nbft_family {
	NBFT_FAMILY_NONE = 0,
	NBFT_FAMILY_IPV4 = 4,
	NBFT_FAMILY_IPV6 = 6
};

/* An IP address; 0.0.0.0 and :: stand for none, as in the table. Stays as it is. */
struct nbft_address {
	const char *text; /* empty without a family */
	enum nbft_family family;
	uint8_t bytes[16]; /* network byte order; IPv4 has the first four, the others are zero */
};

enum nbft_transport {
	NBFT_TRANSPORT_TCP = 3
};

enum nbft_primary_admin {
	NBFT_PRIMARY_ADMIN_NOT_INDICATED = 0,
	NBFT_PRIMARY_ADMIN_UNSELECTED = 1,
	NBFT_PRIMARY_ADMIN_SELECTED = 2,
	NBFT_PRIMARY_ADMIN_RESERVED = 3
};

enum nbft_nid_type {
	NBFT_NID_NONE = 0,
	NBFT_NID_EUI64 = 1,
	NBFT_NID_NGUID = 2,
	NBFT_NID_UUID = 3
};

enum nbft_availability {
	NBFT_AVAILABILITY_NOT_INDICATED = 0,
	NBFT_AVAILABILITY_AVAILABLE = 1,
	NBFT_AVAILABILITY_UNAVAILABLE = 2,
	NBFT_AVAILABILITY_RESERVED = 3
};

/* Values of ip_origin that the specification defines; a table may have others. */
enum nbft_ip_origin {
	NBFT_IP_ORIGIN_OTHER = 0,
	NBFT_IP_ORIGIN_MANUAL = 1,
	NBFT_IP_ORIGIN_WELL_KNOWN = 2,
	NBFT_IP_ORIGIN_DHCP = 3,
	NBFT_IP_ORIGIN_ROUTER_ADVERTISEMENT = 4,
	NBFT_IP_ORIGIN_UNCHANGED = 16
};

enum nbft_demand {
	NBFT_DEMAND_NOT_SUPPORTED = 0,
	NBFT_DEMAND_NOT_REQUIRED = 1,
	NBFT_DEMAND_REQUIRED = 2,
	NBFT_DEMAND_RESERVED = 3
};

enum nbft_policy {
	NBFT_POLICY_NOT_SUPPORTED = 0,
	NBFT_POLICY_DRIVER = 1,
	NBFT_POLICY_ADMINISTRATOR = 2,
	NBFT_POLICY_RESERVED = 3
};

enum nbft_descriptor {
	NBFT_DESCRIPTOR_TABLE = 0,
	NBFT_DESCRIPTOR_HOST = 1,
	NBFT_DESCRIPTOR_HFI = 2,
	NBFT_DESCRIPTOR_SSNS = 3,
	NBFT_DESCRIPTOR_DISCOVERY = 4,
	NBFT_DESCRIPTOR_SECURITY = 5
};

/* The table as a whole. */
struct nbft_info {
	const char *revision;
	const char *oem_id;
	const char *oem_table_id;
	uint32_t oem_revision;
	uint32_t creator_id;
	uint32_t creator_revision;
	bool boot_failover;
	struct nbft_bytes driver_device_path;
};

struct nbft_host {
	const char *nqn;
	const char *id;
	uint8_t id_bytes[16];
	bool host_id_configured;
	bool host_nqn_configured;
	enum nbft_primary_admin primary_admin_host_flag;
};

/* A subsystem namespace; nbft-json(5) lists it under "subsystem". */
struct nbft_ssns {
	uint16_t index;
	uint16_t subsys_port_id;
	struct nbft_bytes hfis; /* never empty: the primary HFI is the first */
	enum nbft_transport transport;
	struct nbft_address traddr;
	const char *trsvcid;
	const char *subsys_nqn;
	uint32_t nsid;
	enum nbft_nid_type nid_type;
	const char *nid; /* empty without a type */
	uint8_t nid_bytes[16]; /* EUI-64 has the first eight */
	uint8_t nid_type_code;
	uint8_t discovery_index; /* 0: none */
	uint16_t controller_id;
	uint16_t asqsz;
	bool has_connection_timeout;
	uint16_t connection_timeout; /* in seconds */
	bool has_security_index;
	uint8_t security_index;
	const char *dhcp_root_path_string; /* or NULL */
	bool pdu_header_digest_required;
	bool data_digest_required;
	bool discovered;
	bool unavailable;
	bool non_bootable;
	bool dhcp_root_path_override;
	bool separate_discovery_controller;
	enum nbft_availability availability;
	uint8_t naed;
	uint8_t cipeec;
	uint8_t nceec;
};

/* A host fabric interface. */
struct nbft_hfi {
	uint8_t index;
	enum nbft_transport transport;
	const char *pcidev;
	uint8_t pcie_seg_num;
	uint8_t mac_addr_bytes[6];
	const char *mac_addr;
	uint16_t vlan; /* 0: none */
	uint8_t ip_origin; /* see enum nbft_ip_origin */
	uint8_t subnet_mask_prefix;
	struct nbft_address ipaddr;
	struct nbft_address gateway_ipaddr;
	uint16_t route_metric;
	struct nbft_address primary_dns_ipaddr;
	struct nbft_address secondary_dns_ipaddr;
	struct nbft_address dhcp_server_ipaddr; /* without a family unless dhcp_override */
	const char *host_name; /* or NULL */
	bool this_hfi_is_default_route;
	bool dhcp_override;
	bool ipaddr_autoconf;
	bool has_dhcp_iaid;
	uint32_t dhcp_iaid;
	struct nbft_bytes dhcp_duid; /* as DHCP sends it, the type first */
};

/* A discovery controller. */
struct nbft_discovery {
	uint8_t index;
	uint8_t security; /* 0: none */
	uint8_t hfi;
	const char *uri;
	const char *nqn; /* NULL: the well-known discovery NQN */
	struct nbft_address traddr; /* in the URI; without a family if the URI is none for NVMe/TCP */
	const char *trsvcid; /* in the URI, 8009 by default; NULL without traddr */
};

/* A security profile. */
struct nbft_security {
	uint8_t index;
	uint8_t secret_type;
	bool cipher_suites_restricted;
	bool dh_groups_restricted;
	bool hash_functions_restricted;
	enum nbft_demand in_band_auth;
	enum nbft_policy auth_policy;
	enum nbft_demand secure_channel;
	enum nbft_policy channel_policy;
	struct nbft_bytes secure_channel_algorithms;
	struct nbft_bytes auth_protocols;
	struct nbft_bytes cipher_suites;
	struct nbft_bytes dh_groups;
	struct nbft_bytes hash_functions;
	const char *secret_keypath; /* or NULL */
};

/* Something in the table that is not as the specification demands. */
struct nbft_warning {
	enum nbft_descriptor descriptor;
	bool has_index;
	bool dropped; /* the descriptor was left out */
	uint16_t index;
	size_t offset; /* in the table, in bytes */
	const char *message;
};

/* Decodes a table. NULL, and a filled error unless that is NULL, if the table cannot be used. */
struct nbft *nbft_parse(const void *bytes, size_t length, struct nbft_error *error);

/* Frees a table and all that the getters gave; NULL is allowed, as for each function. */
void nbft_free(struct nbft *table);

/* NULL of a NULL table only. */
const struct nbft_info *nbft_info(const struct nbft *table);
const struct nbft_host *nbft_host(const struct nbft *table);

/* The getters' positions begin with 0 and follow the table's order; NULL beyond the last. */
size_t nbft_ssns_count(const struct nbft *table);
const struct nbft_ssns *nbft_ssns(const struct nbft *table, size_t position);
size_t nbft_hfi_count(const struct nbft *table);
const struct nbft_hfi *nbft_hfi(const struct nbft *table, size_t position);
size_t nbft_discovery_count(const struct nbft *table);
const struct nbft_discovery *nbft_discovery(const struct nbft *table, size_t position);
size_t nbft_security_count(const struct nbft *table);
const struct nbft_security *nbft_security(const struct nbft *table, size_t position);
size_t nbft_warning_count(const struct nbft *table);
const struct nbft_warning *nbft_warning(const struct nbft *table, size_t position);

/* The object of nbft-json(5), on one line, for nbft_string_free(). Without a filename the key filename is "-". */
char *nbft_to_json(const struct nbft *table, const char *filename);
void nbft_string_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
