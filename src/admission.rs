//! How much is taken on at the same time. What is over a bound is answered with `TooManyRequestsException` at once, so
//! that what was taken on is answered in time and memory stays bounded.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    config::Config,
    error::{Error, Result},
};

/// The bounds of a replica. A bound of 0 in the configuration means none.
pub struct Admission {
    requests: Option<Semaphore>,
    body_bytes: Option<Semaphore>,
    /// Files of users that are on their way, beside other bodies: they are large and may be slow.
    uploads: Semaphore,
}

/// Files on their way at the same time.
const UPLOADS: usize = 2;

/// A request's place among those being answered, until it is dropped.
pub struct Place<'a>(#[expect(dead_code, reason = "held, not read")] Option<SemaphorePermit<'a>>);

/// The bytes of a request's body, until it is dropped.
pub struct BodyBytes<'a> {
    admission: &'a Admission,
    taken: Option<SemaphorePermit<'a>>,
    counts: bool,
}

impl Admission {
    /// Empty, with the bounds of these settings.
    pub fn new(config: &Config) -> Self {
        let bound = |limit: usize| (limit > 0).then(|| Semaphore::new(limit.min(Semaphore::MAX_PERMITS)));
        Self {
            requests: bound(config.max_requests_in_flight),
            body_bytes: bound(config.max_body_bytes_in_flight),
            uploads: Semaphore::new(UPLOADS),
        }
    }

    /// Takes a file on.
    pub fn upload(&self) -> Result<SemaphorePermit<'_>> {
        self.uploads.try_acquire().map_err(|_| too_many())
    }

    /// A body that counts for nothing but its own bound.
    pub fn uncounted(&self) -> BodyBytes<'_> {
        BodyBytes { admission: self, taken: None, counts: false }
    }

    /// Takes a request on.
    pub fn place(&self) -> Result<Place<'_>> {
        match self.requests.as_ref().map(Semaphore::try_acquire) {
            None => Ok(Place(None)),
            Some(Ok(permit)) => Ok(Place(Some(permit))),
            Some(Err(_)) => Err(too_many()),
        }
    }

    /// Requests that are being answered.
    pub fn in_flight(&self, config: &Config) -> usize {
        self.requests.as_ref().map_or(0, |requests| config.max_requests_in_flight - requests.available_permits())
    }

    /// A body that is still empty.
    pub fn body(&self) -> BodyBytes<'_> {
        BodyBytes { admission: self, taken: None, counts: true }
    }
}

impl BodyBytes<'_> {
    /// Takes on so many more bytes.
    pub fn grow(&mut self, bytes: usize) -> Result<()> {
        let Some(all) = self.admission.body_bytes.as_ref().filter(|_| self.counts) else { return Ok(()) };
        let more = u32::try_from(bytes).ok().and_then(|bytes| all.try_acquire_many(bytes).ok()).ok_or_else(too_many)?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        Ok(())
    }
}

fn too_many() -> Error {
    Error::TooManyRequests("The server is busy; try again in a second.".into())
}
