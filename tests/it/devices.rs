//! Remembered devices, and what tokens say of how a person signed in.

use serde_json::{Value, json};

use crate::support::{
    Answer, PASSWORD, Person, TestServer, all, claims, client, initiate, pool, pool_with,
    srp_client::{Client, verifier},
};

const SECRET: &str = "forty random bytes of the device";

/// A pool that remembers devices, and a user.
struct Stage {
    server: TestServer,
    pool: String,
    client: String,
    ada: Person,
}

/// A device's keys.
#[derive(Clone)]
struct Keys {
    key: String,
    group: String,
}

impl Stage {
    async fn new(devices: Value) -> Self {
        Self::on(TestServer::start().await, devices).await
    }

    async fn on(server: TestServer, devices: Value) -> Self {
        let flows = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"];
        let email = json!({"EmailSendingAccount": "DEVELOPER", "From": "id@example.com"});
        let members = json!({"DeviceConfiguration": devices, "EmailConfiguration": email});
        let (pool, client) = pool_with(&server, members, json!({"ExplicitAuthFlows": flows})).await;
        let ada = server.user_in(&pool, "ada").await;
        Self { server, pool, client, ada }
    }

    async fn password(&self, key: Option<&str>) -> Answer {
        let mut parameters = json!({"USERNAME": "ada", "PASSWORD": PASSWORD});
        if let Some(key) = key {
            parameters["DEVICE_KEY"] = json!(key);
        }
        let input = initiate(&self.client, "USER_PASSWORD_AUTH", json!(parameters));
        self.server.call("InitiateAuth", input).await
    }

    /// Signs in with a new device, which is confirmed; the answer of ConfirmDevice.
    async fn new_device(&mut self) -> (Keys, Value) {
        let answer = self.password(None).await.ok();
        self.ada.keep_tokens(&answer);
        let metadata = &answer["AuthenticationResult"]["NewDeviceMetadata"];
        let text = |member: &str| metadata[member].as_str().unwrap().to_owned();
        let keys = Keys { key: text("DeviceKey"), group: text("DeviceGroupKey") };
        let confirmed = self.confirm(&keys).await.ok();
        (keys, confirmed)
    }

    async fn confirm(&self, keys: &Keys) -> Answer {
        let input = json!({"DeviceKey": keys.key, "DeviceName": "phone",
            "DeviceSecretVerifierConfig": verifier((&keys.group, &keys.key), SECRET)});
        self.ada.call("ConfirmDevice", input).await
    }

    async fn respond(&self, name: &str, session: &Value, mut responses: Value) -> Answer {
        responses["USERNAME"] = json!("ada");
        let mut input = json!({"ClientId": self.client, "ChallengeName": name, "ChallengeResponses": responses});
        if session.is_string() {
            input["Session"] = session.clone();
        }
        self.server.call("RespondToAuthChallenge", input).await
    }

    /// The proof of a device, up to its last step.
    async fn proof(&self, keys: &Keys, secret: &str) -> Value {
        let asked = self.password(Some(&keys.key)).await.ok();
        assert_eq!(asked["ChallengeName"], "DEVICE_SRP_AUTH", "{asked}");
        let half = Client::new();
        let responses = json!({"SRP_A": half.public().to_str_radix(16), "DEVICE_KEY": keys.key});
        let next = self.respond("DEVICE_SRP_AUTH", &asked["Session"], responses).await.ok();
        assert_eq!(next["ChallengeName"], "DEVICE_PASSWORD_VERIFIER");
        assert_eq!(next["ChallengeParameters"]["DEVICE_KEY"], json!(keys.key));
        let mut answer = half.answer((&keys.group, &keys.key), secret, &next["ChallengeParameters"]);
        answer["DEVICE_KEY"] = json!(keys.key);
        answer
    }

    async fn device_sign_in(&self, keys: &Keys, secret: &str) -> Answer {
        let proof = self.proof(keys, secret).await;
        // Without a Session, as Amplify does it: the secret block stands for it.
        self.respond("DEVICE_PASSWORD_VERIFIER", &Value::Null, proof).await
    }

