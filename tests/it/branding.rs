//! UI customizations and styles of managed login: what is given back, and what the pages show of it.

use base64::{Engine, prelude::*};
use serde_json::{Value, json};

use crate::support::{Browser, CALLBACK, TestServer, client, pages_client, pool};

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><circle r=\"4\"/></svg>";

fn logo() -> String {
    BASE64_STANDARD.encode(LOGO)
}

/// A style as the branding designer exports it, cut short.
fn settings() -> Value {
    json!({"categories": {"global": {"colorSchemeMode": "DYNAMIC"}},
        "components": {
            "pageBackground": {"lightMode": {"color": "fff8e1ff"}, "darkMode": {"color": "101010ff"}},
            "primaryButton": {"lightMode": {"defaults": {"backgroundColor": "0B6E4Fff", "textColor": "ffffffff"}},
                "darkMode": {"defaults": {"backgroundColor": "99ddbbff", "textColor": "000000ff"}}}}})
}

fn asset(category: &str, bytes: &str) -> Value {
    json!({"Category": category, "ColorMode": "LIGHT", "Extension": "SVG", "Bytes": bytes})
}

async fn sign_in_page(server: &TestServer) -> String {
    Browser::new(server).get(&format!("/login?client_id={}", pages_client())).await.text
}

/// Gets the logo that a page shows.
async fn shown_logo(server: &TestServer, page: &str) -> (u16, String) {
    let source = page.split("<img src=\"").nth(1).unwrap().split('"').next().unwrap();
    let served = Browser::new(server).get(source).await;
    assert!(served.status != 200 || served.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    (served.status, served.text)
}

async fn set(server: &TestServer, client_id: &str, mut members: Value) -> Value {
    members["UserPoolId"] = json!(pool());
    members["ClientId"] = json!(client_id);
    server.operator("SetUICustomization", members).await.ok()["UICustomization"].clone()
}

async fn get(server: &TestServer, client_id: &str) -> Value {
    let input = json!({"UserPoolId": pool(), "ClientId": client_id});
    server.operator("GetUICustomization", input).await.ok()["UICustomization"].clone()
}

#[tokio::test]
async fn a_ui_customization_is_that_of_the_client_or_else_of_all() {
    let server = TestServer::start().await;
    let css = ".label-customizable {font-weight: 400;}";
    assert_eq!(get(&server, pages_client()).await, json!({}));
    let all = set(&server, "ALL", json!({"CSS": css})).await;
    assert_eq!((&all["CSS"], &all["ClientId"], &all["UserPoolId"]), (&json!(css), &json!("ALL"), &json!(pool())));
    assert!(all["CSSVersion"].is_string() && all["CreationDate"].is_number() && all.get("ImageUrl").is_none());
    assert_eq!(get(&server, pages_client()).await, all);
    // `ClientId` may be left out.
    let told = server.operator("GetUICustomization", json!({"UserPoolId": pool()})).await.ok();
    assert_eq!(told["UICustomization"], all);
    let own = set(&server, pages_client(), json!({"ImageFile": logo()})).await;
    assert!(own["ImageUrl"].as_str().unwrap().starts_with("http://localhost:9229/assets/logo/"), "{own}");
    assert!(own.get("CSS").is_none(), "{own}");
    assert_eq!(get(&server, pages_client()).await, own);
    assert_eq!(get(&server, client()).await, all);
    // An unchanged customization keeps its dates.
    server.clock.advance(time::Duration::minutes(1));
    assert_eq!(set(&server, pages_client(), json!({"ImageFile": logo()})).await, own);
    // Without style sheet and image, as Terraform deletes it.
    assert_eq!(set(&server, pages_client(), json!({})).await, json!({}));
    assert_eq!(get(&server, pages_client()).await, all);
    let refused = async |client_id: &str, image: &str| {
        let input = json!({"UserPoolId": pool(), "ClientId": client_id, "ImageFile": image});
        server.operator("SetUICustomization", input).await.refused()
    };
    let unknown = refused("nobody", &logo()).await;
    assert_eq!(unknown, "400 ResourceNotFoundException: User pool client nobody does not exist.");
    let large = BASE64_STANDARD.encode([&[0x89, b'P', b'N', b'G'][..], &[0; 131_072]].concat());
    for bad in ["%%%", &*BASE64_STANDARD.encode("<html>"), &*large] {
        assert!(refused("ALL", bad).await.starts_with("400 InvalidParameterException"), "{}", &bad[..3]);
    }
}

#[tokio::test]
async fn the_pages_show_the_colors_and_the_logo_of_a_ui_customization_and_no_other_css() {
    let server = TestServer::start().await;
    let css = ".submitButton-customizable { background-color: #0B6E4F; } body { display: none }
               .background-customizable { background-color: #fff8e1 } </style><script>alert(1)</script>";
    set(&server, "ALL", json!({"CSS": css, "ImageFile": logo()})).await;
    let page = sign_in_page(&server).await;
    assert!(page.contains(":root{--accent:#0b6e4f;--accent-ink:#fff;--page:#fff8e1;--link:#0b6e4f}"), "{page}");
    assert!(!page.contains("display: none") && !page.contains("alert(1)") && !page.contains("customizable"));
    assert_eq!(shown_logo(&server, &page).await, (200, LOGO.to_owned()));
    // The client's own wins, and the pool's name and colors of Keystead's own branding are what is left.
    let branding = json!({"DisplayName": "Shop", "AccentColor": "#aa0000"});
    server.operator("SetUserPoolBranding", json!({"UserPoolId": pool(), "Branding": branding})).await.ok();
    set(&server, pages_client(), json!({"CSS": ".background-customizable{background:#ffffff}"})).await;
    let page = sign_in_page(&server).await;
    assert!(page.contains(":root{--accent:#aa0000;--accent-ink:#fff;--page:#ffffff;--link:#aa0000}"), "{page}");
    assert!(page.contains(">Shop</span>") && !page.contains("<img"));
}

#[tokio::test]
async fn a_look_that_is_not_understood_keeps_nobody_from_signing_in_or_out() {
    let server = TestServer::start().await;
    set(&server, pages_client(), json!({"ImageFile": logo()})).await;
    // As a newer release might write it.
    server.sql("UPDATE page_settings SET look = '\"dark\"'").await;
    let page = sign_in_page(&server).await;
    assert!(page.contains("name=\"username\"") && !page.contains("<img"), "{page}");
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let account = format!("/account?client_id={}", pages_client());
    browser.sign_in(&account, "ada").await;
    assert_eq!(browser.get(&account).await.status, 200);
    let to = format!("/logout?client_id={}&response_type=code&redirect_uri={CALLBACK}", pages_client());
    assert_eq!(browser.get(&to).await.status, 302);
    assert!(browser.get(&account).await.location().starts_with("/login"));
}

#[tokio::test]
async fn a_style_is_given_back_and_an_update_keeps_what_it_leaves_out() {
    let server = TestServer::start().await;
    let call = async |operation: &str, mut input: Value| {
        input["UserPoolId"] = json!(pool());
        server.operator(operation, input).await
    };
    let create = json!({"ClientId": pages_client(), "Settings": settings(), "Assets": [asset("FORM_LOGO", &logo())]});
    let made = call("CreateManagedLoginBranding", create.clone()).await.ok()["ManagedLoginBranding"].clone();
    assert_eq!((&made["Settings"], &made["Assets"]), (&settings(), &json!([asset("FORM_LOGO", &logo())])));
    assert_eq!((&made["UseCognitoProvidedValues"], &made["UserPoolId"]), (&json!(false), &json!(pool())));
    let again = call("CreateManagedLoginBranding", create).await.outcome();
    assert_eq!(again, "ManagedLoginBrandingExistsException");
    let id = json!({"ManagedLoginBrandingId": made["ManagedLoginBrandingId"], "ReturnMergedResources": true});
    let told = call("DescribeManagedLoginBranding", id.clone()).await.ok();
    assert_eq!(told["ManagedLoginBranding"], made);
    let by_client = json!({"ClientId": pages_client(), "ReturnMergedResources": true});
    let told = call("DescribeManagedLoginBrandingByClient", by_client.clone()).await.ok();
    assert_eq!(told["ManagedLoginBranding"], made);
    let update = async |members: Value| {
        let mut input = json!({"ManagedLoginBrandingId": made["ManagedLoginBrandingId"]});
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        call("UpdateManagedLoginBranding", input).await
    };
    assert_eq!(update(json!({})).await.ok()["ManagedLoginBranding"], made);
    let mut icon = asset("FAVICON_SVG", &logo());
    icon["ResourceId"] = json!("the icon");
    let changed = update(json!({"Settings": {"components": {"pageBackground": {"lightMode": {"color": "ffffffff"}}}},
        "Assets": [icon]}));
    let changed = changed.await.ok()["ManagedLoginBranding"].clone();
    assert_eq!(changed["Settings"]["components"]["pageBackground"]["lightMode"]["color"], "ffffffff");
    assert_eq!(changed["Settings"]["components"]["primaryButton"], settings()["components"]["primaryButton"]);
    assert_eq!(changed["Assets"][1]["ResourceId"], "the icon");
    assert_eq!(changed["Assets"].as_array().unwrap().len(), 2);
    let provided = update(json!({"UseCognitoProvidedValues": true})).await.ok()["ManagedLoginBranding"].clone();
    assert!(provided["UseCognitoProvidedValues"] == true && provided.get("Settings").is_none(), "{provided}");
    for bad in [
        json!({"UseCognitoProvidedValues": true, "Settings": {}}),
        json!({"Settings": "a text"}),
        json!({"Assets": [asset("FORM_LOGO", "%%%")]}),
    ] {
        assert_eq!(update(bad.clone()).await.outcome(), "InvalidParameterException", "{bad}");
    }
    assert_eq!(call("DeleteManagedLoginBranding", id.clone()).await.text, "");
    for (operation, input) in [
        ("DeleteManagedLoginBranding", &id),
        ("DescribeManagedLoginBranding", &id),
        ("DescribeManagedLoginBrandingByClient", &by_client),
    ] {
        assert_eq!(call(operation, input.clone()).await.outcome(), "ResourceNotFoundException", "{operation}");
    }
}

#[tokio::test]
async fn the_pages_show_the_colors_and_the_logo_of_a_style() {
    let server = TestServer::start().await;
    // A style has precedence over a UI customization.
    set(&server, pages_client(), json!({"CSS": ".submitButton-customizable{background-color:red}"})).await;
    let create = json!({"UserPoolId": pool(), "ClientId": pages_client(), "Settings": settings(),
        "Assets": [asset("PAGE_HEADER_LOGO", &logo())]});
    let made = server.operator("CreateManagedLoginBranding", create).await.ok()["ManagedLoginBranding"].clone();
    let page = sign_in_page(&server).await;
    assert!(page.contains(":root{--accent:#0b6e4f;--accent-ink:#fff;--page:#fff8e1;--link:#0b6e4f}"), "{page}");
    let dark = "dark){:root{--accent:#99ddbb;--accent-ink:#000;--page:#101010;--link:#99ddbb}}";
    assert!(page.contains(dark), "{page}");
    assert_eq!(shown_logo(&server, &page).await, (200, LOGO.to_owned()));
    let id = &made["ManagedLoginBrandingId"];
    let hide = json!({"UserPoolId": pool(), "ManagedLoginBrandingId": id,
        "Settings": {"components": {"pageHeader": {"logo": {"enabled": false}}}}});
    server.operator("UpdateManagedLoginBranding", hide).await.ok();
    assert!(!sign_in_page(&server).await.contains("<img"));
    // Cognito's own values say nothing here, so the UI customization counts.
    let provided = json!({"UserPoolId": pool(), "ManagedLoginBrandingId": id, "UseCognitoProvidedValues": true});
    server.operator("UpdateManagedLoginBranding", provided).await.ok();
    assert!(sign_in_page(&server).await.contains("--accent:#ff0000;"));
}

#[tokio::test]
async fn a_deleted_client_takes_its_page_settings_along() {
    let server = TestServer::start().await;
    set(&server, "ALL", json!({"CSS": "a{}"})).await;
    set(&server, pages_client(), json!({"CSS": "a{}"})).await;
    let style = json!({"UserPoolId": pool(), "ClientId": pages_client(), "UseCognitoProvidedValues": true});
    server.operator("CreateManagedLoginBranding", style.clone()).await.ok();
    let input = json!({"UserPoolId": pool(), "ClientId": pages_client()});
    server.operator("DeleteUserPoolClient", input).await.ok();
    assert_eq!(server.count("page_settings").await, 1);
    assert_eq!(server.operator("CreateManagedLoginBranding", style).await.outcome(), "ResourceNotFoundException");
}

#[tokio::test]
async fn one_of_two_styles_for_a_client_is_refused() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let create = json!({"UserPoolId": pool(), "ClientId": pages_client(), "UseCognitoProvidedValues": true});
    for _ in 0..20 {
        let (one, two) = tokio::join!(
            server.operator("CreateManagedLoginBranding", create.clone()),
            other.operator("CreateManagedLoginBranding", create.clone())
        );
        let mut outcomes = [one.outcome(), two.outcome()];
        outcomes.sort();
        assert_eq!(outcomes, ["ManagedLoginBrandingExistsException", "OK"]);
        server.sql("DELETE FROM page_settings").await;
    }
}
