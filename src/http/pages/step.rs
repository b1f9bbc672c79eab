//! The steps of the sign-in pages: what a page shows that does not follow from its address alone.
//!
//! A form is answered with a redirect to a page with an address of its own. So a reload repeats nothing, and the
//! browser's Back button does not lead to an expired form (docs/decisions/0044). The address contains a random ID. What
//! the page shows is sealed in a cookie that the browser sends only to this address. So no code and no
//! session is ever in an address.

use actix_web::{
    HttpResponse,
    cookie::{Cookie, SameSite, time},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use uuid::Uuid;

use super::{Notice, cookies, purpose::broken_form, see_other};
use crate::{
    error::{Error, Result},
    http::visit::Visit,
    pending::{Bounds, Challenge, Kept as KeptChallenge, Pending},
    random,
    store::{self, clients::ClientAndPool},
};

/// The maximum length of a cookie, in bytes.
const LONGEST_COOKIE: usize = 1536;
/// The maximum number of steps of one browser. The cookies of older ones are removed.
const STEPS: usize = 4;

/// What a cookie says about its step.
#[derive(Serialize, Deserialize)]
enum Kept<P> {
    /// What the page shows.
    Here(P),
    /// What the page shows is in the database.
    Row,
    /// The step was answered. The person is now at this address.
    Answered(Address),
}

/// What a page shows, and the notice above its form.
#[derive(Serialize, Deserialize)]
pub struct Step<T> {
    pub shows: T,
    pub notice: Notice,
}

impl<T> Step<T> {
    /// The status of the page. If the page says what was wrong with a form, it is an error, because browsers then do not
    /// offer to save the password of that form.
    pub fn status(&self) -> u16 {
        if self.notice.is_problem() { 400 } else { 200 }
    }
}

/// An address of the pages: a path, and what differs in the query from that of the present address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    path: String,
    more: Vec<(String, String)>,
}

impl Address {
    /// The address with this path and these parameters, which replace those of the present address.
    pub fn new(path: impl Into<String>, more: &[(&str, &str)]) -> Self {
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { path: path.into(), more }
    }

    fn of(&self, visit: &Visit) -> String {
        let more: Vec<_> = self.more.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let replaced: Vec<_> = more.iter().map(|(name, _)| *name).chain(["done", "gone"]).collect();
        format!("{}?{}", self.path, visit.query.text(&replaced, &more))
    }
}

/// Returns what the step at the visit's address shows. `Err` is the response that leads to where the person is now, if
/// the step was answered, has expired or is another browser's. `None` means that the address has no step.
pub async fn current<T: DeserializeOwned>(
    visit: &Visit,
    named: &ClientAndPool,
) -> Result<Option<Result<Step<T>, HttpResponse>>> {
    let Some(id) = visit.step else { return Ok(None) };
    let step = match opened::<Step<T>>(visit, named, id) {
        Some(Kept::Here(step)) => Some(step),
        Some(Kept::Answered(address)) => return Ok(Some(Err(super::found(&address.of(visit))))),
        Some(Kept::Row) => of_row(visit, named, id).await?,
        None => None,
    };
    if let Some(step) = step {
        return Ok(Some(Ok(step)));
    }
    // Whoever is signed in goes on from the sign-in page.
    let is_signed_in = cookies::browser(visit, &named.pool.id).await?.is_some();
    let path = if is_signed_in { "/login" } else { &visit.path };
    Ok(Some(Err(super::found(&Address::new(path, &[]).of(visit)))))
}

async fn of_row<T: DeserializeOwned>(visit: &Visit, named: &ClientAndPool, id: Uuid) -> Result<Option<Step<T>>> {
    let Some(row) = store::challenges::find(&visit.app.db, &named.pool.id, id).await? else { return Ok(None) };
    let Pending::PageStep { page } = &row.state else { return Ok(None) };
    Ok(open(visit, named, id, page))
}

/// Where a page is kept that is too long for a cookie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Long {
    /// In the database. This is for what the server itself makes, after it has counted the sign-in against its limits.
    InDatabase,
    /// Nowhere: the form is refused. No page makes such a form, and a stranger must not fill the database.
    Refused,
}

/// Redirects the browser to a page of its own that shows this, as the response to a form. `path` is that of the page's
/// first address, and `lifetime` says how long the page can be shown.
pub async fn show<T: Serialize + Sync>(
    visit: &Visit,
    named: &ClientAndPool,
    path: &str,
    step: &Step<T>,
    (lifetime, long): (::time::Duration, Long),
) -> Result<HttpResponse> {
    let id = random::uuid();
    let until = visit.app.clock.now() + lifetime;
    let mut sealed = seal(visit, named, id, &Kept::Here(step), until)?;
    if sealed.len() > LONGEST_COOKIE {
        if long == Long::Refused {
            return Err(broken_form());
        }
        let page = seal(visit, named, id, step, until)?;
        let row = Challenge {
            id,
            client_id: named.client.id.clone(),
            sub: None,
            state: Pending::PageStep { page },
            bounds: Bounds { pages: true, decoy: None },
            expires_at: until,
            kept: KeptChallenge::Row,
        };
        store::challenges::insert(&visit.app.db, &named.pool.id, &row, visit.app.clock.now()).await?;
        sealed = seal(visit, named, id, &Kept::<()>::Row, until)?;
    }
    let step_path = format!("{path}/{id}");
    let mut response = leave(visit, named, &Address::new(&*step_path, &[]))?;
    put(visit, &mut response, &step_path, sealed)?;
    remember(visit, &mut response, &step_path)?;
    Ok(response)
}

