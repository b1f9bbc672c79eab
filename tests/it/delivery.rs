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

use crate::support::{PASSWORD, TestServer, pool_with};

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
        Mood::Accepts | Mood::Refuses => stream.write_all(b"220 here\r\n").await?,
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
