//! What a visit to the sign-in pages is for, and where it ends.

use std::sync::Arc;

use actix_web::HttpResponse;

use super::{PageLayout, cookies, leave};
use crate::{
    error::{Error, Result},
    flows::{
        oauth::authorization::{self, Authorization, Fault, Prompt},
        sessions::browser::{self, Browser, NewBrowser},
    },
    http::visit::Visit,
    store::clients::ClientAndPool,
};

/// What a visit is for.
pub enum PagePurpose {
    /// An application's authorization request.
    Authorization(Box<Authorization>),
    /// A return to the application at this URI, without an authorization request.
    Return(Arc<ClientAndPool>, String),
    /// The person's account page.
    Account(Arc<ClientAndPool>),
}

impl PagePurpose {
    /// Reads the purpose of a visit from its address. Returns the response to the visit if the purpose is missing or
    /// invalid.
    pub async fn of(visit: &Visit) -> Result<Result<Self, HttpResponse>> {
        let query = &visit.query;
        let asks = query.get("response_type").is_some() || query.get("redirect_uri").is_some();
        // A visit that adds a passkey, or signs in for that, may have a `redirect_uri` without being an authorization
        // request.
        let adds = visit.path == "/passkeys/add" || query.get("then") == Some("add");
        let named = match super::client_of(visit).await? {
            Ok(named) => named,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let found = if asks && (query.get("response_type").is_some() || !adds) {
            authorization::check(&visit.app, named, query).await.map(|asked| Self::Authorization(Box::new(asked)))
        } else {
            Self::of_client(visit, named)
        };
        match found {
            Ok(purpose) => Ok(Ok(purpose)),
            Err(fault) => super::faulty(visit, fault).map(Err),
        }
    }

    fn of_client(visit: &Visit, named: Arc<ClientAndPool>) -> Result<Self, Fault> {
        if !authorization::has_pages(&named) {
            let texts = PageLayout::new(visit, None).texts;
            return Err(Fault::Shown(texts.say("error-no-pages").into_owned()));
        }
        match visit.query.get("redirect_uri") {
            None => Ok(Self::Account(named)),
            Some(uri) if named.client.settings.has_callback(uri) => {
                let uri = uri.to_owned();
                Ok(Self::Return(named, uri))
            }
            Some(_) => Err(Fault::Shown("The redirect_uri is not one of the app client's callback URLs.".into())),
        }
    }

    /// The app client and its pool.
    pub fn named(&self) -> &Arc<ClientAndPool> {
        match self {
            Self::Authorization(asked) => &asked.named,
            Self::Return(named, _) | Self::Account(named) => named,
        }
    }

    pub fn frame(&self, visit: &Visit) -> PageLayout {
        PageLayout::new(visit, Some(&self.named().pool))
    }

    /// Returns the prompt that the application requested.
    pub fn prompt(&self) -> Prompt {
        match self {
            Self::Authorization(asked) => asked.prompt,
            Self::Return(..) | Self::Account(_) => Prompt::Default,
        }
    }

    /// Whether a signed-in browser may continue to the visit's target without signing in again.
    pub fn is_satisfied_by(&self, visit: &Visit, browser: &Browser) -> bool {
        let fresh_enough = visit.query.get("fresh").is_none();
        match self {
            Self::Authorization(asked) => fresh_enough && asked.may_reuse(&visit.app, browser),
            Self::Return(..) | Self::Account(_) => fresh_enough && browser.is_recent(&visit.app),
        }
    }

    /// Whether the browser's sign-in was made for this visit: through its app client, and no longer ago than a sign-in
    /// may take. Then it is not used a second time.
    pub fn is_just_made(&self, visit: &Visit, browser: &Browser) -> bool {
        let client = &self.named().client;
        let own =
            browser.session.client_id == client.id && browser.age(&visit.app) < client.settings.session_lifetime();
        let satisfied = match self {
            Self::Authorization(asked) => asked.is_satisfied_by(&visit.app, browser),
            Self::Return(..) | Self::Account(_) => true,
        };
        own && satisfied && visit.query.get("fresh").is_none() && self.prompt() != Prompt::Login
    }

    /// Like [`Self::is_satisfied_by`], for a person who has seen a page. If the application always demands a new
    /// sign-in (`prompt=login`), the result is `false`.
    pub fn may_go_on(&self, visit: &Visit, browser: &Browser) -> bool {
        self.prompt() != Prompt::Login && self.is_satisfied_by(visit, browser)
    }

    /// Answers a form whose token is old, if the person has signed in in another tab meanwhile: sends the browser to the
    /// visit's target, as opening the sign-in page would.
    pub async fn signed_in_elsewhere(&self, visit: &Visit) -> Result<Option<HttpResponse>> {
        match cookies::browser(visit, &self.named().pool.id).await? {
            Some(browser) if self.may_go_on(visit, &browser) => Ok(Some(self.go_on(visit, &browser).await)),
            _ => Ok(None),
        }
    }

    /// Sends a signed-in browser to the visit's target.
    pub async fn go_on(&self, visit: &Visit, browser: &Browser) -> HttpResponse {
        match self {
            Self::Authorization(asked) => match asked.grant(&visit.app, &visit.context, browser).await {
                Some(address) => leave::to_application(visit, &self.named().pool, &address),
                // The browser was signed out meanwhile.
                None => super::see_other(&format!("/login?{}", visit.query.text(&[], &[]))),
            },
            Self::Return(named, uri) => leave::to_application(visit, &named.pool, uri),
            Self::Account(_) => {
                // One of these parameters names the action for which the account page demanded a fresh sign-in.
                let asked = ["ask", "change"].into_iter().find_map(|name| Some((name, visit.query.given(name)?)));
                super::see_other(&account_path(visit, asked.as_slice()))
            }
        }
    }

    /// Like [`Self::go_on`], for a browser that has just signed in.
    ///
    /// The browser stays signed in even if the application is then told about a failure. If a person was signed in
    /// before in the same browser, that session ends.
    pub async fn enter(&self, visit: &Visit, new: &NewBrowser, next: Option<&str>) -> Result<HttpResponse> {
        let pool_id = &self.named().pool.id;
        if let Some(before) = cookies::browser(visit, pool_id).await? {
            browser::end(&visit.app, &visit.context, pool_id, &before.session).await?;
        }
        let mut response = match next {
            Some(path) => super::see_other(path),
            None => self.go_on(visit, &new.browser).await,
        };
        cookies::remember(visit, pool_id, new, &mut response)?;
        Ok(response)
    }
}

/// Returns the account page's address with the parameters `client_id` and `lang` of the visit and with those in `more`.
pub fn account_path(visit: &Visit, more: &[(&str, &str)]) -> String {
    let kept = ["client_id", "lang"].into_iter().filter_map(|name| Some((name, visit.query.given(name)?)));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept).extend_pairs(more);
    format!("/account?{}", query.finish())
}

/// Returns the address for adding a passkey, if that was the reason for the sign-in.
pub fn back_to_adding(visit: &Visit) -> Option<String> {
    (visit.query.get("then") == Some("add"))
        .then(|| format!("/passkeys/add?{}", visit.query.text(&["then", "fresh", "prompt", "max_age"], &[])))
}

/// Returns the error for a form that none of our pages can have sent.
pub fn broken_form() -> Error {
    Error::InvalidParameter("the form is not whole".into())
}
