//! Admission control: limits how many requests are handled at the same time, and how many bytes of request bodies are
//! held in memory.
//!
//! [`crate::fair`] decides which request is next and which is turned away. It compares callers by their paths, which
//! this file makes.
//!
//! A request has a [`Seat`], which records for whom the request counts. At first it counts for its address. Once the
//! caller has proved something, the request counts for what was proved: the subject of a token, the key of a signature,
//! or the app client whose secret was shown to be known. Callers who proved something have shares of their own, apart
//! from those who did not.

use std::{
    future::Future,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use uuid::Uuid;

use crate::{
    config::Config,
    error::{Error, Result},
    fair::{Line, Overload, Path, Ticket, TurnedAway},
};

/// The limits of one replica. A limit of 0 in the configuration means no limit.
pub struct Admission {
    places: Option<Arc<Line>>,
    body_bytes: Option<Arc<Line>>,
    /// Uploads of user-import files, counted apart from other bodies because they are large and may be slow.
    uploads: Arc<Line>,
}

/// The most user-import files that may be uploaded at the same time.
const UPLOADS: usize = 2;

/// Bodies up to this size are not counted. So small bodies are not refused for lack of room, however many large ones
/// arrive. Nearly all bodies are this small. Not counting them is safe, because a connection uses about as much memory
/// even without a body.
const SMALL_BODY: usize = 16 * 1024;

/// How long a request waits for a place, or for its user's turn, before it is refused. The wait is normally far
/// shorter. If it is this long, the requests ahead are probably stalled.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Kinds of callers, each with its weight. When the kinds compete, their shares are proportional to the weights.
mod kind {
    pub const BEARERS: (&str, u32) = ("bearers", 4);
    pub const OPERATORS: (&str, u32) = ("operators", 2);
    pub const CLIENTS: (&str, u32) = ("clients", 2);
    pub const STRANGERS: (&str, u32) = ("strangers", 1);
    pub const BACKGROUND: (&str, u32) = ("background", 1);
}

fn of_kind((name, weight): (&str, u32)) -> Path {
    Path::default().weighing(name, weight)
}

/// Returns the path of a user who presents a genuine access token, or whose browser is signed in.
pub fn bearer(pool_id: &str, sub: Uuid, session: Uuid) -> Path {
    of_kind(kind::BEARERS).then(("pool of bearers", pool_id)).caller().then(sub).then(session)
}

/// Returns the path of an operator whose signature is genuine.
pub fn operator(access_key_id: &str) -> Path {
    of_kind(kind::OPERATORS).caller().then(("key", access_key_id))
}

/// Returns the path of an app client that proved that it knows its secret.
pub fn client(pool_id: &str, client_id: &str) -> Path {
    of_kind(kind::CLIENTS).then(("pool of clients", pool_id)).caller().then(("client", client_id))
}

/// Returns the path of a caller who has proved nothing and is known only by an address. `pool_id` is the pool that the
/// request names, if that pool is known to exist.
pub fn stranger(pool_id: Option<&str>, address: IpAddr) -> Path {
    from(of_kind(kind::STRANGERS).beside(("pool of strangers", pool_id)).caller(), address)
}

/// Returns the path of work outside of any request, such as a background job.
pub fn background() -> Path {
    of_kind(kind::BACKGROUND).caller()
}

/// Extends a path by the networks of an address, the widest first. So a caller does not get a larger share by using
/// many addresses of one network.
///
/// In IPv6 these are the network of a provider (/32), and the network of a customer in three usual sizes (/48, /56,
/// /64). In IPv4 they are networks of similar meaning. A network is the same step whichever pool a request names, so
/// the load of a caller who sends requests to many pools adds up.
fn from(path: Path, address: IpAddr) -> Path {
    let lengths: &[u8] = match address {
        IpAddr::V4(_) => &[16, 24, 32],
        IpAddr::V6(_) => &[32, 48, 56, 64],
    };
    let networks = lengths.iter().filter_map(|length| Some(IpNet::new(address, *length).ok()?.trunc()));
    networks.fold(path, |path, network| path.then(network))
}

tokio::task_local! {
    static SEAT: Seat;
}

/// A request's seat: the path that the request counts for, and its place among the requests being handled, if it has
/// one. If the caller hangs up but the request is carried out nevertheless, the request keeps its seat.
#[derive(Clone)]
pub struct Seat(Arc<SeatParts>);

struct SeatParts {
    places: Option<Arc<Line>>,
    address: IpAddr,
    /// The operation that the request calls, or, if it calls none, a name for what it does.
    work: String,
    state: Mutex<SeatState>,
}

struct SeatState {
    path: Path,
    /// Whether the caller has proved anything. If not, the caller is known only by an address.
    proved: bool,
    place: Option<Ticket>,
}

impl Seat {
    /// Runs a request. While it runs, the functions of this module find its seat.
    pub async fn scope<T>(self, request: impl Future<Output = T>) -> T {
        SEAT.scope(self, request).await
    }

    /// Takes a place, in the order that [`crate::fair`] decides, unless the request has one already. Fails with
    /// `TooManyRequests` if the request is turned away, or after waiting for [`PATIENCE`].
    async fn sit(&self) -> Result<()> {
        let Some(places) = &self.0.places else { return Ok(()) };
        let path = {
            let state = self.state();
            if state.place.is_some() {
                return Ok(());
            }
            state.path.clone()
        };
        let mut place = places.join(&path).map_err(busy)?;
        if !place.is_held() {
            match tokio::time::timeout(PATIENCE, place.held()).await {
                Ok(given) => given.map_err(busy)?,
                Err(_) => {
                    place.give_up();
                    return Err(busy(TurnedAway));
                }
            }
        }
        self.state().place = Some(place);
        Ok(())
    }

    fn stand_up(&self) -> bool {
        // The place is dropped only after the lock on the seat's state is released, because dropping a place locks the
        // line and may give the place to another request.
        let place = self.state().place.take();
        place.is_some()
    }

    fn count_for(&self, path: Path, proved: bool) {
        let mut state = self.state();
        state.proved = proved;
        if state.path == path {
            return;
        }
        if let Some(place) = &mut state.place {
            place.move_to(&path);
        }
        state.path = path;
    }

    fn is_proved(&self) -> bool {
        self.state().proved
    }

    fn state(&self) -> MutexGuard<'_, SeatState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for a place for the current request, if it has none yet. Fails with `TooManyRequests` if the request is turned
/// away, or after waiting for [`PATIENCE`].
pub async fn sit() -> Result<()> {
    match current() {
        Some(seat) => seat.sit().await,
        None => Ok(()),
    }
}

/// Gives up the current request's place. Called before the request waits for something else. Returns whether the
/// request had a place.
pub fn stand_up() -> bool {
    current().is_some_and(|seat| seat.stand_up())
}

/// Makes the current request count for a caller who has proved something. `path` is that caller's path.
pub fn proved(path: Path) {
    if let Some(seat) = current() {
        seat.count_for(path, true);
    }
}

/// Makes the current request count for a stranger at this pool. Has no effect once the caller has proved something.
pub fn concerns_pool(pool_id: &str) {
    if let Some(seat) = current().filter(|seat| !seat.is_proved()) {
        seat.count_for(stranger(Some(pool_id), seat.0.address), false);
    }
}

/// Returns the path that the current request counts for. Outside of a request, returns that of background work.
pub fn path() -> Path {
    current().map_or_else(background, |seat| seat.state().path.clone())
}

/// Like [`path`], but the path of a request ends with the kind of work that the request does.
pub fn path_of_work() -> Path {
    current().map_or_else(background, |seat| path().doing(&seat.0.work))
}

fn current() -> Option<Seat> {
    SEAT.try_with(Clone::clone).ok()
}

/// The bytes of a request's body, counted until this is dropped.
pub struct BodyBytes {
    line: Option<Arc<Line>>,
    path: Path,
    size: usize,
    counted: Option<Ticket>,
}

impl Admission {
    /// Sets up admission control with the limits in these settings. Nothing is counted yet.
    pub fn new(config: &Config) -> Self {
        let (places, bytes) = (config.max_requests_in_flight, config.max_body_bytes_in_flight);
        Self {
            places: (places > 0).then(|| Line::new(places, config.max_requests_waiting)),
            body_bytes: (bytes > 0).then(|| Line::new(0, bytes)),
            uploads: Line::new(0, UPLOADS),
        }
    }

    /// Admits the upload of a user-import file for a pool. The bytes of the file are not counted. When the limit on
    /// uploads is reached, this displaces an upload of another pool, if that pool has several uploads and one of them
    /// is still arriving. Otherwise, it fails with `TooManyRequests`.
    pub fn upload(&self, pool_id: &str) -> Result<BodyBytes> {
        let path = Path::default().then(("pool of files", pool_id));
        let counted = self.uploads.join_with(&path, 1).map_err(busy)?;
        Ok(BodyBytes { line: None, path, size: 0, counted: Some(counted) })
    }

    /// Begins to count a body, before any of it has arrived. The body counts for the address that sends it, because
    /// nothing is proved until the whole body has arrived.
    pub fn body(&self, address: IpAddr) -> BodyBytes {
        BodyBytes { line: self.body_bytes.clone(), path: from(Path::default(), address), size: 0, counted: None }
    }

    /// Returns a seat, without a place yet, for a request from an address. `work` is the operation that the request
    /// calls, or, if it calls none, a name for what it does.
    pub fn seat(&self, address: IpAddr, work: &str) -> Seat {
        let state = SeatState { path: stranger(None, address), proved: false, place: None };
        let (places, state) = (self.places.clone(), Mutex::new(state));
        Seat(Arc::new(SeatParts { places, address, work: work.to_owned(), state }))
    }

    /// The number of requests that have a place.
    pub fn in_flight(&self) -> usize {
        self.places.as_ref().map_or(0, |places| places.held())
    }

    /// The number of requests that wait for a place.
    pub fn waiting(&self) -> usize {
        self.places.as_ref().map_or(0, |places| places.waiting())
    }

    /// Why this replica is overloaded, if it is, in words for operators.
    pub fn overload(&self) -> Option<&'static str> {
        Some(match self.places.as_ref()?.overload()? {
            Overload::Standstill => "every place among the requests is taken, and none is given back",
            Overload::Refusing => "callers with a single request are refused: every place is taken",
        })
    }
}

impl BodyBytes {
    /// Counts further bytes. If there is no room, displaces bodies that are still arriving, of callers who have more
    /// bytes. Fails with `TooManyRequests` if that is not enough, or if this body was displaced.
    pub fn grow(&mut self, bytes: usize) -> Result<()> {
        self.size += bytes;
        let Some(line) = self.line.as_ref().filter(|_| self.size > SMALL_BODY) else { return Ok(()) };
        match &mut self.counted {
            Some(counted) => counted.grow(bytes as u64).map_err(busy),
            None => {
                self.counted = Some(line.join_with(&self.path, self.size as u64).map_err(busy)?);
                Ok(())
            }
        }
    }

    /// Waits until the body is displaced to make room for another body, and returns the refusal. A body can be
    /// displaced only while it arrives.
    pub async fn displaced(&mut self) -> Error {
        match &mut self.counted {
            Some(counted) if !counted.is_held() => {
                let _ = counted.held().await;
                busy(TurnedAway)
            }
            _ => std::future::pending().await,
        }
    }

    /// Records that the whole body has arrived. From then on it cannot be displaced. Fails with `TooManyRequests` if it
    /// was displaced before.
    pub fn is_whole(&mut self) -> Result<()> {
        self.counted.as_mut().map_or(Ok(()), |counted| counted.keep().map_err(busy))
    }
}

fn busy(_: TurnedAway) -> Error {
    Error::TooManyRequests("The server is busy; try again in a second.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills a line, which has room for four waiting tickets, with tickets of the paths in `flood`. Returns whether the
    /// newcomer is admitted.
    fn displaces(flood: &[Path], newcomer: &Path) -> bool {
        let line = Line::new(1, 4);
        let held = line.join(&background()).unwrap();
        let tickets: Vec<_> = (0..64).map(|n| line.join(&flood[n % flood.len()])).collect();
        let taken = line.join(newcomer).is_ok();
        drop((tickets, held));
        taken
    }

    fn at(address: &str) -> Path {
        stranger(Some("eu_a"), address.parse().unwrap())
    }

    #[test]
    fn networks_are_shared_by_those_who_have_many_addresses_in_them() {
        let many = |prefix: &str| (1..=64).map(|n| at(&format!("{prefix}{n:02x}::1"))).collect::<Vec<_>>();
        for flood in [many("2001:db8:0:0:"), many("2001:db8:0:"), many("2001:db8:")] {
            assert!(displaces(&flood, &at("2001:db9::1")), "a provider's, against another's");
        }
        assert!(displaces(&many("2001:db8:0:a"), &at("2001:db8:0:b00::1")), "a customer's /56, against another's");
        let v4: Vec<_> = (1..64).map(|n| at(&format!("203.0.113.{n}"))).collect();
        assert!(displaces(&v4, &at("203.0.114.1")) && displaces(&v4, &at("198.51.100.1")));
        assert!(!displaces(&[at("2001:db8::1")], &at("2001:db8::2")), "a /64 is one customer's");
    }

    #[test]
    fn one_address_at_many_pools_is_one_address() {
        let address = "203.0.113.1".parse().unwrap();
        let flood: Vec<_> = (0..64).map(|n| stranger(Some(&format!("eu_{n}")), address)).collect();
        assert!(displaces(&flood, &stranger(Some("eu_0"), "198.51.100.1".parse().unwrap())));
    }

    /// Returns two lists with a path for each request: five requests from one address at each of 64 pools, and one
    /// request from each of twenty people at another pool.
    fn one_at_many_pools_and_many_at_one() -> (Vec<Path>, Vec<Path>) {
        let pool = |n: usize| stranger(Some(&format!("eu_{n}")), "203.0.113.1".parse().unwrap());
        let people = (0..20).map(|n| stranger(Some("eu_busy"), format!("198.{n}.0.1").parse().unwrap()));
        ((0..64 * 5).map(|n| pool(n % 64)).collect(), people.collect())
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_at_a_busy_pool_is_turned_away_for_one_address_at_many_pools() {
        let (flood, people) = one_at_many_pools_and_many_at_one();
        for room in [64, 100, 320] {
            let line = Line::new(1, room);
            let _held = line.join(&background()).unwrap();
            let mut flood: Vec<_> = flood.iter().filter_map(|path| line.join(path).ok()).collect();
            let mut waiting = Vec::new();
            for path in &people {
                waiting.push(line.join(path).expect("somebody else has more"));
                // The flood sends new requests to replace those that were turned away.
                flood.extend((0..64).filter_map(|n| {
                    line.join(&stranger(Some(&format!("eu_{n}")), "203.0.113.1".parse().unwrap())).ok()
                }));
            }
            for ticket in &mut waiting {
                assert!(tokio::time::timeout(Duration::ZERO, ticket.held()).await.is_err(), "turned away");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_at_many_pools_has_the_turns_of_one() {
        let (flood, people) = one_at_many_pools_and_many_at_one();
        let line = Line::new(1, 1_000);
        let mut held = line.join(&background()).unwrap();
        let mut waiting: Vec<_> = flood.iter().chain(&people).map(|path| line.join(path).unwrap()).collect();
        let mut people = Vec::from_iter(waiting.drain(flood.len()..));
        for _ in 0..2 * people.len() {
            drop(held);
            let mut next = None;
            for tickets in [&mut waiting, &mut people] {
                for index in 0..tickets.len() {
                    if tokio::time::timeout(Duration::ZERO, tickets[index].held()).await.is_ok() {
                        next = Some(tickets.swap_remove(index));
                        break;
                    }
                }
            }
            held = next.unwrap();
        }
        assert_eq!(people.len(), 0, "the pool and the address take turns");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_gives_turns_to_others_at_its_pool_and_to_others_at_its_address() {
        let line = Line::new(5, 1_000);
        let at = |pool: &str, address: &str| line.join(&stranger(Some(pool), address.parse().unwrap())).unwrap();
        let mut flood: Vec<_> = (0..30).map(|_| at("eu_a", "203.0.113.1")).collect();
        let others = [at("eu_a", "198.51.100.1"), at("eu_b", "203.0.113.1"), at("eu_b", "192.0.2.1")];
        // Five of the flood's tickets hold all the slots. Three of these tickets are dropped.
        flood.drain(..3);
        for mut ticket in others {
            assert!(tokio::time::timeout(Duration::ZERO, ticket.held()).await.is_ok());
        }
    }

    #[test]
    fn who_shares_a_network_or_an_address_with_a_flood_elsewhere_is_not_taken_for_it() {
        let flood: Vec<_> =
            (0..64).map(|n| stranger(Some(&format!("eu_{}", n % 2)), "203.0.113.1".parse().unwrap())).collect();
        for address in ["203.0.113.1", "203.0.113.2", "203.0.9.1"] {
            assert!(displaces(&flood, &stranger(Some("eu_other"), address.parse().unwrap())), "{address}");
        }
        let one_pool = vec![stranger(Some("eu_0"), "203.0.113.1".parse().unwrap())];
        assert!(displaces(&one_pool, &stranger(Some("eu_0"), "203.0.113.2".parse().unwrap())));
        let many: Vec<_> = (1..64).map(|n| stranger(Some("eu_0"), format!("203.0.{n}.1").parse().unwrap())).collect();
        assert!(displaces(&many, &stranger(Some("eu_other"), "203.0.113.2".parse().unwrap())), "one pool's flood");
    }

    #[test]
    fn who_proved_something_stands_apart_from_strangers() {
        let flood: Vec<_> = (1..64).map(|n| at(&format!("{n}.0.0.1"))).collect();
        let (sub, session) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for path in [bearer("eu_a", sub, session), client("eu_a", "one"), operator("AKIA")] {
            assert!(displaces(&flood, &path));
        }
        assert!(!displaces(&flood, &at("99.0.0.1")), "of many strangers everywhere nobody has more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_counts_for_whoever_proves_something_and_is_left_while_waiting() {
        let places = Some(Line::new(1, 8));
        let admission = Admission { places, body_bytes: None, uploads: Line::new(0, UPLOADS) };
        let address = "203.0.113.1".parse().unwrap();
        let seat = admission.seat(address, "GetUser");
        seat.clone()
            .scope(async {
                sit().await.unwrap();
                sit().await.unwrap();
                assert_eq!(admission.in_flight(), 1);
                proved(operator("AKIA"));
                concerns_pool("eu_a");
                assert!(seat.is_proved());
                let other = admission.seat(address, "GetUser");
                let refused = tokio::time::timeout(Duration::from_secs(6), other.sit()).await.unwrap();
                assert!(matches!(refused, Err(Error::TooManyRequests(_))));
                assert!(stand_up());
                other.sit().await.unwrap();
                assert!(other.stand_up() && !stand_up());
                sit().await.unwrap();
            })
            .await;
        assert_eq!(admission.in_flight(), 1);
        drop(seat);
        assert_eq!(admission.in_flight(), 0);
    }

    #[tokio::test]
    async fn files_of_one_pool_give_way_to_one_of_another() {
        let admission = Admission { places: None, body_bytes: None, uploads: Line::new(0, UPLOADS) };
        let (_first, mut second) = (admission.upload("eu_a").unwrap(), admission.upload("eu_a").unwrap());
        assert!(admission.upload("eu_a").is_err());
        let mut other = admission.upload("eu_b").unwrap();
        assert!(matches!(second.displaced().await, Error::TooManyRequests(_)));
        other.grow(1_000_000).unwrap();
        other.is_whole().unwrap();
    }

    #[tokio::test]
    async fn small_bodies_are_not_counted_and_the_largest_gives_way() {
        let bodies = Some(Line::new(0, 200_000));
        let admission = Admission { places: None, body_bytes: bodies, uploads: Line::new(0, UPLOADS) };
        let body = |address: &str| admission.body(address.parse().unwrap());
        let mut flood = body("203.0.113.1");
        flood.grow(190_000).unwrap();
        let mut small = body("203.0.113.1");
        small.grow(SMALL_BODY).unwrap();
        let mut own = body("203.0.113.1");
        own.grow(8_000).unwrap();
        let mut other = body("198.51.100.1");
        other.grow(150_000).unwrap();
        assert!(matches!(flood.displaced().await, Error::TooManyRequests(_)));
        other.is_whole().unwrap();
        let mut late = body("203.0.113.1");
        assert!(late.grow(100_000).is_err(), "what is whole stays");
        late = body("192.0.2.1");
        late.grow(50_000).unwrap();
    }
}
