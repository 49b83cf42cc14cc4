//! What the WebP decoder takes on trust: it reserves what the length of a chunk
//! and the size of a frame claim, whatever the file and the canvas hold.

/// `bytes` as far as the WebP file in them goes, if its chunks lie in it and none
/// of its frames has a size that `fits` (given width and height) refuses.
///
/// The container is described at
/// <https://developers.google.com/speed/webp/docs/riff_container>, the frame
/// header in RFC 6386, 9.1.
pub(super) fn checked(
    bytes: &[u8],
    fits: impl Fn(u32, u32) -> Result<(), String>,
) -> Result<&[u8], String> {
    let cut_off = |what: &str, claimed: usize, there: usize| {
        Err(format!(
            "is a WebP image that is cut off: {what} takes {claimed} bytes, and {there} are there"
        ))
    };
    let (_, after_header) = bytes.split_at_checked(8).unwrap_or_default();
    let claimed = length(bytes.get(4..).unwrap_or_default());
    let Some(mut rest) = after_header.get(..claimed).and_then(|riff| riff.get(4..)) else {
        return cut_off("the file", claimed, after_header.len());
    };
    while let Some((header, content)) = rest.split_at_checked(8) {
        let claimed = length(&header[4..]);
        let Some(inside) = content.get(..claimed) else {
            let name = format!("chunk `{}`", header[..4].escape_ascii());
            return cut_off(&name, claimed, content.len());
        };
        // Chunks are filled up to even lengths.
        rest = content.get(claimed + claimed % 2..).unwrap_or_default();
        match &header[..4] {
            b"VP8 " => {
                if let Some([w0, w1, h0, h1]) = inside.get(6..10) {
                    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
                    fits(side(*w0, *w1), side(*h0, *h1))?;
                }
            }
            // A frame of an animation: its own chunks come behind 16 bytes.
            b"ANMF" => rest = content.get(16..).unwrap_or_default(),
            _ => {}
        }
    }
    Ok(&bytes[..8 + length(&bytes[4..])])
}

/// The little-endian number that `bytes` begin with.
fn length(bytes: &[u8]) -> usize {
    match bytes {
        [a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut chunk = name.to_vec();
        chunk.extend((content.len() as u32).to_le_bytes());
        chunk.extend(content);
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    }

    /// A WebP file of chunks.
    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        chunk(b"RIFF", &[b"WEBP".to_vec(), chunks.concat()].concat())
    }

    /// A frame of 5×7 pixels.
    fn frame() -> Vec<u8> {
        chunk(b"VP8 ", &[0, 0, 0, 0x9d, 1, 0x2a, 5, 0, 7, 0])
    }

    fn at_most_35(width: u32, height: u32) -> Result<(), String> {
        let fits = width * height <= 35;
        fits.then_some(()).ok_or(format!("{width}×{height}"))
    }

    #[test]
    fn chunks_and_frames_are_held_against_the_file() {
        let animation = chunk(b"ANMF", &[vec![0; 16], frame()].concat());
        let good = file(&[chunk(b"ODD ", &[1]), frame(), animation.clone()]);
        assert_eq!(checked(&good, at_most_35), Ok(&good[..]));
        let behind = [good.clone(), vec![1, 2, 3]].concat();
        assert_eq!(checked(&behind, at_most_35), Ok(&good[..]));
        for cut in 0..good.len() {
            let error = checked(&good[..cut], at_most_35).unwrap_err();
            assert!(error.contains("cut off"), "{cut}: {error}");
        }
        let mut long = chunk(b"EXIF", &[0; 4]);
        long[4] = 200;
        let error = checked(&file(&[frame(), long]), at_most_35).unwrap_err();
        assert!(
            error.contains("chunk `EXIF` takes 200 bytes, and 4 are there"),
            "{error}"
        );
        for wide in [frame(), animation] {
            let mut file = file(&[wide]);
            let width = file.len() - 4;
            file[width] = 6;
            assert_eq!(checked(&file, at_most_35), Err("6×7".into()));
        }
    }
}
