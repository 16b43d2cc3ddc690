//! Looks for a text in what QEMU captured of a cable (a file in the format of libpcap, link type Ethernet).

/// Length of the file's header, and of that of each packet.
const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;

/// In which kinds of packets a text went over the cable, in words. A text that lies in two packets is not found.
pub fn seen(capture: &[u8], text: &[u8]) -> String {
    let (mut clear, mut handshake) = (false, false);
    for packet in packets(capture) {
        if packet.windows(text.len().max(1)).any(|window| window == text) {
            match payload(packet) {
                // The type of a TLS record with a handshake message, and the version that all records name.
                Some([0x16, 0x03, ..]) => handshake = true,
                _ => clear = true,
            }
        }
    }
    match (clear, handshake) {
        (true, true) => "in the clear, and in TLS handshakes",
        (true, false) => "in the clear",
        (false, true) => "in TLS handshakes only",
        (false, false) => "not seen",
    }
    .to_owned()
}

/// The packets, as far as QEMU has written them.
fn packets(capture: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = capture.get(FILE_HEADER..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = rest.get(8..12)?.try_into().ok()?;
        let end = PACKET_HEADER + usize::try_from(u32::from_ne_bytes(length)).ok()?;
        let packet = rest.get(PACKET_HEADER..end)?;
        rest = &rest[end..];
        Some(packet)
    })
}

/// The payload of a TCP segment over IPv4 or IPv6 without extension headers.
fn payload(packet: &[u8]) -> Option<&[u8]> {
    let (ethernet, ip) = packet.split_at_checked(14)?;
    let tcp = match ethernet[12..] {
        [0x08, 0x00] => ip.get(usize::from(ip.first()? & 0xf) * 4..)?,
        [0x86, 0xdd] => ip.get(40..)?,
        _ => return None,
    };
    tcp.get(usize::from(tcp.get(12)? >> 4) * 4..)
}

#[cfg(test)]
mod tests {
    use super::seen;

    fn packet(payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; 12];
        packet.extend([0x08, 0x00]);
        packet.extend([0x45; 20]);
        packet.extend([0x50; 20]);
        packet.extend(payload);
        let length = u32::try_from(packet.len()).expect("a short packet");
        let mut record = vec![0; 8];
        record.extend(length.to_ne_bytes());
        record.extend(length.to_ne_bytes());
        [record, packet].concat()
    }

    #[test]
    fn texts_on_the_wire() {
        let [clear, handshake, other] = [&b"\x00nqn.a"[..], b"\x16\x03\x01nqn.a", b"\x17\x03\x03sealed"].map(packet);
        for (packets, words) in [
            (vec![&clear, &other], "in the clear"),
            (vec![&other, &handshake], "in TLS handshakes only"),
            (vec![&handshake, &clear], "in the clear, and in TLS handshakes"),
            (vec![&other], "not seen"),
        ] {
            let mut capture = vec![0; 24];
            packets.iter().for_each(|packet| capture.extend(*packet));
            // The beginning of a packet that is not complete yet.
            capture.extend([1; 20]);
            assert_eq!(seen(&capture, b"nqn.a"), words);
        }
        assert_eq!(seen(b"", b"nqn.a"), "not seen");
    }
}
