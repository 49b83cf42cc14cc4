/// Whether the JPEG file `bytes` goes on to its end-of-image marker (ITU-T T.81,
/// annex B). The decoder fills what is missing with grey and says nothing.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    // What comes before is the start-of-image marker.
    let mut at = 2;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(marker) = rest.iter().position(|&byte| byte == 0xff) else {
            return false;
        };
        at += marker + 1;
        at += match bytes.get(at..).unwrap_or_default() {
            [] => return false,
            [0xd9, ..] => return true,
            // Filled up: the marker begins with the next byte.
            [0xff, ..] => 0,
            // A byte of a scan, a restart, or another marker that stands alone.
            [0x00 | 0x01 | 0xd0..=0xd8, ..] => 1,
            // A segment with its length. A scan follows the header of a scan.
            [_, high, low, ..] => 1 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_within_segments_do_not_end_the_image() {
        let head = [0xff, 0xd8];
        // A segment with a preview that ends, a scan with a stuffed byte and a restart.
        let segment = [0xff, 0xe1, 0, 6, 0xff, 0xd9, 1, 2];
        let scan = [0xff, 0xda, 0, 2, 7, 0xff, 0x00, 8, 0xff, 0xd0, 9];
        let whole = [&head[..], &segment, &scan, &[0xff, 0xff, 0xd9]].concat();
        assert!(is_complete(&whole));
        assert!(
            is_complete(&[whole.clone(), vec![1, 2]].concat()),
            "bytes behind"
        );
        for cut in 0..whole.len() {
            assert!(!is_complete(&whole[..cut]), "cut at {cut}");
        }
    }
}