    async fn refresh(&self, token: &str, key: Option<&str>) -> Answer {
        let mut parameters = json!({"REFRESH_TOKEN": token});
        if let Some(key) = key {
            parameters["DEVICE_KEY"] = json!(key);
        }
        let input = initiate(&self.client, "REFRESH_TOKEN_AUTH", json!(parameters));
        self.server.call("InitiateAuth", input).await
    }

    async fn require_codes(&self) {
        let input = json!({"UserPoolId": self.pool, "MfaConfiguration": "OPTIONAL",
            "EmailMfaConfiguration": {"Message": "Second: {####}"}});
        self.server.operator("SetUserPoolMfaConfig", input).await.ok();
        let attributes =
            json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]);
        let input = json!({"UserPoolId": self.pool, "Username": "ada", "UserAttributes": attributes});
        self.server.operator("AdminUpdateUserAttributes", input).await.ok();
        let input = json!({"UserPoolId": self.pool, "Username": "ada", "EmailMfaSettings": {"Enabled": true}});
        self.server.operator("AdminSetUserMFAPreference", input).await.ok();
    }
}

#[tokio::test]
async fn a_confirmed_device_proves_itself_at_the_next_sign_in() {
    let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": false})).await;
    let (keys, confirmed) = stage.new_device().await;
    assert_eq!(confirmed, json!({"UserConfirmationNecessary": false}));
    let answer = stage.device_sign_in(&keys, SECRET).await.ok();
    let tokens = &answer["AuthenticationResult"];
    assert!(tokens.get("NewDeviceMetadata").is_none(), "{answer}");
    assert_eq!(claims(tokens["AccessToken"].as_str().unwrap())["device_key"], json!(keys.key));
    let refused = stage.device_sign_in(&keys, "another secret").await.refused();
    assert_eq!(refused, "400 NotAuthorizedException: Incorrect username or password.");
}

#[tokio::test]
async fn a_proof_of_a_device_raced_by_many_signs_in_once() {
    let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
    let (keys, _) = stage.new_device().await;
    for _ in 0..10 {
        let proof = stage.proof(&keys, SECRET).await;
        let input =
            json!({"ClientId": stage.client, "ChallengeName": "DEVICE_PASSWORD_VERIFIER", "ChallengeResponses": proof});
        let outcomes = all((0..5).map(|_| {
            let (ada, input) = (stage.ada.clone(), input.clone());
            async move { ada.post_public("RespondToAuthChallenge", input).await.outcome() }
        }))
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 1, "{outcomes:?}");
    }
}

#[tokio::test]
async fn a_remembered_device_stands_in_for_a_code_only_where_the_pool_says_so() {
    for (stands_in, expected) in [(true, "tokens"), (false, "EMAIL_OTP")] {
        let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": stands_in})).await;
        let (keys, _) = stage.new_device().await;
        stage.require_codes().await;
        let new = stage.password(None).await.ok();
        assert_eq!(new["ChallengeName"], "EMAIL_OTP", "a new device never does");
        let answer = stage.device_sign_in(&keys, SECRET).await.ok();
        let outcome = answer["ChallengeName"].as_str().unwrap_or("tokens");
        assert_eq!(outcome, expected, "{answer}");
        if outcome == "EMAIL_OTP" {
            let code = json!({"EMAIL_OTP_CODE": stage.server.code("ada@example.com", 2).await});
            let tokens =
                stage.respond("EMAIL_OTP", &answer["Session"], code).await.ok()["AuthenticationResult"].clone();
            let claims = claims(tokens["AccessToken"].as_str().unwrap());
            assert_eq!(claims["device_key"], json!(keys.key));
            assert_eq!(
                (&claims["acr"], &claims["amr"]),
                (&json!("urn:cognito:loa:2"), &json!(["pwd", "email_otp", "mfa"]))
            );
        }
    }
}

