//! A browser without a script: keeps cookies, sends forms, and follows nothing by itself but the way from a form to the
//! page that it leads to.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};

use super::{CALLBACK, PASSWORD, TestServer, pages_client};

/// What a page or an endpoint answered.
#[derive(Debug, Clone)]
pub struct Shown {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    location: String,
}

impl Shown {
    /// Where the browser is sent: by a redirect, or by a page that goes on by itself.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// A parameter of where the browser is sent, in the query or the fragment.
    #[track_caller]
    pub fn sent(&self, name: &str) -> Option<String> {
        let url =
            url::Url::parse(self.location()).unwrap_or_else(|_| panic!("no redirect: {} {}", self.status, self.text));
        let fragment = url.fragment().unwrap_or_default().to_owned();
        let pairs = url.query_pairs().into_owned().chain(url::form_urlencoded::parse(fragment.as_bytes()).into_owned());
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The page's heading.
    #[track_caller]
    pub fn heading(&self) -> String {
        let heading = self.text.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next());
        unescaped(heading.unwrap_or_else(|| panic!("no page: {} {}", self.status, self.text)))
    }

    /// What is said above the form.
    pub fn notice(&self) -> String {
        let notice = self
            .text
            .split("class=\"notice ")
            .find(|part| part.starts_with("problem\" role=\"alert\" id") || part.starts_with("good"));
        unescaped(notice.and_then(|rest| rest.split('>').nth(1)?.split('<').next()).unwrap_or_default())
    }

    /// Where a form goes, and its hidden fields. `step`: the one of this step.
    #[track_caller]
    pub fn form(&self, step: &str) -> (String, BTreeMap<String, String>) {
        let wanted = format!("value=\"{step}\"");
        let form =
            self.text.split("<form").skip(1).find(|form| form.split("</form>").next().unwrap().contains(&wanted));
        let form = form.unwrap_or_else(|| panic!("no form for {step}: {} {}", self.status, self.text));
        let form = form.split("</form>").next().unwrap();
        let action = attribute(form, "action").expect("an action");
        let inputs = form.split("<input").skip(1).map(|input| input.split('>').next().unwrap());
        let carried = inputs.filter(|input| input.contains("type=\"hidden\"") || input.contains("class=\"off\""));
        let fields =
            carried.map(|input| (attribute(input, "name").unwrap(), attribute(input, "value").unwrap_or_default()));
        let mut fields: BTreeMap<_, _> = fields.collect();
        fields.insert("step".into(), step.into());
        (action, fields)
    }

    /// The parameters of an authorization's redirect, as JSON is easier to compare.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text))
    }
}

/// Whether an address is that of a step of the pages.
pub fn is_step(address: &str) -> bool {
    let path = address.split('?').next().unwrap();
    path.starts_with('/') && path.rsplit('/').next().is_some_and(|id| uuid::Uuid::try_parse(id).is_ok())
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(unescaped(value))
}

fn unescaped(text: &str) -> String {
    let entities = [
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&lt;", "<"),
        ("&#62;", ">"),
        ("&gt;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

/// A browser.
#[derive(Clone)]
pub struct Browser {
    pub url: String,
    pub cookies: BTreeMap<String, String>,
    /// The cookies that are sent to one path only, by path and name.
    pub path_cookies: BTreeMap<(String, String), String>,
    pub headers: Vec<(&'static str, String)>,
    /// The address of the page that is shown.
    pub at: String,
    /// All addresses that were asked for.
    pub visited: Vec<String>,
    http: reqwest::Client,
}

impl Browser {
    pub fn new(server: &TestServer) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self {
            url: server.url.clone(),
            cookies: BTreeMap::new(),
            path_cookies: BTreeMap::new(),
            headers: Vec::new(),
            at: String::new(),
            visited: Vec::new(),
            http,
        }
    }

    async fn send(&mut self, address: &str, mut request: reqwest::RequestBuilder) -> Shown {
        self.visited.push(address.to_owned());
        let path = address.split('?').next().unwrap();
        let here = self.path_cookies.iter().filter(|((one, _), _)| one == path);
        let here = here.map(|((_, name), value)| (name, value));
        let cookies: Vec<_> = self.cookies.iter().chain(here).map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; ").into_bytes());
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let mut parts = rest.split(';').map(str::trim);
            let value = parts.next().unwrap();
            let path = parts.find_map(|part| part.strip_prefix("Path=")).unwrap_or("/");
            if path != "/" {
                let key = (path.to_owned(), name.to_owned());
                match value.is_empty() {
                    true => self.path_cookies.remove(&key),
                    false => self.path_cookies.insert(key, value.to_owned()),
                };
                continue;
            }
            match value.is_empty() {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        let text = answer.text().await.unwrap();
        let refresh = text.split("<meta http-equiv=\"refresh\" content=\"0;url=").nth(1);
        let location = match headers.get(LOCATION) {
            Some(location) => location.to_str().unwrap().to_owned(),
            None => unescaped(refresh.map_or("", |rest| rest.split('"').next().unwrap())),
        };
        Shown { status, headers, text, location }
    }

    /// An address of the server, or one that it sent the browser to.
    pub async fn get(&mut self, address: &str) -> Shown {
        self.at = address.to_owned();
        let request = self.http.get(format!("{}{}", self.url, address));
        self.send(address, request).await
    }

    /// Any form, and the page of the step that it leads to.
    pub async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Shown {
        let mut shown = self.post_only(address, fields).await;
        while is_step(shown.location()) {
            let address = shown.location().to_owned();
            shown = self.get(&address).await;
        }
        shown
    }

    /// Any form, and the answer to it alone.
    pub async fn post_only(&mut self, address: &str, fields: &[(&str, &str)]) -> Shown {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(format!("{}{}", self.url, address));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        self.send(address, request).await
    }

    /// Exchanges a code as the client of the pages does, without PKCE.
    pub async fn exchange(&mut self, code: &str) -> Shown {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", pages_client()),
            ("redirect_uri", CALLBACK),
            ("code", code),
        ];
        self.post("/oauth2/token", &fields).await
    }

    /// The form of a step on a page, with what a person enters.
    pub async fn submit(&mut self, page: &Shown, step: &str, entered: &[(&str, &str)]) -> Shown {
        let (action, mut fields) = page.form(step);
        fields.extend(entered.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&action, &fields).await
    }

    /// Goes where the answer leads, as long as it is on this server.
    pub async fn follow(&mut self, mut shown: Shown) -> Shown {
        while shown.location().starts_with('/') {
            let address = shown.location().to_owned();
            shown = self.get(&address).await;
        }
        shown
    }

    /// Signs in by name and password from this address; what comes of it.
    pub async fn sign_in(&mut self, address: &str, username: &str) -> Shown {
        let first = self.get(address).await;
        let page = self.follow(first).await;
        let page = self.submit(&page, "name", &[("username", username)]).await;
        self.submit(&page, "password", &[("password", PASSWORD)]).await
    }
}