/// Redirects the browser to another page, as the response to a form. From now on, the address of the form's step leads
/// there, too.
pub fn leave(visit: &Visit, named: &ClientAndPool, to: &Address) -> Result<HttpResponse> {
    let mut response = see_other(&to.of(visit));
    if let Some(id) = visit.step {
        let until = visit.app.clock.now() + ::time::Duration::DAY;
        let sealed = seal(visit, named, id, &Kept::<()>::Answered(to.clone()), until)?;
        if sealed.len() <= LONGEST_COOKIE {
            put(visit, &mut response, &format!("{}/{id}", visit.path), sealed)?;
        }
    }
    Ok(response)
}

/// Returns where the forms of a page are sent to: to the page's address, or to that of its step. `address` is the page's
/// own, with a query.
pub fn action(visit: &Visit, address: &str) -> String {
    match (visit.step, address.split_once('?')) {
        (Some(id), Some((path, query))) => format!("{path}/{id}?{query}"),
        _ => address.to_owned(),
    }
}

/// Returns where the person is now, if the form's step was answered before: in a copy of the tab, for example.
pub fn answered(visit: &Visit, named: &ClientAndPool) -> Option<HttpResponse> {
    match opened::<IgnoredAny>(visit, named, visit.step?)? {
        Kept::Answered(address) => Some(see_other(&address.of(visit))),
        Kept::Here(_) | Kept::Row => None,
    }
}

/// What a value is sealed for: one step of one page, pool, client and browser. A sign-in replaces the browser's form
/// secret, so it ends the steps of all tabs.
fn context(visit: &Visit, named: &ClientAndPool, id: Uuid) -> String {
    let browser = visit.context.browser.as_deref().unwrap_or_default();
    format!("page step {} {} {id} {browser}", named.pool.id, named.client.id)
}

fn seal<T: Serialize>(
    visit: &Visit,
    named: &ClientAndPool,
    id: Uuid,
    value: &T,
    until: ::time::OffsetDateTime,
) -> Result<String> {
    let plain = serde_json::to_vec(&(until.unix_timestamp(), value)).map_err(Error::internal)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(visit.app.seal_for_strangers(&context(visit, named, id), &plain)))
}

fn open<T: DeserializeOwned>(visit: &Visit, named: &ClientAndPool, id: Uuid, sealed: &str) -> Option<T> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let plain = visit.app.sealing.open_any(&context(visit, named, id), &sealed).ok()?;
    let (until, value): (i64, T) = serde_json::from_slice(&plain).ok()?;
    (visit.app.clock.now().unix_timestamp() < until).then_some(value)
}

fn opened<T: DeserializeOwned>(visit: &Visit, named: &ClientAndPool, id: Uuid) -> Option<Kept<T>> {
    open(visit, named, id, visit.cookie(name(visit))?)
}

/// The name of the cookies of steps. The prefix `__Host-` is not possible, because their path is not `/`.
fn name(visit: &Visit) -> &'static str {
    if cookies::is_secure(visit) { "__Secure-keystead-step" } else { "keystead-step" }
}

fn put(visit: &Visit, response: &mut HttpResponse, path: &str, value: String) -> Result<()> {
    let gone = value.is_empty();
    let mut cookie = Cookie::build(name(visit), value)
        .path(path.to_owned())
        .http_only(true)
        .secure(cookies::is_secure(visit))
        .same_site(SameSite::Lax)
        .finish();
    cookie.set_max_age(if gone { time::Duration::ZERO } else { time::Duration::DAY });
    cookies::put(response, &cookie)
}

/// Adds a step to the browser's list of steps, and removes the cookies of the oldest ones.
fn remember(visit: &Visit, response: &mut HttpResponse, path: &str) -> Result<()> {
    let is_step = |path: &&str| {
        let id = path.rsplit_once('/').map(|(page, id)| (PAGES.contains(&page), Uuid::try_parse(id).is_ok()));
        id == Some((true, true))
    };
    let list = visit.cookie(&cookies::name(visit, "steps")).unwrap_or_default();
    let mut steps: Vec<_> = list.split('.').filter(is_step).take(2 * STEPS).collect();
    steps.push(path);
    for old in steps.drain(..steps.len().saturating_sub(STEPS)) {
        put(visit, response, old, String::new())?;
    }
    cookies::put(response, &cookies::cookie(visit, cookies::name(visit, "steps"), steps.join(".")))
}

/// The pages that have steps.
const PAGES: [&str; 4] = ["/login", "/signup", "/forgot", "/account"];
