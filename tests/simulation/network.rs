//! The network between one phone and HQ: loses, repeats, cuts, delays, lies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use xuncha_engine::transport::{Answer, Lost, Request, Response, Transport};
use xuncha_tests::random::Random;

use crate::disk::SimDisk;
use crate::hq::Hq;

/// How often each fault happened.
#[derive(Clone, Default)]
pub struct Counts(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Counts {
    pub fn add(&self, fault: &'static str) {
        *self.0.lock().expect("no panic under the lock").entry(fault).or_default() += 1;
    }

    pub fn all(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().expect("no panic under the lock").clone()
    }
}

/// Old messages of a phone that may turn up again; more would only be more of the same.
const OLD_MAX: usize = 20;

pub struct Network {
    hq: Arc<Hq>,
    counts: Counts,
    /// Rung when the phone is killed in the middle of a sync.
    pub killed: Notify,
    state: Mutex<State>,
}

struct State {
    random: Random,
    /// No faults any more.
    calm: bool,
    /// Without a signal.
    away: bool,
    sent: Vec<Request>,
    answered: Vec<(String, Response)>,
    /// The next request gets an old answer.
    late: bool,
    /// A scope of which the phone lacks more commits begins with a snapshot.
    snapshot_beyond: u64,
    /// Of the phone; what has no power sends nothing.
    disk: Option<Arc<SimDisk>>,
}

#[derive(Clone, Copy)]
enum Fault {
    None,
    RequestLost,
    AnswerLost,
    Twice,
    RequestCut,
    AnswerCut,
    OldAnswer,
    OldRequestFirst,
    Portal,
    KilledBefore,
    KilledAfter,
}

impl Fault {
    const ALL: [Self; 10] = [
        Self::RequestLost,
        Self::AnswerLost,
        Self::Twice,
        Self::RequestCut,
        Self::AnswerCut,
        Self::OldAnswer,
        Self::OldRequestFirst,
        Self::Portal,
        Self::KilledBefore,
        Self::KilledAfter,
    ];

    fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::None => return None,
            Self::RequestLost => "request lost",
            Self::AnswerLost => "answer lost after commit",
            Self::Twice => "request delivered twice",
            Self::RequestCut => "request cut",
            Self::AnswerCut => "answer cut",
            Self::OldAnswer => "old answer delivered",
            Self::OldRequestFirst => "old request delivered again",
            Self::Portal => "captive portal",
            Self::KilledBefore => "killed while sending",
            Self::KilledAfter => "killed before the answer",
        })
    }
}

impl Network {
    pub fn new(hq: Arc<Hq>, counts: Counts, seed: u64) -> Self {
        let random = Random::seeded(seed);
        let state = State {
            random,
            calm: false,
            away: false,
            sent: Vec::new(),
            answered: Vec::new(),
            late: false,
            snapshot_beyond: u64::MAX,
            disk: None,
        };
        Self { hq, counts, killed: Notify::new(), state: Mutex::new(state) }
    }

    /// From now on everything arrives, once and whole.
    pub fn heal(&self) {
        self.with(|state| (state.calm, state.away) = (true, false));
    }

    /// An answer that was on its way when the phone was replaced.
    pub fn set_late(&self) {
        self.with(|state| state.late = true);
    }

    pub fn set_away(&self, away: bool) {
        self.with(|state| state.away = away);
    }

    /// The phone takes snapshots of scopes of which it lacks more than so many commits.
    pub fn set_snapshot_beyond(&self, commits: u64) {
        self.with(|state| state.snapshot_beyond = commits);
    }

    pub fn snapshot_beyond(&self) -> u64 {
        self.with(|state| state.snapshot_beyond)
    }

    /// The phone runs on this disk from now on.
    pub fn set_disk(&self, disk: &Arc<SimDisk>) {
        self.with(|state| state.disk = Some(Arc::clone(disk)));
    }

