//! What befalls a fleet between two things that people do.

use xuncha_tests::world::copy_folder;

use crate::fleet::{DAY_MS, Fleet};
use crate::nature::folder;

/// Judges again what is held, as the first start after an upgrade does.
const JUDGE_AGAIN: &str = "UPDATE meta SET value = x'00000000' WHERE key = 'judge_version';";

impl Fleet {
    pub fn befall(&mut self, number: usize) {
        match self.random.below(34) {
            0..2 => self.kill(number),
            2 => self.hq_loses_power(),
            3 => self.node_restarts(),
            4..6 => self.go_away(number),
            6..8 => self.clock_jumps(number),
            8..11 => self.keep_copy(number),
            11..14 => self.restore_phone(number),
            14 => self.clone_phone(number),
            15..17 => self.strangers(number),
            17..19 => self.hostile_device(number),
            19 => self.close_or_open(number),
            20 => self.move_officer(number),
            21..24 => self.join_hub(number),
            24 => self.lose_hub(number),
            25..29 => self.decide(),
            29..31 => self.erase(),
            31..33 => self.bits_flip(number),
            _ => self.restore_hq(),
        }
    }

    /// While the app is closed, a bit of what waits for HQ changes on the phone's disk. Not while its key is gone: what
    /// others made of the originals that HQ has cannot be told from news of what is then issued again without asking.
    fn bits_flip(&mut self, number: usize) {
        let phone = &mut self.phones[number];
        if !self.sound_disks && !phone.keyless && phone.rot(&mut self.random) {
            self.model.flipped(&phone.author, phone.held_at);
            self.counts.add("a bit of an unsent commit flipped");
        }
    }

    fn kill(&mut self, number: usize) {
        self.counts.add("phone killed");
        self.phones[number].kill(&mut self.random);
    }

    fn hq_loses_power(&mut self) {
        self.counts.add("HQ lost power");
        self.hq.power_cut();
    }

    fn node_restarts(&mut self) {
        self.counts.add("a node restarted");
        self.hq.restart_node();
    }

    fn go_away(&mut self, number: usize) {
        self.counts.add("days without a signal");
        self.phones[number].away_until_ms = self.time.now_ms() + DAY_MS / 2 * (1 + (number as i64 % 3));
        // Hours pass for all, or a partition would outlast every run.
        self.time.pass(DAY_MS / 4);
    }

    fn clock_jumps(&mut self, number: usize) {
        self.counts.add("clock jumped");
        let to_1970 = -self.time.now_ms();
        let wrong = *self.random.one_of(&[to_1970, 2 * DAY_MS, -2 * DAY_MS, 0]);
        self.phones[number].clock.set_wrong(wrong);
    }

    /// The app is in the background when its folder is copied. Not while its key is gone, as in [`Self::clone_phone`].
    fn keep_copy(&mut self, number: usize) {
        let phone = &mut self.phones[number];
        if phone.keyless {
            return;
        }
        phone.engine.suspend();
        let copy = folder();
        copy_folder(phone.data(), copy.path());
        phone.old_copy = Some((copy, phone.heard_of));
    }

    /// The phone is lost when HQ holds all of it, and its officer goes on with an old copy on another.
    fn restore_phone(&mut self, number: usize) {
        self.sync(number);
        let phone = &mut self.phones[number];
        if !phone.all_held() || phone.heard_of != self.restored {
            return;
        }
        let Some((copy, heard_of)) = phone.old_copy.take() else { return };
        if !phone.cloned && self.random.chance(50) {
            self.counts.add("phone restored without its key");
            std::fs::remove_file(copy.path().join("device.key")).expect("the key was there");
            phone.keyless = true;
        } else {
            self.counts.add("phone restored from an old copy");
        }
        phone.clock.reboot();
        let photos = phone.photos_here(&self.model);
        phone.replace(copy);
        // An HQ from before it had these would lose them, too.
        if !photos.is_subset(&phone.photos_here(&self.model)) {
            self.backup = None;
        }
        (phone.heard_of, phone.whole, phone.held_at) = (heard_of, false, 0);
        if self.random.chance(50) {
            phone.network.set_late();
        }
        self.work(number);
    }

    /// Some commits before the next sync, so that a forked chain has more than one on each branch.
    fn work(&mut self, number: usize) {
        for _ in 0..3 {
            (0..3).for_each(|_| self.act(number));
            self.phones[number].engine.suspend();
        }
    }

