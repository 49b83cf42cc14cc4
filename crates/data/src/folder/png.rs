/// Width and height of the PNG file `bytes`, from its header chunk (PNG, third
/// edition, 11.2.1). The decoder tells them only when it has read, and unpacked,
/// what lies between this chunk and the pixels.
pub(super) fn size(bytes: &[u8]) -> Result<(u32, u32), String> {
    // The signature; then the chunk's length and name.
    let Some((name, size)) = bytes.get(12..24).map(|header| header.split_at(4)) else {
        return Err(format!(
            "is a PNG image that is cut off: its size is in the first 24 bytes, and {} are there",
            bytes.len()
        ));
    };
    match *size {
        [w0, w1, w2, w3, h0, h1, h2, h3] if name == b"IHDR" => Ok((
            u32::from_be_bytes([w0, w1, w2, w3]),
            u32::from_be_bytes([h0, h1, h2, h3]),
        )),
        _ => Err(format!(
            "is a PNG image that begins with chunk `{}` and not with its header, `IHDR`",
            name.escape_ascii()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_gives_the_size_or_an_error() {
        let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\x02\0\x03\0\x04".to_vec();
        assert_eq!(size(&file), Ok((0x102, 0x3_0004)));
        for cut in 8..file.len() {
            let error = size(&file[..cut]).unwrap_err();
            assert!(error.ends_with(&format!("and {cut} are there")), "{error}");
        }
        file[12..16].copy_from_slice(b"Cg\x1bI");
        let error = size(&file).unwrap_err();
        assert!(error.contains(r"chunk `Cg\x1bI`"), "{error}");
    }
}