#[tokio::test]
async fn where_the_user_is_asked_a_device_is_remembered_after_the_answer() {
    let mut stage = Stage::new(json!({"DeviceOnlyRememberedOnUserPrompt": true})).await;
    let (keys, confirmed) = stage.new_device().await;
    assert_eq!(confirmed, json!({"UserConfirmationNecessary": true}));
    let answer = stage.password(Some(&keys.key)).await.ok();
    assert!(answer["AuthenticationResult"]["AccessToken"].is_string(), "{answer}");
    assert!(answer["AuthenticationResult"].get("NewDeviceMetadata").is_none(), "{answer}");
    let token = answer["AuthenticationResult"]["AccessToken"].as_str().unwrap();
    assert!(claims(token).get("device_key").is_none(), "a device that is named proves nothing");
    let status = |status: &str| json!({"DeviceKey": keys.key, "DeviceRememberedStatus": status});
    stage.ada.call("UpdateDeviceStatus", status("remembered")).await.ok();
    stage.device_sign_in(&keys, SECRET).await.ok();
    stage.ada.call("UpdateDeviceStatus", status("not_remembered")).await.ok();
    assert!(stage.password(Some(&keys.key)).await.ok()["AuthenticationResult"].is_object());
}

#[tokio::test]
async fn a_forgotten_device_is_none_even_in_the_middle_of_its_proof() {
    let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
    let (keys, _) = stage.new_device().await;
    let proof = stage.proof(&keys, SECRET).await;
    assert_eq!(stage.ada.call("ForgetDevice", json!({"DeviceKey": keys.key})).await.text, "");
    let refused = stage.respond("DEVICE_PASSWORD_VERIFIER", &Value::Null, proof).await.refused();
    // Amplify signs in without the key when it reads this.
    assert_eq!(refused, "400 ResourceNotFoundException: Device does not exist.");
    let refused = stage.password(Some(&keys.key)).await.refused();
    assert_eq!(refused, "400 ResourceNotFoundException: Device does not exist.");
    assert_eq!(stage.ada.call("GetDevice", json!({"DeviceKey": keys.key})).await.refused(), refused);
}

#[tokio::test]
async fn a_forgotten_device_is_not_confirmed_again_by_the_session_that_had_it() {
    let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
    let (keys, _) = stage.new_device().await;
    let named = json!({"UserPoolId": stage.pool, "Username": "ada", "DeviceKey": keys.key});
    stage.server.operator("AdminForgetDevice", named).await.ok();
    assert_eq!(stage.confirm(&keys).await.refused(), "400 NotAuthorizedException: Access Token has been revoked");
    let (keys, _) = stage.new_device().await;
    stage.ada.call("ForgetDevice", json!({"DeviceKey": keys.key})).await;
    assert_eq!(stage.confirm(&keys).await.refused(), "400 ResourceNotFoundException: Device does not exist.");
}

const INVALID: &str = "400 NotAuthorizedException: Invalid Refresh Token";

#[tokio::test]
async fn a_refresh_token_is_good_in_the_hands_of_its_device() {
    let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
    let (keys, _) = stage.new_device().await;
    let other = format!("us-east-1_{}", uuid::Uuid::nil());
    assert_eq!(stage.refresh(&stage.ada.refresh_token, None).await.refused(), INVALID);
    assert_eq!(stage.refresh(&stage.ada.refresh_token, Some(&other)).await.refused(), INVALID);
    let answer = stage.refresh(&stage.ada.refresh_token, Some(&keys.key)).await.ok();
    assert_eq!(claims(answer["AuthenticationResult"]["AccessToken"].as_str().unwrap())["device_key"], json!(keys.key));
    let mut input = json!({"ClientId": stage.client, "RefreshToken": stage.ada.refresh_token});
    assert_eq!(stage.server.call("GetTokensFromRefreshToken", input.clone()).await.refused(), INVALID);
    input["DeviceKey"] = json!(keys.key);
    stage.server.call("GetTokensFromRefreshToken", input).await.ok();
    // Where devices are not remembered any more, nobody is asked for one.
    stage.server.operator("UpdateUserPool", json!({"UserPoolId": stage.pool})).await.ok();
    stage.refresh(&stage.ada.refresh_token, None).await.ok();
}

