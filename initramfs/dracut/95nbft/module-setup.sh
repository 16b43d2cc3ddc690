#!/bin/bash
# dracut: the commands, the units that run them, and a network back-end, systemd-networkd or NetworkManager.

check() {
    require_binaries nbft-dump nbft-names nbft-connect || return 1
    return 0
}

# The back-end requested with --add or add_dracutmodules, else the back-end that the system has.
backend() {
    local module
    for module in network-manager systemd-networkd; do
        if dracut_module_included "$module"; then
            echo "$module"
            return
        fi
    done
    # shellcheck disable=SC2154 # dracut's own variable, like those below
    for module in "$dracutsysrootdir"/usr/{lib,libexec}{,/NetworkManager}/nm-initrd-generator; do
        if [[ -x $module ]]; then
            echo network-manager
            return
        fi
    done
    echo systemd-networkd
}

depends() {
    case $(backend) in
        # NetworkManager's scripts need those of the network module.
        network-manager) echo systemd kernel-network-modules network-manager network ;;
        *) echo systemd kernel-network-modules systemd-networkd ;;
    esac
}

# The folder for TLS keys asks for TLS.
# shellcheck disable=SC2154
tls() { [[ -d $dracutsysrootdir/etc/nbft/tls ]]; }

installkernel() {
    # DH-CHAP needs the last four, here under their names in the kernel.
    hostonly='' instmods nvme_fabrics nvme_tcp 8021q hmac sha256_generic sha512_generic dh_generic
    ! tls || hostonly='' instmods tls gcm ccm ctr ghash_generic ghash_clmulni_intel aesni_intel
}

# The agent for TLS handshakes, and its keys.
# shellcheck disable=SC2154
install_tls() {
    local keys=("$dracutsysrootdir"/etc/nbft/tls/{,*/}key) key
    if [[ ! -x $dracutsysrootdir/usr/sbin/tlshd ]]; then
        dwarn "nbft: /etc/nbft/tls exists, but tlshd (ktls-utils) is not installed: this image cannot connect over TLS"
        return
    fi
    inst_multiple /usr/sbin/tlshd cp
    inst_multiple -o /etc/tlshd.conf /etc/tlshd/config /etc/gnutls/config /etc/crypto-policies/back-ends/gnutls.config
    inst_simple "$systemdsystemunitdir/nbft-tlshd.service"
    $SYSTEMCTL -q --root "$initdir" enable nbft-tlshd.service
    for key in "${keys[@]}"; do
        [[ -f $key ]] || continue
        # shellcheck disable=SC2154 # of dracut.conf
        if [[ $hostonly || $nbft_keys == yes ]]; then
            inst_simple "${key#"$dracutsysrootdir"}"
        else
            dwarn "nbft: an image for any machine gets no key: not ${key#"$dracutsysrootdir"}; nbft_keys=yes in dracut.conf copies it"
        fi
    done
}

# shellcheck disable=SC2154
install() {
    local units=$systemdsystemunitdir
    inst_multiple nbft-dump nbft-names nbft-connect ln mkdir sh
    inst_multiple -o nbft-wait
    inst_rules 65-nbft-names.rules
    inst_script "$systemdutildir/system-generators/nbft-generator"
    inst_multiple "$units"/nbft-names.service "$units"/nbft-connect.target "$units"/modprobe@.service \
        "$units"/nbft-connect@.service "$units"/nbft-connect-discovery@.service
    inst_multiple -o "$units"/nbft-wait@.service
    inst_simple "$moddir/console.conf" "$units/nbft-connect@.service.d/console.conf"
    inst_simple "$moddir/console.conf" "$units/nbft-connect-discovery@.service.d/console.conf"
    if dracut_module_included network-manager; then
        inst_simple "$moddir/network-manager.conf" "$units/nbft-names.service.d/network-manager.conf"
    fi
    # The administrator's configuration: formats, options, secrets, drop-in files of the units.
    inst_multiple -o /etc/nbft/formats/*.jq /etc/nbft/connect.conf /etc/nbft/dhchap/{,*/}*-secret \
        "$systemdsystemconfdir"/nbft-{names,connect@,connect-discovery@}.service.d/*.conf
    $SYSTEMCTL -q --root "$initdir" enable nbft-names.service
    ! tls || install_tls
}
