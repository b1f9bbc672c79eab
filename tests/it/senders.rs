//! Functions that send a pool's messages in Keystead's place (`CustomEmailSender`, `CustomSMSSender`).

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    encoding::{AsDer, PublicKeyX509Der},
    rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{
    PASSWORD, TestServer, eventually,
    functions::{Functions, Reply, arn},
    initiate, pool_with, scratch_directory,
};

const KMS_KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/5f7f3b6e-6a0c-4b0e-9d0b-0f2b6a1f9a11";

/// A server whose pools may have sender functions, and which has no other way to send messages.
struct Stage {
    server: TestServer,
    functions: Functions,
    key: OaepPrivateDecryptingKey,
}

impl Stage {
    async fn new() -> Self {
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let der: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
        let file = scratch_directory("sender.pem");
        std::fs::write(&file, pem::encode(&pem::Pem::new("PUBLIC KEY", der.as_ref()))).unwrap();
        let setting = format!("--sender-key-file={}", file.display());
        let (server, functions) = Functions::start(&[&setting, "--development-inbox=false"]).await;
        Self { server, functions, key: OaepPrivateDecryptingKey::new(key).unwrap() }
    }

    /// Opens a compact JWE by the steps of RFC 7516, section 5.2.
    fn open(&self, compact: &Value) -> String {
        let parts: Vec<&str> = compact.as_str().unwrap().split('.').collect();
        let [header, wrapped, nonce, text, tag] = parts[..] else { panic!("{compact} has not five parts") };
        let bytes = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
        let said: Value = serde_json::from_slice(&bytes(header)).unwrap();
        assert_eq!((&said["alg"], &said["enc"]), (&json!("RSA-OAEP-256"), &json!("A256GCM")));
        let mut content_key = vec![0; self.key.min_output_size()];
        let content_key = self.key.decrypt(&OAEP_SHA256_MGF1SHA256, &bytes(wrapped), &mut content_key, None).unwrap();
        let aead = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, content_key).unwrap());
        let mut sealed = [bytes(text), bytes(tag)].concat();
        let nonce = Nonce::try_assume_unique_for_key(&bytes(nonce)).unwrap();
        let plain = aead.open_in_place(nonce, Aad::from(header.as_bytes()), &mut sealed).unwrap();
        String::from_utf8(plain.to_vec()).unwrap()
    }

    /// The `n`th event (from 1) that the function got, once it is there.
    async fn event(&self, function: &str, n: usize) -> Value {
        eventually("the function is called", async || self.functions.events(function).len() >= n).await;
        self.functions.events(function)[n - 1].clone()
    }
}

/// The `LambdaConfig` of a pool whose messages are sent by the functions `mail` and `text`.
fn senders() -> Value {
    let function = |name: &str| json!({"LambdaVersion": "V1_0", "LambdaArn": arn(name)});
    json!({"CustomEmailSender": function("mail"), "CustomSMSSender": function("text"), "KMSKeyID": KMS_KEY})
}

/// A pool whose messages are sent by functions, and its client.
async fn pool_of(server: &TestServer) -> (String, String) {
    let factors = ["PASSWORD", "EMAIL_OTP"];
    let members = json!({"LambdaConfig": senders(), "AutoVerifiedAttributes": ["email"],
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": factors}}});
    let flows = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"];
    pool_with(server, members, json!({"ExplicitAuthFlows": flows})).await
}

fn sign_up(client: &str, username: &str) -> Value {
    json!({"ClientId": client, "Username": username, "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": format!("{username}@example.com")}]})
}

