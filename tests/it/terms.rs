//! Documents with terms: what is given back, and the links on the sign-up page.

use serde_json::{Value, json};

use crate::support::{Browser, TestServer, client, pages_client, pool};

async fn call(server: &TestServer, operation: &str, mut input: Value) -> crate::support::Answer {
    input["UserPoolId"] = json!(pool());
    server.operator(operation, input).await
}

fn document(client_id: &str, name: &str, links: Value) -> Value {
    json!({"ClientId": client_id, "TermsName": name, "TermsSource": "LINK", "Enforcement": "NONE", "Links": links})
}

#[tokio::test]
async fn documents_are_given_back() {
    let server = TestServer::start().await;
    let links = json!({"cognito:default": "https://example.com/terms", "cognito:german": "https://example.com/agb"});
    let create = document(client(), "terms-of-use", links);
    let made = call(&server, "CreateTerms", create.clone()).await.ok()["Terms"].clone();
    for member in ["ClientId", "TermsName", "TermsSource", "Enforcement", "Links"] {
        assert_eq!(made[member], create[member], "{member}");
    }
    assert_eq!(call(&server, "CreateTerms", create).await.outcome(), "TermsExistsException");
    let id = json!({"TermsId": made["TermsId"]});
    assert_eq!(call(&server, "DescribeTerms", id.clone()).await.ok()["Terms"], made);
    let by_client = json!({"ClientId": client(), "TermsName": "terms-of-use"});
    assert_eq!(call(&server, "DescribeTermsByClient", by_client.clone()).await.ok()["Terms"], made);
    let privacy = json!({"ClientId": client(), "TermsName": "privacy-policy"});
    assert_eq!(call(&server, "DescribeTermsByClient", privacy).await.outcome(), "ResourceNotFoundException");
    // An update keeps what it leaves out, and replaces the links as a whole.
    let update = json!({"TermsId": made["TermsId"], "Links": {"cognito:french": "https://example.com/cgu"}});
    let changed = call(&server, "UpdateTerms", update).await.ok()["Terms"].clone();
    assert_eq!(changed["Links"], json!({"cognito:french": "https://example.com/cgu"}));
    assert_eq!((&changed["TermsName"], &changed["TermsId"]), (&made["TermsName"], &made["TermsId"]));
    // A name that the client has is refused.
    let links = json!({"cognito:default": "https://example.com/privacy"});
    let other = call(&server, "CreateTerms", document(client(), "privacy-policy", links)).await.ok();
    let rename = json!({"TermsId": other["Terms"]["TermsId"], "TermsName": "terms-of-use"});
    assert_eq!(call(&server, "UpdateTerms", rename).await.outcome(), "TermsExistsException");
    // The list has pages.
    let first = call(&server, "ListTerms", json!({"MaxResults": 1})).await.ok();
    let second = call(&server, "ListTerms", json!({"MaxResults": 1, "NextToken": first["NextToken"]})).await.ok();
    let mut names = [&first, &second].map(|page| page["Terms"][0]["TermsName"].as_str().unwrap().to_owned());
    names.sort();
    assert_eq!(names, ["privacy-policy", "terms-of-use"]);
    assert!(second.get("NextToken").is_none());
    assert_eq!(call(&server, "DeleteTerms", id.clone()).await.text, "");
    for operation in ["DeleteTerms", "DescribeTerms", "UpdateTerms"] {
        assert_eq!(call(&server, operation, id.clone()).await.outcome(), "ResourceNotFoundException", "{operation}");
    }
    let unknown = document("nobody", "terms-of-use", json!({"cognito:default": "https://example.com"}));
    assert_eq!(call(&server, "CreateTerms", unknown).await.outcome(), "ResourceNotFoundException");
}

#[tokio::test]
async fn one_of_two_documents_that_take_a_name_at_once_is_refused() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let links = json!({"cognito:default": "https://example.com"});
    for _ in 0..20 {
        let privacy = document(client(), "privacy-policy", links.clone());
        let id = call(&server, "CreateTerms", privacy).await.ok()["Terms"]["TermsId"].clone();
        let (made, renamed) = tokio::join!(
            call(&server, "CreateTerms", document(client(), "terms-of-use", links.clone())),
            call(&other, "UpdateTerms", json!({"TermsId": id, "TermsName": "terms-of-use"}))
        );
        let mut outcomes = [made.outcome(), renamed.outcome()];
        outcomes.sort();
        assert_eq!(outcomes, ["OK", "TermsExistsException"]);
        server.sql("DELETE FROM page_settings").await;
    }
}

#[tokio::test]
async fn links_that_could_run_scripts_and_unknown_languages_are_refused() {
    let server = TestServer::start().await;
    for links in [
        json!({"cognito:default": "javascript:alert(1)"}),
        json!({"cognito:default": "/terms"}),
        json!({"cognito:default": "data:text/html,x"}),
        json!({"cognito:klingon": "https://example.com"}),
        json!({"english": "https://example.com"}),
    ] {
        let refusal = call(&server, "CreateTerms", document(client(), "terms-of-use", links.clone())).await.refused();
        assert!(refusal.starts_with("400 InvalidParameterException: Links: "), "{links}: {refusal}");
    }
    assert_eq!(server.count("page_settings").await, 0);
}

#[tokio::test]
async fn the_sign_up_page_links_to_both_documents_in_its_language() {
    let server = TestServer::start().await;
    let page = async |language: &str| {
        let path = format!("/signup?client_id={}&lang={language}", pages_client());
        Browser::new(&server).get(&path).await.text
    };
    let links =
        json!({"cognito:default": "https://example.com/terms?a=1&b=2", "cognito:german": "https://example.com/agb"});
    call(&server, "CreateTerms", document(pages_client(), "terms-of-use", links)).await.ok();
    // One document is not enough.
    assert!(!page("en").await.contains("https://example.com"));
    let links = json!({"cognito:default": "https://example.com/privacy"});
    call(&server, "CreateTerms", document(pages_client(), "privacy-policy", links)).await.ok();
    let english = page("en").await;
    let terms = "<a href=\"https://example.com/terms?a=1&#38;b=2\" target=\"_blank\" rel=\"noopener noreferrer\">Terms of use</a>";
    assert!(english.contains(terms), "{english}");
    assert!(
        english
            .contains("https://example.com/privacy\" target=\"_blank\" rel=\"noopener noreferrer\">Privacy policy</a>")
    );
    let german = page("de").await;
    assert!(german.contains("https://example.com/agb\"") && german.contains(">Nutzungsbedingungen</a>"), "{german}");
    assert!(german.contains("https://example.com/privacy\""));
}
