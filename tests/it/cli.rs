//! The binary itself: the first start with nothing configured, stopping and starting again, refusals, chores.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{Answer, scratch_directory, signed_headers};

pub fn keystead() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystead"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEYSTEAD_") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command
}

/// A running `keystead serve` with its private PostgreSQL.
pub struct Served {
    pub child: Child,
    pub url: String,
    pub directory: PathBuf,
    pub exports: Vec<(String, String)>,
    printed: String,
}

impl Served {
    pub fn start(directory: PathBuf) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = keystead()
            .args([
                "serve",
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--log",
                "warn",
                "--user-reads-per-second",
                "0",
                "--user-writes-per-second",
                "0",
                "--data-dir",
            ])
            .arg(&directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = String::new();
        // The greeting comes when the server answers; it ends with the line about this machine.
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            printed.push_str(&line);
            printed.push('\n');
            if line.contains("private to this machine") {
                break;
            }
        }
        let pasted: String =
            printed.lines().filter(|line| line.trim().starts_with("export ")).map(|l| format!("{l}\n")).collect();
        assert!(!pasted.is_empty(), "the server did not start: {:?}", child.try_wait());
        // As a user would: pasted into a shell.
        let shell =
            Command::new("sh").args(["-c", &format!("{pasted} env")]).env_clear().env("PATH", "/usr/bin:/bin").output();
        let exports = String::from_utf8(shell.unwrap().stdout).unwrap();
        let exports = exports.lines().filter_map(|line| line.split_once('='));
        let exports = exports.filter(|(name, _)| name.starts_with("AWS_") || matches!(*name, "POOL" | "CLIENT"));
        let exports = exports.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { child, url: format!("http://127.0.0.1:{port}"), directory, exports, printed }
    }

    pub fn export(&self, name: &str) -> &str {
        &self.exports.iter().find(|(export, _)| export == name).expect(name).1
    }

    pub async fn operator(&self, operation: &str, input: serde_json::Value) -> Answer {
        let body = input.to_string();
        let (key, secret) = (self.export("AWS_ACCESS_KEY_ID"), self.export("AWS_SECRET_ACCESS_KEY"));
        let mut request = reqwest::Client::new()
            .post(&self.url)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", crate::support::target(operation));
        for (name, value) in signed_headers(&self.url, operation, &body, key, secret, std::time::SystemTime::now()) {
            request = request.header(name, value);
        }
        Answer::of(request.body(body).send().await.unwrap()).await
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub fn stop(mut self) -> PathBuf {
        self.signal("TERM");
        assert!(self.child.wait().unwrap().success());
        std::mem::take(&mut self.directory)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn a_first_start_makes_a_demo_and_a_second_keeps_everything() {
    let server = Served::start(scratch_directory("first"));
    let pool = server.export("POOL").to_owned();
    assert_eq!(server.export("AWS_REGION"), "us-east-1");
    let input = json!({"UserPoolId": pool, "Username": "ada", "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", input).await.ok();
    let exports = server.exports.clone();
    // One data directory, one server.
    let second =
        keystead().args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&server.directory).output().unwrap();
    assert!(!second.status.success());
    assert!(text(&second).contains("uses the data directory"), "{}", text(&second));
    let directory = server.stop();
    let started = Instant::now();
    let server = Served::start(directory);
    assert!(started.elapsed() < Duration::from_secs(20));
    let without_url =
        |list: &[(String, String)]| list.iter().filter(|(name, _)| !name.contains("URL")).cloned().collect::<Vec<_>>();
    assert_eq!(without_url(&server.exports), without_url(&exports));
    // The secret itself was shown by the first start alone.
    assert!(!server.printed.contains(server.export("AWS_SECRET_ACCESS_KEY")), "{}", server.printed);
    let shown = server.operator("AdminGetUser", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    assert_eq!(shown["Username"], "ada");
    std::fs::remove_dir_all(server.stop()).unwrap();
}

#[test]
fn wrong_settings_stop_the_start_with_their_name() {
    let base = ["serve", "--listen", "127.0.0.1:0", "--data-dir", "/nonexistent/keystead"];
    for (args, name) in [
        (&["--database-url", "postgres://x@localhost/x"][..], "sealing-key"),
        (&["--public-url", "ftp://example.com"], "public-url"),
        (&["--max-body-bytes", "10"], "max-body-bytes"),
        (&["--database-connections", "0"], "database-connections"),
        (&["--region", "no spaces"], "region"),
        (&["--own-hosts", "keystead.internal,keystead:9229"], "own-hosts: \"keystead:9229\""),
        (&["--own-hosts", "https://keystead.internal"], "own-hosts"),
        (&["--relying-party-ids", "example.com,Example.org"], "relying-party-ids: \"Example.org\""),
        (&["--operator-access-key-id", "AKIA"], "--operator-secret-access-key"),
        (&["--trigger-secret", "0123456789abcdef"], "trigger-url"),
        (&["--trigger-url", "https://example.com/{function}"], "trigger-secret"),
        (&["--trigger-url", "https://example.com/{function}", "--trigger-secret", "short"], "trigger-secret"),
        (&["--trigger-url", "https://example.com/", "--trigger-secret", "0123456789abcdef"], "{function}"),
    ] {
        let output = keystead().args(base).args(args).output().unwrap();
        assert!(!output.status.success() && text(&output).contains(name), "{args:?}: {}", text(&output));
    }
}

#[test]
fn an_empty_variable_is_an_empty_list_and_no_other_setting() {
    let told = |name: &str, flags: &[&str]| {
        let command =
            keystead().args(["serve", "--data-dir", "/nonexistent/keystead"]).args(flags).env(name, "").output();
        text(&command.unwrap())
    };
    for list in ["OWN_HOSTS", "RELYING_PARTY_IDS", "MAIL_SENDERS", "APP_ORIGINS", "TRUSTED_PROXIES"] {
        let told = told(&format!("KEYSTEAD_{list}"), &["--max-body-bytes", "1"]);
        assert!(told.contains("max-body-bytes: must be"), "{told}");
    }
    let told = told("DATABASE_URL", &["--max-body-bytes", "1"]);
    assert!(told.contains("max-body-bytes: must be"), "{told}");
}

#[test]
fn an_operators_help_shows_its_own_flags_alone() {
    for args in [&["operator", "--help"][..], &["operator", "create", "--help"], &["migrate", "--help"]] {
        let help = text(&keystead().args(args).output().unwrap());
        assert!(!help.contains("--max-body-bytes") && help.contains("keystead serve --help"), "{help}");
    }
    let help = text(&keystead().args(["operator", "create", "--help"]).output().unwrap());
    assert!(help.contains("--role") && help.contains("--pool"), "{help}");
    let help = text(&keystead().args(["serve", "--help"]).output().unwrap());
    assert!(help.contains("--max-body-bytes"), "{help}");
}

#[test]
fn migrations_need_no_sealing_key() {
    let migrate = |command: &str| {
        let mut migrate = keystead();
        text(&migrate.arg(command).env("DATABASE_URL", "postgres://keystead@127.0.0.1:1/keystead").output().unwrap())
    };
    assert!(migrate("serve").contains("sealing-key: with DATABASE_URL"));
    let told = migrate("migrate");
    assert!(told.contains("cannot migrate the database") && !told.contains("sealing-key"), "{told}");
}

#[test]
fn the_settings_file_is_read_below_flags_and_unknown_settings_are_refused() {
    let directory = scratch_directory("settings");
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("keystead.toml");
    let doctor = |toml: &str, flag: &[&str]| {
        std::fs::write(&file, toml).unwrap();
        text(
            &keystead()
                .args(["serve", "--data-dir", "/nonexistent/keystead", "--config"])
                .arg(&file)
                .args(flag)
                .output()
                .unwrap(),
        )
    };
    assert!(doctor("region = 'b@d'", &[]).contains("region: \"b@d\""));
    assert!(!doctor("region = 'b@d'", &["--region", "eu-west-1", "--max-body-bytes", "1"]).contains("b@d"));
    assert!(doctor("regiom = 'x'", &[]).contains("there is no setting regiom"));
    assert!(doctor("[web_acl]\nallow = ['nonsense']", &[]).contains("web_acl"));
    // A misspelt rule would be a rule that is silently not there.
    assert!(doctor("[web_acl]\ndeny = ['10.0.0.0/8']", &[]).contains("unknown field `deny`"));
    assert!(doctor("[pools.eu_a]\nmail_sender = ['a@b.example']", &[]).contains("unknown field `mail_sender`"));
    assert!(doctor("[pools.eu_a]\nmail_senders = ['b.example']", &[]).contains("mail-senders: \"b.example\""));
    let relying_party = doctor("[pools.eu_a]\nrelying_party_ids = ['https://b.example']", &[]);
    assert!(relying_party.contains("relying-party-ids: \"https://b.example\""), "{relying_party}");
    assert!(doctor("[pools.eu]\nmail_senders = []", &[]).contains("pools: \"eu\" is not a user pool ID"));
    assert!(doctor("[web_acl.pools.eu_a]\nallows = ['10.0.0.0/8']", &[]).contains("unknown field `allows`"));
    std::fs::remove_dir_all(directory).unwrap();
}

/// A value that docker-compose.yml gives a variable which its user does not set.
fn of_compose_file(name: &str) -> String {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docker-compose.yml")).unwrap();
    let line = file.lines().find(|line| line.trim().starts_with(&format!("{name}: "))).unwrap();
    line.split_once(":-").unwrap().1.trim_end_matches('}').to_owned()
}

#[test]
fn what_everybody_knows_is_for_local_servers_only() {
    let file = scratch_directory("known");
    std::fs::write(&file, of_compose_file("KEYSTEAD_SEALING_KEY") + "\n").unwrap();
    let file = file.display().to_string();
    let serve = |url: &str, variables: &[(&str, &str)]| {
        let mut command = keystead();
        command.args(["serve", "--listen", "127.0.0.1:0", "--public-url", url]);
        command.env("DATABASE_URL", "postgres://keystead@127.0.0.1:1/keystead").envs(variables.iter().copied());
        text(&command.output().unwrap())
    };
    let own = format!("{}=", "A".repeat(43));
    let (key, secret) =
        (of_compose_file("KEYSTEAD_SEALING_KEY"), of_compose_file("KEYSTEAD_OPERATOR_SECRET_ACCESS_KEY"));
    let operator = [("KEYSTEAD_OPERATOR_ACCESS_KEY_ID", "AKIAOTHER"), ("KEYSTEAD_OPERATOR_SECRET_ACCESS_KEY", &secret)];
    for url in
        ["https://id.example.com", "http://192.0.2.1:9229", "http://keystead:9229", "http://localhost.example.com"]
    {
        for (variables, name) in [
            (vec![("KEYSTEAD_SEALING_KEY", key.as_str())], "sealing-key: is the one of docker-compose.yml"),
            (vec![("KEYSTEAD_SEALING_KEY_FILE", file.as_str())], "sealing-key: is the one of docker-compose.yml"),
            (
                [&[("KEYSTEAD_SEALING_KEY", own.as_str())], &operator[..]].concat(),
                "operator-secret-access-key: is the one of docker-compose.yml",
            ),
        ] {
            let said = serve(url, &variables);
            assert!(said.contains(name), "{url} {variables:?}: {said}");
        }
    }
    let all = [&[("KEYSTEAD_SEALING_KEY", key.as_str())], &operator[..]].concat();
    for url in ["http://localhost:9229", "http://127.0.0.1:9229", "http://[::1]:9229", "http://id.localhost"] {
        assert!(serve(url, &all).contains("is it running?"), "{url}: settings are good, the database is not there");
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn an_operator_whose_secret_everybody_knows_is_found_when_the_server_moves() {
    let directory = scratch_directory("moved");
    let run = |args: &[&str], url: &str| {
        let mut command = keystead();
        command.args(args).arg("--data-dir").arg(&directory).args(["--public-url", url]);
        command.env("KEYSTEAD_OPERATOR_ACCESS_KEY_ID", "AKIAUNDERANOTHERNAME");
        command.env("KEYSTEAD_OPERATOR_SECRET_ACCESS_KEY", of_compose_file("KEYSTEAD_OPERATOR_SECRET_ACCESS_KEY"));
        command
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let serve = ["serve", "--listen", &format!("127.0.0.1:{port}")];
    let mut child = run(&serve, "http://localhost:9229").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.into_iter().any(|line| line.contains("private to this machine")), "{:?}", child.try_wait());
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    child.wait().unwrap();
    let moved = |args: &[&str]| {
        let mut command = run(args, "https://id.example.com");
        for name in ["KEYSTEAD_OPERATOR_ACCESS_KEY_ID", "KEYSTEAD_OPERATOR_SECRET_ACCESS_KEY"] {
            command.env_remove(name);
        }
        text(&command.output().unwrap())
    };
    for args in [&serve[..], &["doctor"]] {
        let said = moved(args);
        assert!(said.contains("keystead operator delete AKIAUNDERANOTHERNAME"), "{args:?}: {said}");
    }
    moved(&["operator", "delete", "AKIAUNDERANOTHERNAME"]);
    assert!(!moved(&["doctor"]).contains("everybody knows"));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn plain_http_for_another_host_is_told_by_doctor() {
    let said = |url: &str| {
        let mut command = keystead();
        text(&command.args(["doctor", "--data-dir", "/nonexistent", "--public-url", url]).output().unwrap())
    };
    for url in ["http://id.example.com", "http://localhost.example.com:9229", "http://192.0.2.1"] {
        assert!(said(url).contains("note  public-url: is plain http of another host"), "{url}: {}", said(url));
    }
    for url in ["https://id.example.com", "http://localhost:9229", "http://127.0.0.1:9229"] {
        assert!(!said(url).contains("note  public-url"), "{url}");
    }
}

#[test]
fn what_is_mistyped_is_named_with_what_to_do() {
    let said = |args: &[&str], variable: (&str, &str)| {
        let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let mut command = keystead();
        command.args(args).env("KEYSTEAD_SEALING_KEY", key).env(variable.0, variable.1);
        text(&command.output().unwrap())
    };
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let unreachable = said(&serve, ("DATABASE_URL", "postgres://keystead@127.0.0.1:1/keystead"));
    assert!(unreachable.contains("127.0.0.1:1: ") && unreachable.contains("is it running?"), "{unreachable}");
    assert!(said(&serve, ("DATABASE_URL", "mysql://db/keystead")).contains("not a postgres:// address"));
    assert!(said(&["serve"], ("KEYSTEAD_LISTEN", "9300")).contains("such as 127.0.0.1:9229"));
    assert!(said(&["serve"], ("KEYSTEAD_LOG", "verbose")).contains("there is no level verbose"));
    assert!(said(&["doctor"], ("KEYSTEAD_PUBLIC_URL", "id.example.com")).contains("https://id.example.com"));
    assert!(
        said(&["doctor", "--data-dir", "/nonexistent"], ("KEYSTEAD_LISTENS", "x"))
            .contains("no setting KEYSTEAD_LISTENS")
    );
}

#[test]
fn a_check_makes_nothing_and_another_sealing_key_is_refused_before_the_first_pool() {
    let directory = scratch_directory("check");
    let run = |args: &[&str], key: &str| {
        let output = keystead().args(args).arg("--data-dir").arg(&directory).env("KEYSTEAD_SEALING_KEY", key).output();
        text(&output.unwrap())
    };
    let (ours, other) = (format!("{}=", "A".repeat(43)), format!("{}=", "B".repeat(42) + "A"));
    assert!(run(&["doctor"], &ours).contains("there is none yet"));
    assert!(!directory.join("postgres").exists());
    assert!(run(&["operator", "create"], &ours).contains("AWS_SECRET_ACCESS_KEY"));
    assert!(run(&["doctor"], &ours).contains("ok    sealing key"));
    for args in [&["doctor"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        assert!(run(args, &other).contains("another sealing key"), "{args:?}");
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn every_command_has_help() {
    for args in [
        &[][..],
        &["serve"],
        &["migrate"],
        &["doctor"],
        &["operator"],
        &["operator", "create"],
        &["run-job"],
        &["health"],
        &["dev"],
        &["dev", "authenticator", "create"],
    ] {
        let output = keystead().args(args).arg("--help").output().unwrap();
        assert!(output.status.success() && text(&output).contains("Usage: keystead"), "{args:?}");
    }
}

#[tokio::test]
async fn doctor_health_and_chores_work_on_a_data_directory() {
    let server = Served::start(scratch_directory("doctor"));
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    assert!(keystead().args(["health", "--listen", &address]).status().unwrap().success());
    let directory = server.stop();
    assert!(!keystead().args(["health", "--listen", &address]).output().unwrap().status.success());
    let run = |args: &[&str]| {
        let (command, rest) = args.split_first().unwrap();
        keystead().arg(command).arg("--data-dir").arg(&directory).args(rest).output().unwrap()
    };
    let doctor = run(&["doctor"]);
    assert!(doctor.status.success(), "{}", text(&doctor));
    for line in ["ok    database", "ok    migrations", "ok    sealing key", "ok    clock", "ok    operators"] {
        assert!(text(&doctor).contains(line), "{}", text(&doctor));
    }
    assert!(text(&run(&["operator", "create", "--role", "read-only"])).contains("AWS_SECRET_ACCESS_KEY="));
    assert!(text(&run(&["operator", "list"])).contains("read-only  *"));
    assert!(text(&run(&["run-job", "remove-expired"])).contains("removed 0 rows"));
    // Another sealing key opens nothing, and says so.
    std::fs::remove_file(directory.join("sealing.key")).unwrap();
    let other = run(&["doctor"]);
    assert!(!other.status.success() && text(&other).contains("sealed with another sealing key"), "{}", text(&other));
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn the_command_line_does_with_passkeys_what_the_api_does() {
    let server = Served::start(scratch_directory("passkeys"));
    let (pool, client) = (server.export("POOL").to_owned(), server.export("CLIENT").to_owned());
    let user = json!({"UserPoolId": pool, "Username": "ada", "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", user).await.ok();
    let password =
        json!({"UserPoolId": pool, "Username": "ada", "Password": crate::support::PASSWORD, "Permanent": true});
    server.operator("AdminSetUserPassword", password).await.ok();
    let mut ada = crate::support::Person::at_url(&server.url, "ada");
    ada.sign_in_to(&client).await;
    let run = |args: &[&str], token: Option<&str>| {
        let mut command = keystead();
        command.arg("passkeys").args(args).env("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", &server.url);
        match token {
            Some(token) => command.env("KEYSTEAD_ACCESS_TOKEN", token),
            None => command.envs(
                server.exports.iter().filter(|(name, _)| name != "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER").cloned(),
            ),
        };
        let output = command.output().unwrap();
        match output.status.success() {
            true => Ok(serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()),
            false => Err(text(&output)),
        }
    };
    let id = ada.add_passkey().await;
    let token = ada.access_token.clone();
    let of_ada = ["--user-pool-id", &pool, "--username", "ada"];
    run(&["rename", "--credential-id", &id, "--name", "My phone"], Some(&token)).unwrap();
    for listed in [run(&["list"], Some(&token)).unwrap(), run(&[&["list"], &of_ada[..]].concat(), None).unwrap()] {
        assert_eq!(listed["Credentials"][0]["FriendlyCredentialName"], "My phone");
    }
    assert_eq!(run(&["signals"], Some(&token)).unwrap()["AllAcceptedCredentialIds"], json!([id]));
    let policy = ["policy", "--user-pool-id", &pool];
    run(&[&policy[..], &["--set", r#"{"MaximumPasskeys": 3}"#]].concat(), None).unwrap();
    assert_eq!(run(&policy, None).unwrap()["PasskeyPolicy"]["MaximumPasskeys"], 3);
    run(&["branding", "--user-pool-id", &pool, "--set", r##"{"AccentColor": "#123456"}"##], None).unwrap();
    run(&[&["delete", "--credential-id", &id], &of_ada[..]].concat(), None).unwrap();
    let gone = run(&["delete", "--credential-id", &id], Some(&token)).unwrap_err();
    assert!(gone.contains("ResourceNotFoundException: The passkey does not exist."), "{gone}");
    let nobody = run(&["signals"], None).unwrap_err();
    assert!(nobody.contains("KEYSTEAD_ACCESS_TOKEN"), "{nobody}");
    let nonsense = run(&[&policy[..], &["--set", "x"]].concat(), None).unwrap_err();
    assert!(nonsense.contains("set: it is not JSON"), "{nonsense}");
}

#[tokio::test]
async fn a_relying_party_that_does_not_fit_the_public_url_is_told_by_doctor() {
    let server = Served::start(scratch_directory("doctor-rp"));
    let pool = server.export("POOL").to_owned();
    let other = json!({"UserPoolId": pool, "WebAuthnConfiguration": {"RelyingPartyId": "example.com"}});
    server.operator("SetUserPoolMfaConfig", other).await.ok();
    let directory = tokio::task::spawn_blocking(|| server.stop()).await.unwrap();
    let said = |url: &str| {
        let mut command = keystead();
        command.args(["doctor", "--public-url", url, "--data-dir"]).arg(&directory);
        text(&command.output().unwrap())
    };
    let told = format!("note  {pool}: has the RelyingPartyId example.com, which does not fit the host localhost");
    assert!(said("http://localhost:9229").contains(&told), "{}", said("http://localhost:9229"));
    for url in ["https://example.com", "https://id.example.com"] {
        assert!(said(url).contains(&format!("ok    {pool}: has the RelyingPartyId example.com")), "{}", said(url));
    }
    std::fs::remove_dir_all(directory).unwrap();
}