#[tokio::test]
async fn a_function_gets_the_event_of_cognito_with_a_code_that_only_its_key_opens() {
    let stage = Stage::new().await;
    stage.functions.on("mail", |_| Reply::Response(json!({})));
    let (pool, client) = pool_of(&stage.server).await;
    let mut input = sign_up(&client, "ada");
    input["ClientMetadata"] = json!({"locale": "de"});
    let sub = stage.server.call("SignUp", input).await.ok()["UserSub"].clone();
    let mut event = stage.event("mail", 1).await;
    let code = stage.open(&event["request"]["code"]);
    let confirm = json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code});
    stage.server.call("ConfirmSignUp", confirm).await.ok();
    assert!(!event.to_string().contains(&code));
    for (member, length) in [("code", 300), ("messageId", 36)] {
        assert!(event["request"][member].as_str().unwrap().len() >= length);
        event["request"].as_object_mut().unwrap().remove(member);
    }
    assert_eq!(
        event,
        json!({"version": "1", "triggerSource": "CustomEmailSender_SignUp", "region": "us-east-1", "userPoolId": pool,
            "userName": "ada", "callerContext": {"awsSdkVersion": "keystead", "clientId": client},
            "request": {"type": "customEmailSenderRequestV1", "clientMetadata": {"locale": "de"}, "userAttributes":
                {"email": "ada@example.com", "email_verified": "false", "sub": sub, "cognito:user_status": "UNCONFIRMED"}},
            "response": {}})
    );
    eventually("the message is done", async || stage.server.count("outbox").await == 0).await;
}

#[tokio::test]
async fn a_function_sends_the_messages_of_every_occasion() {
    let stage = Stage::new().await;
    stage.functions.on("mail", |_| Reply::Raw(200, "null"));
    stage.functions.on("text", |_| Reply::Raw(204, ""));
    let (pool, client) = pool_of(&stage.server).await;
    let code_of = async |n: usize, source: &str| {
        let event = stage.event("mail", n).await;
        assert_eq!(event["triggerSource"], format!("CustomEmailSender_{source}"));
        stage.open(&event["request"]["code"])
    };
    stage.server.call("SignUp", sign_up(&client, "ada")).await.ok();
    code_of(1, "SignUp").await;
    let named = json!({"ClientId": client, "Username": "ada"});
    stage.server.call("ResendConfirmationCode", named.clone()).await.ok();
    let code = code_of(2, "ResendCode").await;
    stage
        .server
        .call("ConfirmSignUp", json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code}))
        .await
        .ok();
    stage.server.call("ForgotPassword", named).await.ok();
    let code = code_of(3, "ForgotPassword").await;
    let reset = json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code, "Password": PASSWORD});
    stage.server.call("ConfirmForgotPassword", reset).await.ok();
    let auth = initiate(&client, "USER_AUTH", json!({"USERNAME": "ada", "PREFERRED_CHALLENGE": "EMAIL_OTP"}));
    let challenge = stage.server.call("InitiateAuth", auth).await.ok();
    let code = code_of(4, "Authentication").await;
    let answer = json!({"ClientId": client, "ChallengeName": "EMAIL_OTP", "Session": challenge["Session"],
        "ChallengeResponses": {"USERNAME": "ada", "EMAIL_OTP_CODE": code}});
    let signed_in = stage.server.call("RespondToAuthChallenge", answer).await.ok();
    let token = &signed_in["AuthenticationResult"]["AccessToken"];
    let new = json!({"AccessToken": token, "UserAttributes": [{"Name": "email", "Value": "ada@new.example.com"}]});
    stage.server.call("UpdateUserAttributes", new).await.ok();
    code_of(5, "UpdateUserAttribute").await;
    stage
        .server
        .call("GetUserAttributeVerificationCode", json!({"AccessToken": token, "AttributeName": "email"}))
        .await
        .ok();
    let code = code_of(6, "VerifyUserAttribute").await;
    let verify = json!({"AccessToken": token, "AttributeName": "email", "Code": code});
    stage.server.call("VerifyUserAttribute", verify).await.ok();
    let invited = json!({"UserPoolId": pool, "Username": "eve", "DesiredDeliveryMediums": ["SMS"], "TemporaryPassword": PASSWORD,
        "UserAttributes": [{"Name": "phone_number", "Value": "+15555550100"}]});
    stage.server.operator("AdminCreateUser", invited).await.ok();
    let event = stage.event("text", 1).await;
    assert_eq!(event["triggerSource"], "CustomSMSSender_AdminCreateUser");
    assert_eq!(
        (&event["request"]["type"], &event["request"]["clientMetadata"]),
        (&json!("customSMSSenderRequestV1"), &Value::Null)
    );
    assert_eq!(stage.open(&event["request"]["code"]), PASSWORD);
}