#[tokio::test]
async fn a_device_that_was_forgotten_is_signed_out() {
    for by_operator in [false, true] {
        let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
        let (laptop, _) = stage.new_device().await;
        let mut others = vec![stage.ada.clone()];
        let answer = stage.device_sign_in(&laptop, SECRET).await.ok();
        others.push(stage.ada.clone());
        others[1].keep_tokens(&answer);
        let (phone, _) = stage.new_device().await;
        if by_operator {
            let named = json!({"UserPoolId": stage.pool, "Username": "ada", "DeviceKey": laptop.key});
            stage.server.operator("AdminForgetDevice", named).await.ok();
        } else {
            stage.ada.call("ForgetDevice", json!({"DeviceKey": laptop.key})).await;
        }
        for thief in &others {
            let refused = thief.call("GetUser", json!({})).await.refused();
            assert_eq!(refused, "400 NotAuthorizedException: Access Token has been revoked");
            let refused = stage.refresh(&thief.refresh_token, Some(&laptop.key)).await.outcome();
            assert_eq!(refused, "NotAuthorizedException");
        }
        stage.ada.call("GetUser", json!({})).await.ok();
        stage.refresh(&stage.ada.refresh_token, Some(&phone.key)).await.ok();
    }
}

#[tokio::test]
async fn who_forgets_their_own_device_goes_on_until_the_access_token_expires() {
    let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
    let (keys, _) = stage.new_device().await;
    stage.ada.call("ForgetDevice", json!({"DeviceKey": keys.key})).await;
    stage.ada.call("GetUser", json!({})).await.ok();
    for named in [Some(keys.key.as_str()), None] {
        assert_eq!(stage.refresh(&stage.ada.refresh_token, named).await.refused(), INVALID);
    }
    stage.server.clock.advance(time::Duration::days(2));
    let input = json!({"UserPoolId": stage.pool, "Username": "ada"});
    let listed = stage.server.operator("AdminListUserSessions", input).await.ok();
    assert!(!listed.to_string().contains("SessionId"), "it is no session of 30 days: {listed}");
}

#[tokio::test]
async fn a_session_ends_with_the_device_that_it_only_named() {
    for codes in [false, true] {
        let mut stage = Stage::new(json!({"DeviceOnlyRememberedOnUserPrompt": true})).await;
        let (keys, _) = stage.new_device().await;
        if codes {
            stage.require_codes().await;
        }
        let mut answer = stage.password(Some(&keys.key)).await.ok();
        if codes {
            let code = json!({"EMAIL_OTP_CODE": stage.server.code("ada@example.com", 1).await});
            answer = stage.respond("EMAIL_OTP", &answer["Session"], code).await.ok();
        }
        let mut laptop = stage.ada.clone();
        laptop.keep_tokens(&answer);
        assert!(claims(&laptop.access_token).get("device_key").is_none());
        assert_eq!(stage.refresh(&laptop.refresh_token, None).await.refused(), INVALID);
        stage.refresh(&laptop.refresh_token, Some(&keys.key)).await.ok();
        let named = json!({"UserPoolId": stage.pool, "Username": "ada", "DeviceKey": keys.key});
        stage.server.operator("AdminForgetDevice", named).await.ok();
        assert_eq!(laptop.call("GetUser", json!({})).await.outcome(), "NotAuthorizedException");
        assert_ne!(stage.refresh(&laptop.refresh_token, Some(&keys.key)).await.outcome(), "OK");
    }
}

#[tokio::test]
async fn a_device_that_is_not_known_is_told_after_the_lock_only() {
    let stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
    for _ in 0..6 {
        stage.ada.password_sign_in(&stage.client, "wrong-Passw0rd").await.refused();
    }
    let refused = stage.password(Some(&format!("us-east-1_{}", uuid::Uuid::nil()))).await.refused();
    assert_eq!(refused, "400 NotAuthorizedException: Password attempts exceeded");
}

