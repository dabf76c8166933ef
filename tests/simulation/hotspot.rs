//! Phones beside each other, without HQ: one carries what the others give it. The air between them loses, repeats and cuts,
//! and the hub loses power, or finds its disk full, at any write.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, Weak};

use xuncha_domain::protocol::v1::hub::Pairing;
use xuncha_engine::Engine;
use xuncha_engine::api::types::ApiError;
use xuncha_engine::transport::{Answer, Hubs, Lost, Request, Response, Transport};
use xuncha_tests::random::Random;

use crate::disk::{Fate, SimDisk};
use crate::network::{Counts, Network, remember};

/// A request makes at most about so many writes.
const WRITES: u64 = 8;

/// The hubs of a fleet, by what phones know of them.
#[derive(Default)]
pub struct Hotspot {
    hubs: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    phones: BTreeMap<usize, (Engine, Arc<SimDisk>)>,
    pins: BTreeMap<[u8; 32], usize>,
}

impl Hotspot {
    /// A phone runs on this disk from now on.
    pub fn set(&self, phone: usize, engine: &Engine, disk: &Arc<SimDisk>) {
        self.with(|hubs| hubs.phones.insert(phone, (engine.clone(), Arc::clone(disk))));
    }

    /// The code that a phone shows as a hub.
    pub fn code(&self, phone: usize, engine: &Engine) -> Result<Pairing, ApiError> {
        let pairing = engine.hub_open()?;
        self.with(|hubs| hubs.pins.insert(pairing.pin, phone));
        // This machine has other addresses than the next.
        Ok(Pairing { addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)], ..pairing })
    }

    /// Nobody reaches it any more.
    pub fn lose(&self, phone: usize) {
        self.with(|hubs| hubs.pins.retain(|_, of| *of != phone));
    }

    /// Which phone a pin belongs to.
    pub fn phone_of(&self, pin: &[u8; 32]) -> Option<usize> {
        self.with(|hubs| hubs.pins.get(pin).copied())
    }

    fn at(&self, pin: &[u8; 32]) -> Option<(Engine, Arc<SimDisk>)> {
        self.with(|hubs| hubs.phones.get(hubs.pins.get(pin)?).cloned())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Known) -> T) -> T {
        work(&mut self.hubs.lock().expect("no panic under the lock"))
    }
}

/// The way from one phone to hubs.
pub struct Air {
    /// The hubs hold engines, and those hold this.
    hotspot: Weak<Hotspot>,
    network: Arc<Network>,
    counts: Counts,
    state: Mutex<State>,
}

struct State {
    random: Random,
    /// No faults any more.
    calm: bool,
    sent: Vec<Request>,
    answered: Vec<(String, Response)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    RequestLost,
    AnswerLost,
    Twice,
    RequestCut,
    AnswerCut,
    OldAnswer,
    OldRequestFirst,
    HubDies,
    HubFull,
}

impl Fault {
    const ALL: [Self; 9] = [
        Self::RequestLost,
        Self::AnswerLost,
        Self::Twice,
        Self::RequestCut,
        Self::AnswerCut,
        Self::OldAnswer,
        Self::OldRequestFirst,
        Self::HubDies,
        Self::HubFull,
    ];

    fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::RequestLost => "hub: request lost",
            Self::AnswerLost => "hub: answer lost",
            Self::Twice => "hub: request delivered twice",
            Self::RequestCut => "hub: request cut",
            Self::AnswerCut => "hub: answer cut",
            Self::OldAnswer => "hub: old answer delivered",
            Self::OldRequestFirst => "hub: old request delivered again",
            // Counted when they strike.
            Self::None | Self::HubDies | Self::HubFull => return None,
        })
    }
}

impl Air {
    pub fn new(hotspot: &Arc<Hotspot>, network: &Arc<Network>, counts: Counts, seed: u64) -> Arc<Self> {
        let random = Random::seeded(seed);
        let state = State { random, calm: false, sent: Vec::new(), answered: Vec::new() };
        let (hotspot, network) = (Arc::downgrade(hotspot), Arc::clone(network));
        Arc::new(Self { hotspot, network, counts, state: Mutex::new(state) })
    }

    pub fn heal(&self) {
        self.with(|state| state.calm = true);
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().expect("no panic under the lock"))
    }

    fn next_fault(&self, request: &Request) -> Fault {
        self.with(|state| {
            let State { random, sent, .. } = state;
            remember(random, sent, request.clone());
            if state.calm || !state.random.chance(25) {
                return Fault::None;
            }
            *state.random.one_of(&Fault::ALL)
        })
    }

    fn carry(&self, pin: &[u8; 32], request: Request) -> Result<Response, Lost> {
        if !self.network.has_power() {
            return Err(Lost::Unreachable);
        }
        let fault = self.next_fault(&request);
        fault.name().into_iter().for_each(|name| self.counts.add(name));
        let path = request.url.clone();
        match fault {
            Fault::RequestLost => return Err(Lost::Unreachable),
            Fault::RequestCut => {
                let mut request = request;
                request.body.truncate(self.part_of(request.body.len()));
                self.heard(pin, &request, false, fault)?;
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
            Fault::Twice => drop(self.heard(pin, &request, true, fault)?),
            Fault::OldRequestFirst => {
                let old = self.with(|state| state.random.one_of(&state.sent).clone());
                self.heard(pin, &old, true, fault)?;
            }
            Fault::None | Fault::AnswerLost | Fault::AnswerCut | Fault::HubDies | Fault::HubFull => {}
        }
        let mut answer = self.heard(pin, &request, true, fault)?;
        self.with(|state| {
            let State { random, answered, .. } = state;
            remember(random, answered, (path, answer.clone()));
        });
        match fault {
            Fault::AnswerLost => Err(Lost::Unreachable),
            Fault::AnswerCut => {
                answer.body.truncate(self.part_of(answer.body.len()));
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }

    /// What the hub answers; nothing when it is out of reach or loses power before it has.
    fn heard(&self, pin: &[u8; 32], request: &Request, whole: bool, fault: Fault) -> Result<Response, Lost> {
        let hub = self.hotspot.upgrade().and_then(|hotspot| hotspot.at(pin));
        let (engine, disk) = hub.filter(|(_, disk)| !disk.ended()).ok_or(Lost::Unreachable)?;
        let after = self.with(|state| state.random.below(WRITES));
        match fault {
            Fault::HubDies => disk.doom(after, Fate::Ends),
            Fault::HubFull => disk.doom(after, Fate::Full),
            _ => {}
        }
        let answer = engine.hub_hear(request, whole);
        if fault == Fault::HubFull && disk.full() {
            self.counts.add("hub: disk full");
        }
        if [Fault::HubDies, Fault::HubFull].contains(&fault) {
            disk.relieve();
        }
        if disk.ended() {
            self.counts.add("hub: power lost in a request");
            return Err(Lost::Unreachable);
        }
        answer.map_err(|_| Lost::Unreachable)
    }

    fn part_of(&self, length: usize) -> usize {
        let end = self.with(|state| state.random.below(length as u64 + 1));
        usize::try_from(end).unwrap_or(length)
    }
}

/// How an engine gets at [`Air`].
pub struct Ways(pub Arc<Air>);

impl Hubs for Ways {
    fn reach(&self, pin: [u8; 32]) -> Arc<dyn Transport> {
        Arc::new(Way { air: Arc::clone(&self.0), pin })
    }
}

struct Way {
    air: Arc<Air>,
    pin: [u8; 32],
}

impl Transport for Way {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(std::future::ready(self.air.carry(&self.pin, request)))
    }
}
