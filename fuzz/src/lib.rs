//! What the fuzz targets share.

/// The original with edits: five bytes each say what (replace, insert, remove, cut), where (two bytes), and with what.
///
/// Signatures stop a fuzzer that only invents bytes; edits of something that is accepted reach what lies behind.
pub fn edited(original: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for edit in edits.chunks_exact(5) {
        let at = usize::from(u16::from_be_bytes([edit[1], edit[2]])) % (bytes.len() + 1);
        match edit[0] % 8 {
            0..=2 if at < bytes.len() => bytes[at] = edit[3],
            3 if at < bytes.len() => bytes[at] ^= 1 << (edit[3] % 8),
            4 | 5 => bytes.insert(at, edit[3]),
            6 if at < bytes.len() => {
                bytes.remove(at);
            }
            7 if edit[4] == 0 => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}

/// Splits the first byte off: what kind of input the rest is.
pub fn kind(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(kind, rest)| (*kind, rest))
}
