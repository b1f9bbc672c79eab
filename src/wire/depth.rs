//! A limit on the nesting of JSON, which is checked before the JSON is parsed.

/// Whether no object or array in this JSON is nested deeper than `limit`. This takes one pass over the bytes and
/// allocates nothing.
///
/// For input that is not JSON, the result is arbitrary; the parser refuses such input afterwards.
pub fn depth_within(json: &[u8], limit: usize) -> bool {
    // Most requests have few brackets at all. The compiler makes this count many bytes at once, which the loop below,
    // where each byte depends on those before, cannot do.
    if json.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() <= limit {
        return true;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return false;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests;
