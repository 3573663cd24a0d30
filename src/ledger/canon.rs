//! RFC 8785 (JSON Canonicalization Scheme), with the numbers of a row: integers below 2^53 and nothing else, so that
//! no two engines can print one number in two ways.

use serde_json::Value;

/// Above this an integer is no longer exact in JavaScript.
const INTEGER_MAX: i64 = (1 << 53) - 1;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonErr {
    #[error("numbers in a row are whole and below 2^53, not {0}")]
    Number(String),
}

pub fn canonical(value: &Value) -> Result<Vec<u8>, CanonErr> {
    let mut out = Vec::with_capacity(512);
    write(value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonErr> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => match number.as_i64() {
            Some(n) if -INTEGER_MAX <= n && n <= INTEGER_MAX => out.extend_from_slice(n.to_string().as_bytes()),
            _ => return Err(CanonErr::Number(number.to_string())),
        },
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if 0 < at {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            // RFC 8785 §3.2.3 sorts by UTF-16 code units, which is not the order of the UTF-8 bytes.
            keys.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
            out.push(b'{');
            for (at, key) in keys.into_iter().enumerate() {
                if 0 < at {
                    out.push(b',');
                }
                write_text(key, out);
                out.push(b':');
                write(&fields[key], out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// What needs no other spelling is copied in one piece; every byte that does stands for itself in UTF-8.
fn write_text(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if b' ' <= *byte && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x8 => out.extend_from_slice(b"\\b"),
            0xc => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn matches_the_reference_library() {
        let cases = [
            json!({}),
            json!({"b": 1, "a": [true, false, null, -9_007_199_254_740_991_i64]}),
            json!({"\u{20ac}": "euro", "\r": "cr", "\u{fb33}": "dalet", "1": "one", "\u{1f600}": "smile", "\u{80}": "c"}),
            json!({"text": "line\nquote\" back\\ tab\t bell\u{7} del\u{7f} \u{2028} é 漢"}),
            json!([[], {"a": {}}, ""]),
        ];
        for case in cases {
            let want = serde_json_canonicalizer::to_vec(&case).expect("the reference accepts it");
            assert_eq!(canonical(&case).expect("canonical"), want, "{case}");
        }
    }

    #[test]
    fn only_exact_integers_pass() {
        for number in [json!(1.5), json!(9_007_199_254_740_992_i64), json!(u64::MAX), json!(1e3)] {
            assert!(canonical(&number).is_err(), "{number}");
        }
    }
}