    pub fn has_power(&self) -> bool {
        self.with(|state| state.disk.as_ref().is_none_or(|disk| !disk.ended()))
    }

    /// One of the phone's own requests, as a listener on the wire may have kept it.
    pub fn overheard(&self) -> Option<Request> {
        self.with(|state| {
            let State { random, sent, .. } = state;
            (!sent.is_empty()).then(|| random.one_of(sent).clone())
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().expect("no panic under the lock"))
    }

    fn next_fault(&self, request: &Request) -> Result<Fault, Lost> {
        self.with(|state| {
            if state.away {
                return Err(Lost::Unreachable);
            }
            let State { random, sent, .. } = state;
            remember(random, sent, request.clone());
            if std::mem::take(&mut state.late) {
                return Ok(Fault::OldAnswer);
            }
            if state.calm || !state.random.chance(30) {
                return Ok(Fault::None);
            }
            Ok(*state.random.one_of(&Fault::ALL))
        })
    }

    async fn carry(&self, request: Request) -> Result<Response, Lost> {
        if !self.has_power() {
            self.die().await;
        }
        let fault = self.next_fault(&request)?;
        fault.name().into_iter().for_each(|name| self.counts.add(name));
        let path = request.url.clone();
        match fault {
            Fault::RequestLost => return Err(Lost::Unreachable),
            Fault::Portal => return Ok(portal()),
            Fault::KilledBefore => self.die().await,
            Fault::RequestCut => {
                let end = self.part_of(request.body.len());
                self.hq.hear(request, Some(end)).await;
                return Err(Lost::Unreachable);
            }
            Fault::OldAnswer => {
                let old = self.with(|state| {
                    let of_path: Vec<_> = state.answered.iter().filter(|(of, _)| *of == path).collect();
                    (!of_path.is_empty()).then(|| state.random.one_of(&of_path).1.clone())
                });
                if let Some(old) = old {
                    return Ok(old);
                }
            }
            Fault::Twice => drop(self.hq.hear(request.clone(), None).await),
            Fault::OldRequestFirst => {
                if let Some(old) = self.overheard() {
                    self.hq.hear(old, None).await;
                }
            }
            Fault::None | Fault::AnswerLost | Fault::AnswerCut | Fault::KilledAfter => {}
        }
        let mut answer = self.hq.hear(request, None).await.ok_or(Lost::Unreachable)?;
        self.with(|state| {
            let State { random, answered, .. } = state;
            remember(random, answered, (path, answer.clone()));
        });
        match fault {
            Fault::AnswerLost => Err(Lost::Unreachable),
            Fault::KilledAfter => self.die().await,
            Fault::AnswerCut => {
                answer.body.truncate(self.part_of(answer.body.len()));
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }

    fn part_of(&self, length: usize) -> usize {
        let end = self.with(|state| state.random.below(length as u64 + 1));
        usize::try_from(end).unwrap_or(length)
    }

    /// The phone never gets past this point.
    async fn die(&self) -> ! {
        self.killed.notify_one();
        std::future::pending::<std::convert::Infallible>().await;
        unreachable!("a pending future does not end")
    }
}

impl Transport for Network {
    fn send(&self, request: Request) -> Answer<'_> {
        if request.url.contains("/v1/snapshot/") {
            self.counts.add("a snapshot asked for");
        }
        Box::pin(self.carry(request))
    }
}

/// Keeps what is new, in place of something older when there is much.
pub fn remember<T>(random: &mut Random, old: &mut Vec<T>, new: T) {
    if old.len() < OLD_MAX {
        old.push(new);
    } else {
        let at = usize::try_from(random.below(OLD_MAX as u64)).unwrap_or_default();
        old[at] = new;
    }
}

fn portal() -> Response {
    Response {
        status: 200,
        headers: vec![("content-type".into(), "text/html".into())],
        body: b"<html>sign in to the free network</html>".to_vec(),
    }
}
