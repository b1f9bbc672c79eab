//! Functions that a pool's triggers call: a web server that checks every signature and answers as a test says.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::hmac;
use keystead::sealing::hex;
use serde_json::{Value, json};

use super::server::TestServer;

const SECRET: &str = "the secret of the triggers";

/// What a function does.
#[derive(Clone)]
pub enum Reply {
    /// Gives the event back with this response.
    Response(Value),
    /// Throws, with this text.
    Throw(&'static str),
    /// Status and body.
    Raw(u16, &'static str),
    /// Never answers.
    Hang,
}

type Function = Arc<dyn Fn(&Value) -> Reply + Send + Sync>;

/// The functions, and the events that they got.
#[derive(Clone, Default)]
pub struct Functions {
    functions: Arc<Mutex<HashMap<String, Function>>>,
    events: Arc<Mutex<Vec<(String, Value)>>>,
    ids: Arc<Mutex<HashSet<String>>>,
}

impl Functions {
    /// A server whose triggers call these functions.
    pub async fn start(args: &[&str]) -> (TestServer, Self) {
        let (own, settings) = Self::listen();
        let all: Vec<&str> = settings.iter().map(String::as_str).chain(args.iter().copied()).collect();
        (TestServer::with(&all).await, own)
    }

    /// Functions that listen, and the settings of a server that calls them.
    pub fn listen() -> (Self, [String; 2]) {
        let own = Self::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/functions/{{function}}/invocations", listener.local_addr().unwrap());
        let data = web::Data::new(own.clone());
        let app =
            move || App::new().app_data(data.clone()).route("/functions/{name}/invocations", web::post().to(answer));
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
        tokio::spawn(server);
        (own, [format!("--trigger-url={url}"), format!("--trigger-secret={SECRET}")])
    }

    /// Says what a function does from now on.
    pub fn on(&self, name: &str, function: impl Fn(&Value) -> Reply + Send + Sync + 'static) {
        self.functions.lock().unwrap().insert(name.to_owned(), Arc::new(function));
    }

    /// The events that a function got so far.
    pub fn events(&self, name: &str) -> Vec<Value> {
        let events = self.events.lock().unwrap();
        events.iter().filter(|(function, _)| function == name).map(|(_, event)| event.clone()).collect()
    }
}

/// The ARN of a function.
pub fn arn(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:{name}")
}

async fn answer(
    functions: web::Data<Functions>,
    request: HttpRequest,
    name: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
    let id = header("x-keystead-id");
    let signed = [id.as_bytes(), b".", header("x-keystead-timestamp").as_bytes(), b".", &body].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let expected = format!("v1={}", hex(hmac::sign(&key, &signed).as_ref()));
    // What came before is a replay.
    if header("x-keystead-signature") != expected || !functions.ids.lock().unwrap().insert(id) {
        return HttpResponse::Forbidden().finish();
    }
    let mut event: Value = serde_json::from_slice(&body).unwrap();
    functions.events.lock().unwrap().push((name.clone(), event.clone()));
    let function = functions.functions.lock().unwrap().get(name.as_str()).cloned();
    match function.map(|function| function(&event)) {
        None => HttpResponse::NotFound().finish(),
        Some(Reply::Response(response)) => {
            event["response"] = response;
            HttpResponse::Ok().json(event)
        }
        Some(Reply::Throw(text)) => HttpResponse::Ok()
            .insert_header(("x-amz-function-error", "Unhandled"))
            .json(json!({"errorMessage": text, "errorType": "Error"})),
        Some(Reply::Raw(status, body)) => {
            HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).body(body)
        }
        Some(Reply::Hang) => std::future::pending().await,
    }
}
