//! The replica of whoever leads: what it wants of this device is done here, and what it wants of the network is handed out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::{EntityId, Row, Scope};
use wire::{Blocks, ChainKey, Command, Input, Ranges, Replica};

use crate::{
    deeds::{Act, Answer, Around, Deed, Done, NotDone, Task, Ticket, Trouble, Write, odd},
    host::Host,
    host::jobs::Whom,
    manifest::SealedFile,
    shelf::{FileRows, by_place},
};

/// Sealed files whose rows are kept at hand for the next push.
const READ_MAX: usize = 2;

#[derive(Debug, Default)]
pub(crate) struct Net {
    replica: Option<Replica>,
    inputs: VecDeque<Input>,
    running: bool,
    /// This tab's screen wants everything compared, and no leader has said yet that it does.
    wants_comparison: bool,
    collecting: Option<(Ticket, Collecting)>,
    comparing: Option<(Ticket, Comparing)>,
    /// Rows of the sealed files that were read last, for a push: those that have the next place. A push goes through the
    /// others in their order.
    read: BTreeMap<String, FileRows>,
}

#[derive(Debug, Clone)]
struct Collecting {
    rows: usize,
    bytes: usize,
    file: String,
}

#[derive(Debug)]
struct Comparing {
    blocks: Blocks,
    file: String,
    unread: BTreeSet<String>,
}

impl Net {
    pub(crate) fn waits_for(&self, ticket: Ticket) -> bool {
        let asked = [self.collecting.as_ref().map(|(asked, _)| *asked), self.comparing.as_ref().map(|(asked, _)| *asked)];
        asked.contains(&Some(ticket))
    }
}

type Out = Vec<Deed>;

impl Host {
    /// While this tab leads and an account is connected.
    pub fn replica(&self) -> Option<&Replica> {
        self.net.replica.as_ref()
    }

    /// An account is connected, of these persons.
    pub(crate) fn link(&mut self, around: &mut Around, out: &mut Out, account_id: String, persons: &[EntityId]) {
        let mut replica = Replica::new(self.standing_of(persons), Some(self.snapshot_rows));
        if !persons.is_empty() {
            replica.belongs_to(persons.to_vec());
        }
        // Of these persons there are rows here: a server that was put back may have forgotten whose they are. Of others that lie
        // here nobody has said that they are the same people.
        let own = self.device.identity().person;
        let theirs: BTreeSet<EntityId> = replica.standing().persons.iter().copied().chain([own]).collect();
        theirs
            .into_iter()
            .filter(|person| self.shelf.holds_scope(Scope::Person(*person)))
            .for_each(|person| replica.writes_for(person));
        replica.is_of(account_id);
        self.net = Net { replica: Some(replica), wants_comparison: self.net.wants_comparison, ..Net::default() };
        self.doubled(around, out, self.shelf.doubled());
        self.input(around, out, Input::Connect);
        self.missing(around, out);
        if std::mem::take(&mut self.net.wants_comparison) {
            self.input(around, out, Input::Audit);
        }
    }

    /// Signed out, or another tab leads: what is under way ends, and nothing here is touched.
    pub(crate) fn unlink(&mut self, around: &mut Around, out: &mut Out) {
        self.input(around, out, Input::Disconnect);
        self.net = Net { wants_comparison: self.net.wants_comparison, ..Net::default() };
        out.push(Deed::Standing);
    }

    /// Compares everything, here or in the tab that leads. One that was just closed may still be taken for the leader: then
    /// the next one hears of it.
    pub(crate) fn compare(&mut self, around: &mut Around, out: &mut Out) {
        if self.net.replica.is_some() {
            return self.input(around, out, Input::Audit);
        }
        self.net.wants_comparison = true;
        out.push(Deed::AskToCompare);
    }

    /// Files of the index were gone at the start: what they listed may be gone with them, and nobody knows what that was.
    pub fn doubts_itself(&mut self) {
        self.net.wants_comparison = true;
    }

    /// Whether everything will be compared as soon as there is somebody to compare it with.
    pub fn will_compare(&self) -> bool {
        self.net.wants_comparison
    }

    /// The leader says whether it compares.
    pub(crate) fn heard_of_comparing(&mut self, out: &mut Out, comparing: bool) {
        match comparing {
            true => self.net.wants_comparison = false,
            false if self.net.wants_comparison => out.push(Deed::AskToCompare),
            false => {}
        }
    }

    /// What damaged files held is asked for.
    pub(crate) fn missing(&mut self, around: &mut Around, out: &mut Out) {
        let spans = self.damaged.iter().flat_map(|file| &file.spans);
        let places: Vec<(ChainKey, Ranges)> = spans.map(|span| (span.chain.clone(), span.places.clone())).collect();
        if !places.is_empty() {
            self.input(around, out, Input::Missing(places));
        }
    }

    /// Places that have more than one row are sent whole.
    pub(crate) fn doubled(&mut self, around: &mut Around, out: &mut Out, places: BTreeMap<ChainKey, Ranges>) {
        if !places.is_empty() {
            self.input(around, out, Input::Doubled(places));
        }
    }

    /// Rows were written on this device, for the person it writes for now.
    pub(crate) fn wrote(&mut self, around: &mut Around, out: &mut Out) {
        let person = self.device.identity().person;
        if let Some(replica) = &mut self.net.replica {
            replica.writes_for(person);
        }
        self.input(around, out, Input::Wrote);
    }