#[tokio::test]
async fn a_proof_dies_with_the_password_that_began_it() {
    let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
    let (keys, _) = stage.new_device().await;
    let proof = stage.proof(&keys, SECRET).await;
    let input = json!({"UserPoolId": stage.pool, "Username": "ada", "Password": "N3w-Passw0rd", "Permanent": true});
    stage.server.operator("AdminSetUserPassword", input).await.ok();
    let refused = stage.respond("DEVICE_PASSWORD_VERIFIER", &Value::Null, proof).await.refused();
    assert_eq!(refused, "400 NotAuthorizedException: Invalid session for the user.");
}

#[tokio::test]
async fn only_the_key_that_came_with_a_session_is_confirmed_by_it_and_once() {
    let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
    let (keys, _) = stage.new_device().await;
    let refused = stage.confirm(&keys).await.outcome();
    assert_eq!(refused, "DeviceKeyExistsException");
    stage.ada.call("ForgetDevice", json!({"DeviceKey": keys.key})).await;
    let made_up = Keys { key: format!("us-east-1_{}", uuid::Uuid::nil()), ..keys.clone() };
    assert_eq!(stage.confirm(&made_up).await.refused(), "400 ResourceNotFoundException: Device does not exist.");
    for bad in
        [json!({}), json!({"Salt": "AAAA", "PasswordVerifier": ""}), json!({"Salt": "x", "PasswordVerifier": "AAAB"})]
    {
        let input = json!({"DeviceKey": keys.key, "DeviceSecretVerifierConfig": bad});
        assert_eq!(stage.ada.call("ConfirmDevice", input).await.outcome(), "InvalidParameterException", "{bad}");
    }
}

#[tokio::test]
async fn operators_list_show_and_forget_devices() {
    let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
    let (first, _) = stage.new_device().await;
    let (second, _) = stage.new_device().await;
    let mut input = json!({"UserPoolId": stage.pool, "Username": "ada", "Limit": 1});
    let mut seen = Vec::new();
    for _ in 0..2 {
        let page = stage.server.operator("AdminListDevices", input.clone()).await.ok();
        seen.push(page["Devices"][0]["DeviceKey"].clone());
        input["PaginationToken"] = page["PaginationToken"].clone();
    }
    let mut expected = vec![json!(first.key), json!(second.key)];
    expected.sort_by_key(ToString::to_string);
    assert_eq!((&seen, &input["PaginationToken"]), (&expected, &Value::Null));
    let own = stage.ada.call("ListDevices", json!({})).await.ok();
    assert_eq!(own["Devices"].as_array().unwrap().len(), 2);
    let named = json!({"UserPoolId": stage.pool, "Username": "ada", "DeviceKey": first.key});
    let shown = stage.server.operator("AdminGetDevice", named.clone()).await.ok()["Device"].clone();
    let attributes = shown["DeviceAttributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({"Name": "device_name", "Value": "phone"})), "{shown}");
    let mut status = named.clone();
    status["DeviceRememberedStatus"] = json!("not_remembered");
    stage.server.operator("AdminUpdateDeviceStatus", status).await.ok();
    assert!(stage.password(Some(&first.key)).await.ok()["AuthenticationResult"].is_object());
    assert_eq!(stage.server.operator("AdminForgetDevice", named.clone()).await.text, "");
    assert_eq!(stage.server.operator("AdminGetDevice", named).await.outcome(), "ResourceNotFoundException");
    // Another user's devices are not found, and a user goes with them.
    stage.server.user_in(&stage.pool, "eve").await;
    let of_eve = json!({"UserPoolId": stage.pool, "Username": "eve", "DeviceKey": second.key});
    assert_eq!(stage.server.operator("AdminGetDevice", of_eve).await.outcome(), "ResourceNotFoundException");
    stage.server.operator("AdminDeleteUser", json!({"UserPoolId": stage.pool, "Username": "ada"})).await.ok();
    assert_eq!(stage.server.count("devices").await, 0);
}

#[tokio::test]
async fn a_user_has_100_devices_at_most() {
    let mut stage = Stage::new(json!({"ChallengeRequiredOnNewDevice": true})).await;
    let (keys, _) = stage.new_device().await;
    stage.server.sql(
        "INSERT INTO devices SELECT user_pool_id, sub, 'us-east-1_' || n, group_key, name, verifier, remembered, last_address,
             created_at, updated_at, last_used_at FROM devices, generate_series(1, 99) n",
    )
    .await;
    let answer = stage.password(None).await.ok();
    stage.ada.keep_tokens(&answer);
    let new = answer["AuthenticationResult"]["NewDeviceMetadata"]["DeviceKey"].as_str().unwrap().to_owned();
    let refused = stage.confirm(&Keys { key: new.clone(), ..keys.clone() }).await.refused();
    assert_eq!(refused, "400 TooManyRequestsException: A user may have 100 devices; forget one first.");
    stage.ada.call("ForgetDevice", json!({"DeviceKey": keys.key})).await;
    stage.confirm(&Keys { key: new, ..keys }).await.ok();
}

#[tokio::test]
async fn tokens_say_how_the_person_signed_in_and_keep_saying_so() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let context = |token: &str| {
        let claims = claims(token);
        (claims["acr"].clone(), claims["amr"].clone())
    };
    assert_eq!(context(&ada.access_token), (json!("urn:cognito:loa:1"), json!(["pwd"])));
    assert_eq!(context(&ada.id_token), (json!("urn:cognito:loa:1"), json!(["pwd"])));
    ada.add_passkey().await;
    let answer = ada.passkey_sign_in(&Default::default()).await.ok();
    ada.keep_tokens(&answer);
    assert_eq!(context(&ada.access_token), (json!("urn:cognito:loa:3"), json!(["swk"])));
    let input = initiate(client(), "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": ada.refresh_token}));
    let refreshed = server.call("InitiateAuth", input).await.ok();
    let token = refreshed["AuthenticationResult"]["IdToken"].as_str().unwrap();
    assert_eq!(context(token), (json!("urn:cognito:loa:3"), json!(["swk"])));
}

