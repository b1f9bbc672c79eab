//! How messages go out: mail servers that are slow, broken or gone, the webhook, and the development inbox.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::support::{
    PASSWORD, TestServer, all, eventually,
    functions::{Functions, Reply, arn},
    pool_with,
};

fn sign_up_of(client: &str, username: &str, attribute: &str, value: &str) -> Value {
    json!({"ClientId": client, "Username": username, "Password": PASSWORD,
        "UserAttributes": [{"Name": attribute, "Value": value}]})
}

async fn verifying(server: &TestServer, attribute: &str) -> String {
    pool_with(server, json!({"AutoVerifiedAttributes": [attribute]}), json!({})).await.1
}

/// What one conversation of a mail server does.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Accepts,
    /// Takes the mail and says nothing.
    Loses,
    HangsUp,
    Hangs,
    Refuses,
}

/// A mail server with these moods, one per connection, the last one for all further ones; its address and its mails.
async fn mail_server(moods: Vec<Mood>) -> (String, Arc<tokio::sync::Mutex<Vec<String>>>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (mails, connections) = (Arc::<tokio::sync::Mutex<Vec<String>>>::default(), Arc::<AtomicUsize>::default());
    let (kept, counted) = (mails.clone(), connections.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let n = counted.fetch_add(1, Ordering::SeqCst);
            let (mood, mails) = (moods[n.min(moods.len() - 1)], kept.clone());
            tokio::spawn(async move {
                let _ = converse(stream, mood, mails).await;
            });
        }
    });
    (url, mails, connections)
}

async fn converse(
    stream: tokio::net::TcpStream,
    mood: Mood,
    mails: Arc<tokio::sync::Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    match mood {
        Mood::HangsUp => return Ok(()),
        Mood::Hangs => return stream.read_to_end(&mut Vec::new()).await.map(drop),
        Mood::Accepts | Mood::Loses | Mood::Refuses => stream.write_all(b"220 here\r\n").await?,
    }
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let answer: &[u8] = match line.split([' ', ':', '\r']).next().unwrap_or_default() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut mail).await?;
                }
                mails.lock().await.push(mail);
                if mood == Mood::Loses {
                    return Ok(());
                }
                b"250 taken\r\n"
            }
            "RCPT" if mood == Mood::Refuses => b"550 no such mailbox\r\n",
            "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            _ => b"250 yes\r\n",
        };
        stream.write_all(answer).await?;
        line.clear();
    }
    Ok(())
}

/// A mail server that lets everybody wait until it is told to go on: its address, its mails, how many came, and the word.
async fn stuck_mail_server()
-> (String, Arc<tokio::sync::Mutex<Vec<String>>>, Arc<AtomicUsize>, tokio::sync::watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (mails, connections) = (Arc::<tokio::sync::Mutex<Vec<String>>>::default(), Arc::<AtomicUsize>::default());
    let (word, told) = tokio::sync::watch::channel(false);
    let (kept, counted) = (mails.clone(), connections.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let (mails, mut told) = (kept.clone(), told.clone());
            tokio::spawn(async move {
                let _ = told.wait_for(|go_on| *go_on).await;
                let _ = converse(stream, Mood::Accepts, mails).await;
            });
        }
    });
    (url, mails, connections, word)
}

/// Keeps every message that is written from now on from being due, until [`release`].
async fn hold_back(server: &TestServer) {
    server
        .sql(
            "CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN NEW.due_at := NEW.due_at + interval ''1 day''; RETURN NEW; END';
             CREATE TRIGGER hold_back BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION hold_back()",
        )
        .await;
}

/// Makes all of them due at once, in the order in which they were written.
async fn release(server: &TestServer) {
    server
        .sql("DROP TRIGGER hold_back ON outbox; UPDATE outbox SET due_at = due_at - interval '1 day' WHERE due_at > at")
        .await;
}

/// Of the mails so far, which one went to this address.
async fn place_of(mails: &tokio::sync::Mutex<Vec<String>>, address: &str) -> Option<usize> {
    mails.lock().await.iter().position(|mail| mail.contains(&format!("To: {address}")))
}

