//! CORS headers as Amazon Cognito's endpoint sends them (docs/cognito.md 1.4): any origin, no credentials.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    },
};

use crate::random;

const EXPOSED: &str = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date";

/// Adds the headers that let a page of another origin read the response.
pub fn allow(request: &HttpRequest, response: &mut HttpResponseBuilder) {
    if request.headers().contains_key(ORIGIN) {
        response.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
        response.insert_header((ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED));
    }
}

/// Answers a preflight request.
pub async fn preflight(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header(("x-amzn-RequestId", random::uuid().to_string()));
    allow(&request, &mut response);
    if let Some(headers) = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS) {
        response.insert_header((ACCESS_CONTROL_ALLOW_HEADERS, headers.clone()));
    }
    if let Some(method) = request.headers().get(ACCESS_CONTROL_REQUEST_METHOD) {
        response.insert_header((ACCESS_CONTROL_ALLOW_METHODS, method.clone()));
    }
    response.insert_header((ACCESS_CONTROL_MAX_AGE, "172800"));
    response.finish()
}