#[tokio::test]
async fn the_code_for_a_new_address_is_sent_to_that_address() {
    let stage = Stage::new().await;
    stage.functions.on("mail", |_| Reply::Raw(200, "null"));
    let (pool, client) = pool_of(&stage.server).await;
    let described = stage.server.operator("DescribeUserPool", json!({"UserPoolId": pool})).await.ok();
    let proof = json!({"AttributesRequireVerificationBeforeUpdate": ["email"]});
    let update = json!({"UserPoolId": pool, "AutoVerifiedAttributes": ["email"], "UserAttributeUpdateSettings": proof,
        "Policies": described["UserPool"]["Policies"], "LambdaConfig": described["UserPool"]["LambdaConfig"]});
    stage.server.operator("UpdateUserPool", update).await.ok();
    let verified =
        json!([{"Name": "email", "Value": "ada@old.example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let made = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": verified, "MessageAction": "SUPPRESS"});
    stage.server.operator("AdminCreateUser", made).await.ok();
    let password = json!({"UserPoolId": pool, "Username": "ada", "Password": PASSWORD, "Permanent": true});
    stage.server.operator("AdminSetUserPassword", password).await.ok();
    let auth = initiate(&client, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD}));
    let token = stage.server.call("InitiateAuth", auth).await.ok()["AuthenticationResult"]["AccessToken"].clone();
    let new = json!({"AccessToken": token, "UserAttributes": [{"Name": "email", "Value": "ada@new.example.com"}]});
    stage.server.call("UpdateUserAttributes", new).await.ok();
    let attributes = stage.event("mail", 1).await["request"]["userAttributes"].clone();
    assert_eq!((&attributes["email"], &attributes["email_verified"]), (&json!("ada@new.example.com"), &json!("false")));
}

#[tokio::test]
async fn a_message_is_given_to_the_function_again_until_it_is_taken() {
    let stage = Stage::new().await;
    stage.functions.on("mail", |_| Reply::Throw("the provider is down"));
    let (_, client) = pool_of(&stage.server).await;
    stage.server.call("SignUp", sign_up(&client, "ada")).await.ok();
    eventually("the failure is noted", async || {
        stage.server.count("outbox WHERE attempts = 1 AND failure = 'the function that sends messages: refused'").await
            == 1
    })
    .await;
    stage.functions.on("mail", |_| Reply::Response(json!({})));
    stage.server.clock.advance(time::Duration::minutes(1));
    let (first, second) = (stage.event("mail", 1).await, stage.event("mail", 2).await);
    assert_eq!(first["request"]["messageId"], second["request"]["messageId"]);
    assert_eq!(stage.open(&first["request"]["code"]), stage.open(&second["request"]["code"]));
    eventually("the message is done", async || stage.server.count("outbox").await == 0).await;
}

#[tokio::test]
async fn without_a_key_for_the_codes_no_code_is_sent() {
    let (server, _functions) = Functions::start(&[]).await;
    let (_, client) = pool_of(&server).await;
    let refusal = server.call("SignUp", sign_up(&client, "ada")).await.refused();
    assert_eq!(
        refusal,
        "400 CodeDeliveryFailureException: A function sends this pool's messages, but this server's operator has not set sender-key-file."
    );
    assert_eq!(server.count("users").await, 0);
}

#[tokio::test]
async fn senders_are_stored_with_their_key_and_given_back() {
    let server = TestServer::start().await;
    let (pool, _) = pool_of(&server).await;
    let described = server.operator("DescribeUserPool", json!({"UserPoolId": pool})).await.ok();
    assert_eq!(described["UserPool"]["LambdaConfig"], senders());
}
