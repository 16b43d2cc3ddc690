//! The processor and board that QEMU emulates for a machine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Kernel parameters that skip slow start-up work irrelevant to these tests, a third of a boot: the kernel's tests of its ciphers and random numbers, its keys for signed modules, BPF.
const FASTER: &str = "mitigations=off cryptomgr.notests \
    initcall_blacklist=jent_mod_init,load_system_certificate_list,bpf_tcp_ca_kfunc_init,bpf_dummy_struct_ops_init";

/// The UEFI of Debian's qemu-efi-aarch64: without UEFI, a kernel of this architecture sees no ACPI tables.
const AARCH64_FIRMWARE: &str = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd";

/// A processor architecture.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// That of this machine.
    #[serde(rename = "x86_64")]
    X86_64,
    /// ARM with 64 bits.
    Aarch64,
}

impl Architecture {
    /// The folder in the cache with a kernel.
    pub fn kernel(self, version: &str) -> String {
        match self {
            Self::X86_64 => format!("kernel-{version}"),
            Self::Aarch64 => format!("kernel-{version}-aarch64"),
        }
    }

    /// Where the static commands lie, seen from the workspace.
    pub fn commands(self) -> &'static str {
        match self {
            Self::X86_64 => "target/image/usr/bin",
            Self::Aarch64 => "target/architectures/aarch64/usr/bin",
        }
    }

    /// The QEMU that `tests/fetch-qemu` left, or the installed one.
    pub fn qemu(self, cache: &Path) -> PathBuf {
        let fetched = cache.join("qemu");
        match self {
            // By the file that is written last.
            Self::X86_64 if fetched.join("version").exists() => fetched.join("qemu-system-x86_64"),
            Self::X86_64 => PathBuf::from("qemu-system-x86_64"),
            Self::Aarch64 => PathBuf::from("qemu-system-aarch64"),
        }
    }

    /// The firmware that a machine always needs.
    pub fn firmware(self) -> Option<&'static Path> {
        (self == Self::Aarch64).then_some(Path::new(AARCH64_FIRMWARE))
    }

    /// QEMU's options for processor and board.
    pub fn board(self) -> [&'static str; 6] {
        match self {
            Self::X86_64 if has_kvm() => ["-accel", "kvm", "-cpu", "host", "-M", "q35"],
            // A processor that has what Debian wants and no more, which is faster than all that QEMU can emulate (`max`).
            Self::X86_64 => ["-accel", "tcg", "-cpu", "Nehalem,+rdrand", "-M", "q35"],
            Self::Aarch64 => ["-accel", "tcg", "-cpu", "cortex-a72", "-M", "virt"],
        }
    }

    /// The kernel command line of a machine, with these words.
    pub fn command_line(self, words: &str) -> String {
        let own = match self {
            Self::X86_64 => "console=ttyS0 no_timer_check noreplace-smp",
            Self::Aarch64 => "console=ttyAMA0",
        };
        format!("{own} quiet panic=-1 net.ifnames=0 {FASTER} {words}")
    }
}

/// Whether KVM is sure to work. QEMU's own fallback is no help: without the processor's support a present /dev/kvm makes it
/// hang.
fn has_kvm() -> bool {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let able = info
        .lines()
        .filter(|line| line.starts_with("flags"))
        .any(|line| line.split(' ').any(|flag| flag == "vmx" || flag == "svm"));
    able && File::options().read(true).write(true).open("/dev/kvm").is_ok()
}