#[tokio::test]
async fn a_pool_may_name_the_levels_itself() {
    let server = TestServer::start().await;
    let levels = json!({"Level1": {"AcrValue": "urn:shop:basic"}});
    server.operator("UpdateUserPool", json!({"UserPoolId": pool(), "AcrConfiguration": levels})).await.ok();
    let shown = server.operator("DescribeUserPool", json!({"UserPoolId": pool()})).await.ok();
    let shown = &shown["UserPool"]["AcrConfiguration"];
    assert_eq!(
        (&shown["Level1"]["AcrValue"], &shown["Level4"]["AcrValue"]),
        (&json!("urn:shop:basic"), &json!("urn:cognito:loa:4"))
    );
    let ada = server.signed_in("ada").await;
    assert_eq!(claims(&ada.access_token)["acr"], "urn:shop:basic");
    let twice = json!({"Level1": {"AcrValue": "urn:cognito:loa:2"}});
    let refused = server.operator("UpdateUserPool", json!({"UserPoolId": pool(), "AcrConfiguration": twice})).await;
    assert_eq!(refused.outcome(), "InvalidParameterException");
}

#[tokio::test]
async fn devices_come_and_go_however_often_and_leave_so_many_rows() {
    let server = TestServer::with(&["--user-changes-per-day=1"]).await;
    let mut stage = Stage::on(server, json!({"ChallengeRequiredOnNewDevice": true})).await;
    for _ in 0..3 {
        let (keys, _) = stage.new_device().await;
        for status in ["not_remembered", "remembered"] {
            let input = json!({"DeviceKey": keys.key, "DeviceRememberedStatus": status});
            stage.ada.call("UpdateDeviceStatus", input).await.ok();
        }
        assert_eq!(stage.ada.call("ForgetDevice", json!({"DeviceKey": keys.key})).await.text, "");
    }
    assert_eq!(stage.server.count("devices").await, 0);
    for event in ["confirmed", "forgotten", "remembered", "not_remembered"] {
        assert_eq!(stage.server.count(&format!("audit_events WHERE event = 'device.{event}'")).await, 1, "{event}");
    }
}
