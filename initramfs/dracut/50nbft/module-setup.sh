#!/bin/bash
# dracut: the commands, the units that run them, and a network back-end, systemd-networkd or NetworkManager.

# shellcheck disable=SC2154 # dracut's own variables
check() {
    require_binaries nbft-dump nbft-names nbft-connect || return 1
    # For the administrator, in dracut.conf: who handles the NBFT.
    case ${nbft_handler:=nbft} in
        nbft) ;;
        nvmf)
            dwarn "nbft: left out, because nbft_handler=nvmf leaves the NBFT to dracut's module nvmf"
            return 1
            ;;
        *)
            derror "nbft: nbft_handler is '$nbft_handler', which is neither nbft nor nvmf"
            return 1
            ;;
    esac
    if [[ -z $(backend) ]]; then
        derror "nbft: network-manager and systemd-networkd are both omitted, and one of them is needed"
        return 1
    fi
    # An image for this machine alone needs the module if the machine has an NBFT, or if the administrator adds it.
    if [[ $hostonly ]] || [[ $mount_needs ]]; then
        compgen -G '/sys/firmware/acpi/tables/NBFT*' >/dev/null || return 255
    fi
    return 0
}

omitted() { [[ " $omit_dracutmodules " == *" $1 "* ]]; }

# The back-end requested with --add or add_dracutmodules, else the back-end that the system has. None, if both are omitted.
backend() {
    local module
    for module in network-manager systemd-networkd; do
        if dracut_module_included "$module"; then
            echo "$module"
            return
        fi
    done
    if ! omitted network-manager; then
        for module in "$dracutsysrootdir"/usr/{lib,libexec}{,/NetworkManager}/nm-initrd-generator; do
            if [[ -x $module ]] || omitted systemd-networkd; then
                echo network-manager
                return
            fi
        done
    fi
    omitted systemd-networkd || echo systemd-networkd
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

# shellcheck disable=SC2086,SC2154 # words to be split, of the file image
installkernel() {
    . "$dracutsysrootdir/usr/share/nbft/image"
    hostonly='' instmods $nbft_modules
    ! tls || hostonly='' instmods $nbft_tls_modules
}

# Secrets and keys. An image for any machine may be copied to another one, or be published.
# shellcheck disable=SC2154
install_keys() {
    local keys key
    mapfile -t keys < <(nbft_key_files "$dracutsysrootdir")
    for key in "${keys[@]}"; do
        # shellcheck disable=SC2154 # of dracut.conf
        if [[ $hostonly || $nbft_keys == yes ]]; then
            inst_simple "$key"
            chmod go= "$initdir$key"
        else
            dwarn "nbft: an image for any machine gets no secret: not $key; nbft_keys=yes in dracut.conf copies it"
        fi
    done
}

# The agent for TLS handshakes.
# shellcheck disable=SC2154
install_tls() {
    local files unit
    nbft_wants_tls dwarn "$dracutsysrootdir" || return
    # shellcheck disable=SC2154 # of the file image
    if [[ $nbft_agent == tlshd ]]; then
        inst_multiple /usr/sbin/tlshd cp
        mapfile -t files < <(nbft_agent_settings "$dracutsysrootdir")
        inst_multiple -o "${files[@]}"
        unit=nbft-tlshd.service
    else
        inst_multiple nbft-tls cp
        unit=nbft-tls.service
    fi
    inst_simple "$systemdsystemunitdir/$unit"
    $SYSTEMCTL -q --root "$initdir" enable "$unit"
}

# shellcheck disable=SC2154
install() {
    local units=$systemdsystemunitdir unit files
    . "$dracutsysrootdir/usr/share/nbft/image"
    inst_multiple nbft-dump nbft-names nbft-connect nbft-wait nbft-check ln mkdir rm sh
    inst_multiple /usr/share/nbft/wanted /usr/share/nbft/network /usr/share/nbft/nics \
        /usr/share/nbft/check.jq
    inst_rules 65-nbft-names.rules "$moddir/95-nbft-initqueue.rules"
    inst_script "$systemdutildir/system-generators/nbft-generator"
    inst_multiple "$units"/nbft-names.service "$units"/nbft-connect.target "$units"/modprobe@.service \
        "$units"/nbft-connect@.service "$units"/nbft-connect-discovery@.service
    inst_multiple -o "$units"/nbft-wait@.service
    inst_simple "$moddir/console.conf" "$units/nbft-connect@.service.d/console.conf"
    inst_simple "$moddir/console.conf" "$units/nbft-connect-discovery@.service.d/console.conf"
    if dracut_module_included network-manager; then
        inst_simple "$moddir/network-manager.conf" "$units/nbft-names.service.d/network-manager.conf"
        for unit in nm-wait-online-initrd NetworkManager-wait-online-initrd; do
            inst_simple "$moddir/online.conf" "$units/$unit.service.d/nbft.conf"
        done
    elif compgen -G "$initdir/usr/lib/dracut/*default.network" >/dev/null; then
        inst_hook cmdline 99 "$moddir/default.sh"
    fi
    inst_hook emergency 50 "$moddir/emergency.sh"
    inst_hook shutdown-emergency 50 "$moddir/emergency.sh"
    if dracut_module_included mdraid; then
        inst_simple /usr/share/nbft/degraded
        inst_hook initqueue/settled 50 "$moddir/degraded.sh"
    fi
    # dracut's own module stays, for all that is not in the NBFT, and so does the generator of NetworkManager 1.54 and newer.
    # Ours does not read this file.
    mkdir -p "$initdir/etc/cmdline.d"
    echo rd.nvmf.nonbft >"$initdir/etc/cmdline.d/50-nbft-not-nvmf.conf"
    if dracut_module_included nvmf; then
        inst_hook cmdline 50 "$moddir/not-nvmf.sh"
        # dracut prints no less than a warning unless asked.
        dwarn "nbft: handles the NBFT instead of dracut's module nvmf; nbft_handler=nvmf in dracut.conf makes nvmf handle it"
    fi
    # The administrator's configuration, with drop-in files of the units.
    mapfile -t files < <(nbft_settings "$dracutsysrootdir")
    inst_multiple -o "${files[@]}" "$systemdsystemconfdir"/nbft-{names,connect@,connect-discovery@}.service.d/*.conf
    install_keys
    ! tls || install_tls
}