    /// Something happened. What follows from it is done before the next input is taken.
    pub(crate) fn input(&mut self, around: &mut Around, out: &mut Out, input: Input) {
        if self.net.replica.is_none() {
            return;
        }
        self.net.inputs.push_back(input);
        if std::mem::replace(&mut self.net.running, true) {
            return;
        }
        while let Some(input) = self.net.inputs.pop_front() {
            let Some(replica) = &mut self.net.replica else { break };
            for command in replica.step(around.mono_ms, around.entropy, input) {
                self.carry_out(around, out, command);
            }
        }
        self.net.running = false;
        out.push(Deed::Standing);
    }

    fn carry_out(&mut self, around: &mut Around, out: &mut Out, command: Command) {
        match command {
            Command::Collect { rows, bytes } => {
                if READ_MAX < self.net.read.len() {
                    self.net.read.clear();
                }
                self.collect(out, rows, bytes);
            }
            Command::Commit(commit) => self.write_for(around, out, Whom::Replica, Write::Receive(commit)),
            Command::Compare(digest) => self.net.inputs.push_back(Input::Compared(self.shelf.compare(&digest))),
            Command::CompareBlocks(blocks) => self.compare_blocks(out, blocks, BTreeSet::new()),
            other => out.push(Deed::Net(other)),
        }
    }

    /// What the replica wanted written down is, or is not.
    pub(crate) fn committed(&mut self, around: &mut Around, out: &mut Out, outcome: Result<Done, NotDone>) {
        let input = match outcome {
            Ok(_) => Input::Committed,
            Err(why) => Input::CommitFailed(why.to_string()),
        };
        self.input(around, out, input);
    }

    /// Rows to send. Those in sealed files are read by whoever knows Parquet.
    fn collect(&mut self, out: &mut Out, rows: usize, bytes: usize) {
        let Some(replica) = &self.net.replica else { return };
        let waiting = self.shelf.waiting(replica.standing(), rows, bytes, &self.net.read);
        match waiting.file.as_ref().and_then(|file| self.listed_as(file)) {
            Some(listed) => {
                let collecting = Collecting { rows, bytes, file: listed.use_id.clone() };
                self.net.collecting = Some((self.ask(out, Task::Collect, Act::Rows(listed)), collecting));
            }
            None => self.net.inputs.push_back(Input::Outbox(waiting.rows)),
        }
    }

    fn listed_as(&self, use_id: &str) -> Option<SealedFile> {
        self.manifest.sealed.iter().find(|file| file.use_id == use_id).cloned()
    }

    fn compare_blocks(&mut self, out: &mut Out, blocks: Blocks, mut unread: BTreeSet<String>) {
        if unread.is_empty() {
            match self.shelf.compare_blocks(&blocks) {
                Ok(comparison) => return self.net.inputs.push_back(Input::Compared(comparison)),
                Err(files) => unread = files,
            }
        }
        let Some(file) = unread.pop_first() else { return };
        match self.listed_as(&file) {
            Some(listed) => {
                let ticket = self.ask(out, Task::Compare, Act::Rows(listed));
                self.net.comparing = Some((ticket, Comparing { blocks, file, unread }));
            }
            None => self.not_compared(out, &Trouble::of("it is not there")),
        }
    }

    fn not_compared(&mut self, out: &mut Out, why: &Trouble) {
        out.push(Deed::Warn(format!("a sealed session could not be compared: {why}")));
        self.net.inputs.push_back(Input::Compared(Default::default()));
    }

    /// The rows of a sealed file, for one of the two.
    pub(crate) fn go_on_reading(&mut self, around: &mut Around, out: &mut Out, task: Task, answer: Result<Answer, Trouble>) {
        let rows: Result<Vec<Row>, Trouble> = match answer {
            Ok(Answer::Rows(rows)) => Ok(rows),
            other => Err(other.err().unwrap_or_else(odd)),
        };
        if task == Task::Collect {
            self.collected(out, rows);
        } else {
            self.compared(out, rows);
        }
        if let Some(input) = self.net.inputs.pop_front() {
            self.input(around, out, input);
        }
    }

    fn collected(&mut self, out: &mut Out, rows: Result<Vec<Row>, Trouble>) {
        let Some((_, Collecting { rows: max, bytes, file })) = self.net.collecting.take() else { return };
        match rows {
            Ok(rows) => {
                // Two files may have the next place: one that gives way to the other would be asked for again, for ever.
                self.net.read.insert(file, by_place(rows));
                self.collect(out, max, bytes);
            }
            Err(why) => {
                // Nobody knows Parquet, because nobody looks: the next one is waited for.
                out.push(Deed::Warn(format!("rows of a sealed session wait to be read: {why}")));
                let Some(replica) = &self.net.replica else { return };
                let waiting = self.shelf.waiting(replica.standing(), max, bytes, &self.net.read);
                self.net.inputs.push_back(Input::Outbox(waiting.rows));
            }
        }
    }

    fn compared(&mut self, out: &mut Out, rows: Result<Vec<Row>, Trouble>) {
        let Some((_, Comparing { blocks, file, unread })) = self.net.comparing.take() else { return };
        match rows {
            Ok(rows) => {
                self.shelf.file_read(&file, &rows);
                self.compare_blocks(out, blocks, unread);
            }
            Err(why) => self.not_compared(out, &why),
        }
    }
}