/// Signs so many people up, on twenty connections.
async fn sign_up_many(server: &TestServer, client: &str, many: usize) {
    let signed_up = (0..20).map(|connection| {
        let (http, url, client) = (server.http.clone(), server.url.clone(), client.to_owned());
        async move {
            for n in (connection..many).step_by(20) {
                let input = sign_up_of(&client, &format!("many{n}"), "email", &format!("many{n}@example.com"));
                let request = http.post(&url).header("x-amz-target", crate::support::target("SignUp"));
                let request = request.header("content-type", "application/x-amz-json-1.1").body(input.to_string());
                assert_eq!(request.send().await.unwrap().status(), 200);
            }
        }
    });
    all(signed_up).await;
}

/// Moves the clock on until so many mails arrived.
async fn await_mails(server: &TestServer, mails: &tokio::sync::Mutex<Vec<String>>, count: usize) {
    for _ in 0..600 {
        if mails.lock().await.len() >= count {
            return;
        }
        server.clock.advance(time::Duration::seconds(30));
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{count} mails did not come: {:?}", mails.lock().await);
}

#[tokio::test]
async fn a_mail_has_sender_subject_and_code() {
    let (url, mails, _) = mail_server(vec![Mood::Accepts]).await;
    let server = TestServer::with(&[&format!("--smtp-url={url}"), "--mail-from=Example <id@example.com>"]).await;
    let client = verifying(&server, "email").await;
    server.call("SignUp", sign_up_of(&client, "ada", "email", "ada@example.com")).await.ok();
    await_mails(&server, &mails, 1).await;
    let mail = mails.lock().await[0].clone();
    for part in [
        "From: Example <id@example.com>",
        "To: ada@example.com",
        "Subject: Your verification code",
        "Your confirmation code is ",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
}

#[tokio::test]
async fn a_mail_is_well_formed_and_known_again() {
    let (url, mails, _) = mail_server(vec![Mood::Loses, Mood::Accepts]).await;
    let server = TestServer::with(&[&format!("--smtp-url={url}"), "--mail-from=Example <id@example.com>"]).await;
    let plain = verifying(&server, "email").await;
    let message = json!({"DefaultEmailOption": "CONFIRM_WITH_CODE", "EmailMessage": "<p>Grüße: <b>{####}</b></p>"});
    let html = json!({"AutoVerifiedAttributes": ["email"], "VerificationMessageTemplate": message});
    let (_, html) = pool_with(&server, html, json!({})).await;
    server.call("SignUp", sign_up_of(&plain, "ada", "email", "ada@example.com")).await.ok();
    await_mails(&server, &mails, 2).await;
    server.call("SignUp", sign_up_of(&html, "eve", "email", "eve@example.com")).await.ok();
    await_mails(&server, &mails, 3).await;
    let mails = mails.lock().await.clone();
    let parsed: Vec<_> =
        mails.iter().map(|mail| mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap()).collect();
    let ids: Vec<_> = parsed.iter().map(|mail| mail.message_id().unwrap().to_owned()).collect();
    assert!(ids[0] == ids[1] && ids[1] != ids[2] && ids.iter().all(|id| id.ends_with("@example.com")), "{ids:?}");
    for (mail, text) in parsed.iter().zip(["Your confirmation code is", "Your confirmation code is", "Grüße: "]) {
        assert_eq!(mail.header("MIME-Version").and_then(|value| value.as_text()), Some("1.0"));
        assert_eq!(mail.header("Auto-Submitted").and_then(|value| value.as_text()), Some("auto-generated"));
        let once = |name: &str| mail.headers().iter().filter(|header| header.name() == name).count();
        assert_eq!(["MIME-Version", "Message-ID", "Date", "From"].map(once), [1; 4]);
        assert!(mail.body_text(0).unwrap().starts_with(text), "{:?}", mail.body_text(0));
    }
    assert!(parsed[2].body_html(0).unwrap().contains("<b>"));
}

#[tokio::test]
async fn a_sender_that_is_not_listed_any_more_gives_way_to_the_servers_own() {
    let (url, mails, _) = mail_server(vec![Mood::Accepts]).await;
    let smtp = format!("--smtp-url={url}");
    let args = [
        &smtp,
        "--public-url=https://id.example.com",
        "--mail-from=Us <us@example.com>",
        "--mail-senders=ok@example.org",
    ];
    let server = TestServer::with(&args).await;
    let client = verifying(&server, "email").await;
    for (n, address) in ["ok@example.org", "ceo@bank.example"].into_iter().enumerate() {
        let email = json!({"EmailSendingAccount": "DEVELOPER", "From": address, "ReplyToEmailAddress": address});
        server
            .sql(&format!(
                "UPDATE user_pools SET configuration = configuration || '{{\"EmailConfiguration\": {email}}}'"
            ))
            .await;
        let person = format!("ada{n}@example.com");
        server.call("SignUp", sign_up_of(&client, &format!("ada{n}"), "email", &person)).await.ok();
        await_mails(&server, &mails, n + 1).await;
    }
    let mails = mails.lock().await.clone();
    assert!(mails[0].contains("From: ok@example.org") && mails[0].contains("Reply-To: ok@example.org"), "{}", mails[0]);
    assert!(mails[1].contains("From: Us <us@example.com>") && !mails[1].contains("bank.example"), "{}", mails[1]);
}

#[tokio::test]
async fn a_mail_server_that_is_down_delays_mail_and_nothing_else() {
    let moods = [[Mood::HangsUp; 9].as_slice(), &[Mood::Hangs, Mood::Accepts]].concat();
    let (url, mails, _) = mail_server(moods).await;
    let server = TestServer::with(&[&format!("--smtp-url={url}")]).await;
    let client = verifying(&server, "email").await;
    for n in 0..3 {
        let input = sign_up_of(&client, &format!("ada{n}"), "email", &format!("ada{n}@example.com"));
        server.call("SignUp", input).await.ok();
        assert_eq!(server.count("outbox WHERE kind = 'message.email'").await, n + 1, "answered before it was sent");
    }
    await_mails(&server, &mails, 3).await;
    let mails = mails.lock().await;
    for n in 0..3 {
        let to = format!("To: ada{n}@example.com");
        assert!(mails.iter().any(|mail| mail.contains(&to)), "{to}: {mails:?}");
    }
}

#[tokio::test]
async fn mails_that_end_all_at_once_take_no_connections_of_requests() {
    let (url, mails, connections, word) = stuck_mail_server().await;
    let texts = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let texts_url = format!("--sms-webhook-url=http://{}/", texts.local_addr().unwrap());
    let smtp = format!("--smtp-url={url}");
    let server =
        TestServer::with(&[&smtp, &texts_url, "--sms-webhook-secret=shared", "--database-connections=12"]).await;
    let mut people = Vec::new();
    for n in 0..12 {
        let mut person = server.signed_in(&format!("ada{n}")).await;
        let passkey = person.add_passkey().await;
        people.push((person, passkey));
    }
    let client = verifying(&server, "email").await;
    sign_up_many(&server, &client, 24).await;
    eventually("the mail server is asked", async || connections.load(Ordering::SeqCst) >= 16).await;
    // The other road is free meanwhile.
    let phones = verifying(&server, "phone_number").await;
    server.call("SignUp", sign_up_of(&phones, "eve", "phone_number", "+15555550100")).await.ok();
    tokio::time::timeout(std::time::Duration::from_secs(30), texts.accept()).await.expect("a text").unwrap();
    word.send_replace(true);
    for (person, passkey) in &people {
        person.call("GetUser", json!({})).await.ok();
        person.delete_passkey(passkey).await.ok();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    eventually("all mails arrive", async || mails.lock().await.len() >= 24).await;
    eventually("and are forgotten", async || server.count("outbox WHERE kind = 'message.email'").await == 0).await;
    assert_eq!(mails.lock().await.len(), 24, "once each");
}

#[tokio::test]
async fn a_pool_that_floods_waits_for_itself() {
    let (url, mails, _) = mail_server(vec![Mood::Accepts]).await;
    let server = TestServer::with(&[&format!("--smtp-url={url}")]).await;
    let (flooded, other) = (verifying(&server, "email").await, verifying(&server, "email").await);
    hold_back(&server).await;
    sign_up_many(&server, &flooded, 1_000).await;
    server.call("SignUp", sign_up_of(&other, "ada", "email", "ada@example.com")).await.ok();
    release(&server).await;
    eventually("the other pool's code", async || place_of(&mails, "ada@example.com").await.is_some()).await;
    // It is in the first round of twenty; of that, it may be the last one that is sent, beside a part of the next round.
    let place = place_of(&mails, "ada@example.com").await.unwrap();
    assert!(place < 40, "after {place} others");
    eventually("all mails", async || mails.lock().await.len() >= 1_001).await;
}

#[tokio::test]
async fn codes_go_before_invitations_and_these_go_meanwhile() {
    let (url, mails, _) = mail_server(vec![Mood::Accepts]).await;
    let server = TestServer::with(&[&format!("--smtp-url={url}")]).await;
    let (pool, client) = pool_with(&server, json!({"AutoVerifiedAttributes": ["email"]}), json!({})).await;
    hold_back(&server).await;
    for n in 0..200 {
        let attributes = json!([{"Name": "email", "Value": format!("invited{n}@example.com")}]);
        let input = json!({"UserPoolId": pool, "Username": format!("invited{n}"), "UserAttributes": attributes,
            "DesiredDeliveryMediums": ["EMAIL"]});
        server.operator("AdminCreateUser", input).await.ok();
    }
    sign_up_many(&server, &client, 200).await;
    release(&server).await;
    eventually("all mails", async || mails.lock().await.len() >= 400).await;
    let mails = mails.lock().await;
    let invited = |mails: &[String]| mails.iter().filter(|mail| mail.contains("To: invited")).count();
    // While codes wait, two of twenty places are theirs.
    let (during, all) = (invited(&mails[..150]), invited(&mails));
    assert!((1..=60).contains(&during) && all == 200, "{during} of {all}");
}

#[tokio::test]
async fn functions_that_hang_keep_no_other_pools_message_waiting() {
    let (server, functions) = Functions::start(&["--trigger-timeout-seconds=60"]).await;
    functions.on("CustomMessage", |_| Reply::Hang);
    let members = json!({"AutoVerifiedAttributes": ["email"], "LambdaConfig": {"CustomMessage": arn("CustomMessage")}});
    let (_, hangs) = pool_with(&server, members, json!({})).await;
    let other = verifying(&server, "email").await;
    sign_up_many(&server, &hangs, 40).await;
    eventually("its functions are at work", async || functions.events("CustomMessage").len() >= 16).await;
    for n in 0..20 {
        let address = format!("ada{n}@example.com");
        server.call("SignUp", sign_up_of(&other, &format!("ada{n}"), "email", &address)).await.ok();
        server.code(&address, 1).await;
    }
}

#[tokio::test]
async fn a_mail_that_is_tried_again_never_brings_a_code_that_was_replaced() {
    let (url, mails, _) = mail_server(vec![Mood::HangsUp, Mood::Accepts]).await;
    let server = TestServer::with(&[&format!("--smtp-url={url}")]).await;
    let client = verifying(&server, "email").await;
    server.call("SignUp", sign_up_of(&client, "ada", "email", "ada@example.com")).await.ok();
    eventually("the first fails", async || server.count("outbox WHERE failure IS NOT NULL").await == 1).await;
    server.call("ResendConfirmationCode", json!({"ClientId": client, "Username": "ada"})).await.ok();
    eventually("the second arrives", async || mails.lock().await.len() == 1).await;
    server.clock.advance(time::Duration::minutes(1));
    eventually("none is left", async || server.count("outbox WHERE sealed IS NOT NULL").await == 0).await;
    let mails = mails.lock().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let code = mails[0].split("code is ").nth(1).unwrap().get(..6).unwrap();
    server.call("ConfirmSignUp", json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code})).await.ok();
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_given_up_and_forgotten() {
    let (url, _, connections) = mail_server(vec![Mood::Refuses]).await;
    let server = TestServer::with(&[&format!("--smtp-url={url}")]).await;
    let client = verifying(&server, "email").await;
    server.call("SignUp", sign_up_of(&client, "ada", "email", "ada@example.com")).await.ok();
    let dead = "outbox WHERE due_at IS NULL AND sealed IS NULL AND attempts = 3 AND failure LIKE '%no such mailbox%'";
    for _ in 0..200 {
        if server.count(dead).await == 1 {
            assert!(connections.load(Ordering::SeqCst) >= 1);
            return;
        }
        server.clock.advance(time::Duration::seconds(30));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the message was not given up");
}

#[tokio::test]
async fn what_a_person_chose_is_not_html_in_a_plain_mail() {
    let server = TestServer::start().await;
    let template = json!({"EmailMessage": "Hello {username}, your code is {####}"});
    let pool = json!({"AutoVerifiedAttributes": ["email"], "VerificationMessageTemplate": template});
    let (_, client) = pool_with(&server, pool, json!({})).await;
    let name = "<a/href='https://evil.example'>x</a>";
    server.call("SignUp", sign_up_of(&client, name, "email", "ada@example.com")).await.ok();
    assert!(server.message("ada@example.com", 1).await.starts_with(&format!("Hello {name}, ")));
    let (url, mails, _) = mail_server(vec![Mood::Accepts]).await;
    let server = TestServer::with(&[&format!("--smtp-url={url}")]).await;
    let pool = json!({"AutoVerifiedAttributes": ["email"], "VerificationMessageTemplate": template});
    let (_, client) = pool_with(&server, pool, json!({})).await;
    server.call("SignUp", sign_up_of(&client, name, "email", "ada@example.com")).await.ok();
    await_mails(&server, &mails, 1).await;
    assert!(!mails.lock().await[0].contains("text/html"));
}

#[tokio::test]
async fn a_refused_sign_up_sends_nothing() {
    let server = TestServer::start().await;
    let client = verifying(&server, "email").await;
    server.call("SignUp", sign_up_of(&client, "ada", "email", "first@example.com")).await.ok();
    server.code("first@example.com", 1).await;
    let refusal = server.call("SignUp", sign_up_of(&client, "ada", "email", "second@example.com")).await.outcome();
    assert_eq!(refusal, "UsernameExistsException");
    assert_eq!(server.count("outbox WHERE kind = 'message.email'").await, 0);
}

#[tokio::test]
async fn without_a_road_the_operation_says_so_and_does_nothing() {
    let server = TestServer::with(&["--development-inbox=false"]).await;
    let client = verifying(&server, "email").await;
    let refusal = server.call("SignUp", sign_up_of(&client, "ada", "email", "ada@example.com")).await.refused();
    assert_eq!(
        refusal,
        "400 CodeDeliveryFailureException: This server cannot send such messages: its operator has not set smtp-url."
    );
    assert_eq!(server.count("users").await, 0);
    assert_eq!(server.http.get(format!("{}/dev/inbox", server.url)).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn text_messages_go_to_the_webhook_signed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sms", listener.local_addr().unwrap());
    let server = TestServer::with(&[&format!("--sms-webhook-url={url}"), "--sms-webhook-secret=shared"]).await;
    let client = verifying(&server, "phone_number").await;
    let answer = server.call("SignUp", sign_up_of(&client, "ada", "phone_number", "+15555550100")).await.ok();
    let details = json!({"AttributeName": "phone_number", "DeliveryMedium": "SMS", "Destination": "+*******0100"});
    assert_eq!(answer["CodeDeliveryDetails"], details);
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = vec![0; 8192];
    let mut length = 0;
    while !request[..length].ends_with(b"}") {
        length += stream.read(&mut request[length..]).await.unwrap();
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let text = String::from_utf8(request[..length].to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: "))).unwrap();
        line.split_once(": ").unwrap().1.to_owned()
    };
    let signed = format!("{}.{}.{body}", header("x-keystead-id"), header("x-keystead-timestamp"));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"shared");
    let expected = keystead::sealing::hex(aws_lc_rs::hmac::sign(&key, signed.as_bytes()).as_ref());
    assert_eq!(header("x-keystead-signature"), format!("v1={expected}"));
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["to"], "+15555550100");
    assert_eq!(body["id"], header("x-keystead-id"));
    assert!(body["message"].as_str().unwrap().starts_with("Your confirmation code is "), "{body}");
}

#[tokio::test]
async fn the_development_inbox_answers_this_machine_only() {
    let server = TestServer::start().await;
    let url = format!("{}/dev/inbox", server.url);
    assert_eq!(server.http.get(&url).send().await.unwrap().status(), 200);
    for setting in ["--public-url=https://id.example.com", "--trusted-proxies=10.0.0.0/8"] {
        let reached = TestServer::with(&[setting]).await;
        let answer = reached.http.get(format!("{}/dev/inbox", reached.url)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{setting}: others reach this server");
    }
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-for", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("via", "1.1 proxy"),
    ] {
        let answer = server.http.get(&url).header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{name}");
    }
}
