//! Server-sent events, read from bytes as they come (WHATWG HTML, "Interpreting an event stream").

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SseEvent {
    /// `event` is empty when the stream did not name it.
    Message { event: String, id: String, data: String },
    /// A comment: somebody is alive at the other end.
    Comment,
}

/// A line longer than this is no stream of ours; what it began is dropped.
const LINE_MAX: usize = 32 << 20;

#[derive(Debug, Default)]
pub struct SseReader {
    line: Vec<u8>,
    after_cr: bool,
    event: String,
    id: String,
    data: String,
    has_data: bool,
}

impl SseReader {
    pub fn read(&mut self, bytes: &[u8]) -> Vec<SseEvent> {
        let mut out = Vec::new();
        for byte in bytes {
            let ends = match byte {
                b'\n' if std::mem::take(&mut self.after_cr) => false,
                b'\n' => true,
                b'\r' => {
                    self.after_cr = true;
                    true
                }
                other => {
                    self.after_cr = false;
                    if self.line.len() < LINE_MAX {
                        self.line.push(*other);
                    }
                    false
                }
            };
            if ends {
                let line = std::mem::take(&mut self.line);
                self.line_ended(&String::from_utf8_lossy(&line), &mut out);
            }
        }
        out
    }

    fn line_ended(&mut self, line: &str, out: &mut Vec<SseEvent>) {
        if line.is_empty() {
            let (event, data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.data));
            if std::mem::take(&mut self.has_data) {
                out.push(SseEvent::Message { event, id: self.id.clone(), data });
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => out.push(SseEvent::Comment),
            "event" => value.clone_into(&mut self.event),
            "id" => value.clone_into(&mut self.id),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cut_reads_the_same() {
        let stream =
            b": hb\n\nevent: hello\r\nid: 7.1\r\ndata: {\"a\":1}\r\n\r\ndata: one\ndata: two\n\nretry: 3\n\ndata\n\ndata: cut off";
        let message =
            |event: &str, data: &str| SseEvent::Message { event: event.to_owned(), id: "7.1".to_owned(), data: data.to_owned() };
        let want = [SseEvent::Comment, message("hello", "{\"a\":1}"), message("", "one\ntwo"), message("", "")];
        for cut in 0..stream.len() {
            let mut reader = SseReader::default();
            let mut got = reader.read(&stream[..cut]);
            got.extend(reader.read(&stream[cut..]));
            assert_eq!(got, want, "cut at {cut}");
        }
    }
}