    /// Not while its key is gone: two copies that each issue the same work again end with a value beside itself, which
    /// their officer settles.
    fn clone_phone(&mut self, number: usize) {
        if !self.may_clone() || self.phones[number].keyless {
            return;
        }
        self.counts.add("phone cloned");
        let phone = &mut self.phones[number];
        phone.engine.suspend();
        phone.cloned = true;
        let (copy, district) = (folder(), phone.district.clone());
        let (estranged, heard_of, whole) = (phone.estranged, phone.heard_of, phone.whole);
        let moved = phone.moved;
        copy_folder(phone.data(), copy.path());
        self.add_phone(copy.path(), district);
        if let Some(clone) = self.phones.last_mut() {
            (clone.cloned, clone.estranged, clone.heard_of, clone.whole) = (true, estranged, heard_of, whole);
            clone.moved = moved;
        }
        self.work(number);
        self.work(self.phones.len() - 1);
    }

    /// Noise, and what somebody on the wire made of a phone's own requests.
    fn strangers(&mut self, number: usize) {
        self.counts.add("strangers' requests");
        let Some(mut request) = self.phones[number].network.overheard() else { return };
        let length = request.body.len();
        if self.random.chance(30) {
            request.body = (0..self.random.below(2_000)).map(|n| (n * 7 % 251) as u8).collect();
        } else if length > 0 {
            for _ in 0..=self.random.below(3) {
                let at = usize::try_from(self.random.below(length as u64)).unwrap_or_default();
                request.body[at] ^= 1 << self.random.below(8);
            }
            if self.random.chance(30) {
                request.body.truncate(length / 2);
            }
        }
        self.answered_without_breaking(request);
    }

    /// A phone of ours in the wrong hands: it may sign, and lies.
    fn hostile_device(&mut self, number: usize) {
        let overheard = self.phones[number].network.overheard();
        for (name, request) in self.hostile.lie(&self.hq, &self.model, overheard) {
            self.counts.add(name);
            let location = self.answered_without_breaking(request);
            let rest = location.and_then(|location| self.hostile.poison(&location));
            rest.into_iter().for_each(|request| drop(self.answered_without_breaking(request)));
        }
    }

    /// Sends what must not break HQ. Returns where a created upload lies.
    fn answered_without_breaking(&mut self, request: xuncha_engine::transport::Request) -> Option<String> {
        self.hq.set_calm(true);
        let answer = self.runtime.block_on(self.hq.hear(request, None));
        self.hq.set_calm(false);
        let answer = answer?;
        if answer.status >= 500 {
            self.wrong.push(format!("HQ answers {} to a stranger", answer.status));
        }
        answer.header("location").map(str::to_owned)
    }

    /// Lost or handed in, and found again: what it pushed in between is held, then judged again.
    fn close_or_open(&mut self, number: usize) {
        let estranged = self.phones[number].estranged;
        self.counts.add(if estranged { "phone opened again" } else { "phone closed" });
        let at = if estranged { "NULL".into() } else { self.time.now_ms().to_string() };
        let officer = &self.phones[number].author.officer;
        let set = format!("UPDATE devices SET closed_ms = {at} WHERE hex(officer) = upper('{officer}');");
        let again = if estranged { JUDGE_AGAIN } else { "" };
        self.hq.change(&format!("{set}{again}"));
        self.estrange(number, !estranged);
    }

    fn estrange(&mut self, number: usize, estranged: bool) {
        let officer = self.phones[number].author.officer.clone();
        let same = self.phones.iter_mut().filter(|phone| phone.author.officer == officer);
        same.for_each(|phone| phone.estranged = estranged);
    }

    /// Every phone is open.
    pub fn reconcile(&mut self) {
        self.hq.change(&format!("UPDATE devices SET closed_ms = NULL;{JUDGE_AGAIN}"));
        self.phones.iter_mut().for_each(|phone| phone.estranged = false);
    }

    pub fn back_up(&mut self) {
        let strangers = self.phones.iter().filter(|phone| phone.estranged);
        let strangers = strangers.map(|phone| phone.author.officer.clone()).collect();
        self.backup = Some((self.hq.back_up(), strangers));
    }

    /// HQ is restored from its newest backup, or makes one.
    ///
    /// Not while a phone lacks work that only HQ has: what both lose at once is lost. Neither where a desk decides: what HQ
    /// forgets before any phone has heard of it is lost, too.
    fn restore_hq(&mut self) {
        let safe = !self.staffed && self.phones.iter().all(|phone| phone.whole);
        match self.backup.take() {
            kept if kept.is_none() || !safe => self.back_up(),
            None => {}
            Some((backup, strangers)) => {
                self.counts.add("HQ restored from an old backup");
                self.hq.restore(backup.path());
                self.restored += 1;
                // Who was closed when it was made is so again.
                for phone in &mut self.phones {
                    phone.estranged |= strangers.contains(&phone.author.officer);
                    phone.held_at = 0;
                }
                self.model.restored();
                self.look_at_teams();
            }
        }
    }
}
