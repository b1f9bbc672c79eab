//! Importing users from a file.

use serde_json::{Value, json};

use crate::support::{self, Answer, PASSWORD, TestServer, initiate, pool_with, srp_client};

const ROLE: &str = "arn:aws:iam::123456789012:role/import";
const HEADER: &str =
    "cognito:username,email,email_verified,phone_number,phone_number_verified,cognito:mfa_enabled,custom:plan";

/// The header of a file with password hashes.
const HASHED: &str = "cognito:username,email,email_verified,cognito:password_hash";
/// Hashes of [`PASSWORD`], by Python's `bcrypt` and `argon2-cffi` and by its `hashlib`.
const BCRYPT: &str = "$2b$05$NpYt/2YuRs6iwsJC2czAB.1dcsSrbXB/xhtT7A5exGcG14JEsTAzm";
const ARGON2ID: &str =
    "$argon2id$v=19$m=1024,t=2,p=4$KZukNoukgBhkUAKEHpsOWg$GioWq7iXn32I3G+jL6dZ/pmImIfdnE384lcvT2DjO8Y";
const SCRYPT: &str = "$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$cEeGiMhK/rz6HHvuBIiNK/biijwzFMyGmmVVmCFONkM";
const PBKDF2: &str = "$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$2/6i32L0Bi6MtP2OuJMPcqA89+m4kdqqE3/bAThGMxs";
const WRONG: &str = "400 NotAuthorizedException: Incorrect username or password.";

struct Stage {
    server: TestServer,
    pool: String,
    client: String,
}

impl Stage {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(args: &[&str]) -> Self {
        let server = TestServer::with(args).await;
        let schema = json!([{"Name": "plan", "AttributeDataType": "String", "Mutable": true}]);
        let (pool, client) = pool_with(&server, json!({"Schema": schema}), json!({})).await;
        Self { server, pool, client }
    }

    async fn job(&self, operation: &str, id: &Value) -> Answer {
        self.server.operator(operation, json!({"UserPoolId": self.pool, "JobId": id})).await
    }

    async fn make(&self) -> Value {
        self.make_with(json!({})).await
    }

    /// Makes a job with these members as well.
    async fn make_with(&self, members: Value) -> Value {
        let mut input = json!({"UserPoolId": self.pool, "JobName": "move", "CloudWatchLogsRoleArn": ROLE});
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.server.operator("CreateUserImportJob", input).await.ok()["UserImportJob"].clone()
    }

    async fn upload(&self, job: &Value, file: &str) -> u16 {
        // Its address is the public one; the test's server has another port.
        let url = job["PreSignedUrl"].as_str().unwrap().replace("http://localhost:9229", &self.server.url);
        let request = self.server.http.put(url).header("x-amz-server-side-encryption", "aws:kms");
        request.body(file.to_owned()).send().await.unwrap().status().as_u16()
    }

    /// Makes, fills and starts a job, and waits until it has ended.
    async fn import(&self, file: &str) -> Value {
        let job = self.make().await;
        self.run(job, file).await
    }

    /// Imports users with hashes that this algorithm made of [`PASSWORD`].
    async fn import_hashes(&self, algorithm: &str, rows: &[(&str, &str)]) -> Value {
        let rows: String =
            rows.iter().map(|(name, hash)| format!("{name},{name}@example.com,true,\"{hash}\"\n")).collect();
        let job = self.make_with(json!({"PasswordHashingAlgorithm": algorithm})).await;
        assert_eq!(job["PasswordHashingAlgorithm"], algorithm);
        self.run(job, &format!("{HASHED}\n{rows}")).await
    }

    async fn status(&self, username: &str) -> String {
        let input = json!({"UserPoolId": self.pool, "Username": username});
        let user = self.server.operator("AdminGetUser", input).await.ok();
        user["UserStatus"].as_str().unwrap().to_owned()
    }

    /// Signs in with a password that the request contains.
    async fn sign_in(&self, username: &str, password: &str) -> Answer {
        let parameters = json!({"USERNAME": username, "PASSWORD": password});
        self.server.call("InitiateAuth", initiate(&self.client, "USER_PASSWORD_AUTH", parameters)).await
    }

    async fn run(&self, job: Value, file: &str) -> Value {
        assert_eq!(self.upload(&job, file).await, 200);
        let started = self.job("StartUserImportJob", &job["JobId"]).await.ok()["UserImportJob"].clone();
        assert_eq!(started["Status"], "Pending");
        self.ended(&job["JobId"]).await
    }

    async fn ended(&self, id: &Value) -> Value {
        for _ in 0..600 {
            let job = self.job("DescribeUserImportJob", id).await.ok()["UserImportJob"].clone();
            if job["CompletionDate"].is_number() {
                return job;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the job does not end");
    }
}

fn counts(job: &Value) -> (i64, i64, i64) {
    let of = |member: &str| job[member].as_i64().unwrap();
    (of("ImportedUsers"), of("SkippedUsers"), of("FailedUsers"))
}

#[tokio::test]
async fn users_are_imported_and_set_a_password_of_their_own() {
    let stage = Stage::new().await;
    let header = stage.server.operator("GetCSVHeader", json!({"UserPoolId": stage.pool})).await.ok();
    let header = header["CSVHeader"].as_array().unwrap().clone();
    assert_eq!((header.len(), &header[0], &header[21]), (22, &json!("name"), &json!("cognito:username")));
    assert!(header.contains(&json!("custom:plan")) && header.contains(&json!("cognito:mfa_enabled")));
    stage.server.user_in(&stage.pool, "here").await;
    let rows = [
        "ada,ada@example.com,TRUE,,,FALSE,gold",
        "bob,,,+15555550100,true,,\"a, b\"",
        "here,here@example.com,true,,,,",
        "unverified,u@example.com,false,,,,",
        "broken,not an address,true,,,,",
        "short,row",
        ",nameless@example.com,true,,,,",
        "two words,two@example.com,true,,,,",
        "mfa,mfa@example.com,true,,,TRUE,",
    ];
    let job = stage.import(&format!("\u{feff}{HEADER}\r\n{}\r\n", rows.join("\r\n"))).await;
    assert_eq!((job["Status"].as_str().unwrap(), counts(&job)), ("Succeeded", (2, 1, 6)), "{job}");
    assert!(job["CompletionMessage"].as_str().unwrap().contains("rows_failed"), "{job}");
    let user = stage.server.operator("AdminGetUser", json!({"UserPoolId": stage.pool, "Username": "ada"})).await.ok();
    assert_eq!(user["UserStatus"], "RESET_REQUIRED");
    let attributes = user["UserAttributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({"Name": "custom:plan", "Value": "gold"})), "{user}");
    stage.server.call("ForgotPassword", json!({"ClientId": stage.client, "Username": "ada"})).await.ok();
    let code = stage.server.code("ada@example.com", 1).await;
    let reset = json!({"ClientId": stage.client, "Username": "ada", "ConfirmationCode": code, "Password": PASSWORD});
    stage.server.call("ConfirmForgotPassword", reset).await.ok();
    let auth = initiate(&stage.client, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD}));
    stage.server.call("InitiateAuth", auth).await.ok();
    assert_eq!(stage.server.count("user_import_jobs WHERE file IS NOT NULL").await, 0, "the file is not kept");
}

#[tokio::test]
async fn a_job_is_started_once_with_a_file_that_came_in_time() {
    let stage = Stage::new().await;
    let job = stage.make().await;
    let id = &job["JobId"];
    let refusal = stage.job("StartUserImportJob", id).await.refused();
    assert_eq!(refusal, "400 PreconditionNotMetException: Upload the CSV file to the job's PreSignedUrl first.");
    assert_eq!(stage.upload(&job, HEADER).await, 200);
    let mut forged = job.clone();
    forged["PreSignedUrl"] = json!(format!("{}A", job["PreSignedUrl"].as_str().unwrap()));
    assert_eq!(stage.upload(&forged, "x").await, 403);
    stage.job("StartUserImportJob", id).await.ok();
    assert_eq!(stage.job("StartUserImportJob", id).await.outcome(), "PreconditionNotMetException");
    assert_eq!(stage.upload(&job, "x").await, 409);
    let job = stage.ended(id).await;
    assert_eq!((job["Status"].as_str().unwrap(), counts(&job)), ("Succeeded", (0, 0, 0)));
    assert_eq!(job["CompletionMessage"], "Import_Job_Completed_Successfully");
    let large = stage.make().await;
    assert_eq!(stage.upload(&large, &"x".repeat(16 * 1024 * 1024 + 1)).await, 413);
    assert_eq!(stage.upload(&large, &"x".repeat(16 * 1024 * 1024)).await, 200);
    let late = stage.make().await;
    stage.server.clock.advance(time::Duration::minutes(16));
    assert_eq!(stage.upload(&late, HEADER).await, 403);
    let refusal = stage.job("DescribeUserImportJob", &json!("import-none")).await.outcome();
    assert_eq!(refusal, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_file_has_a_place_as_any_request() {
    let stage = Stage::with(&["--max-requests-in-flight=1", "--max-requests-waiting=0"]).await;
    let job = stage.make().await;
    let other = stage.server.app.admission.seat("203.0.113.1".parse().unwrap(), "file of users");
    other.clone().scope(keystead::admission::sit()).await.unwrap();
    assert_eq!(stage.upload(&job, HEADER).await, 503);
    drop(other);
    assert_eq!(stage.upload(&job, HEADER).await, 200);
}

#[tokio::test]
async fn files_of_another_form_fail_as_a_whole() {
    let stage = Stage::new().await;
    for file in
        ["", "name,email\n", "cognito:username,unknown\n", "cognito:username,email,email\n", "cognito:username;email\n"]
    {
        let job = stage.import(file).await;
        assert_eq!((&job["Status"], counts(&job)), (&json!("Failed"), (0, 0, 0)), "{file}");
        assert!(job["CompletionMessage"].as_str().unwrap().contains("header"), "{job}");
    }
}

#[tokio::test]
async fn a_job_goes_on_at_the_next_row_after_who_worked_on_it_is_gone() {
    let stage = Stage::new().await;
    let job = stage.make().await;
    let rows: String = (0..5).map(|n| format!("user-{n},user-{n}@example.com,true,,,,\n")).collect();
    stage.upload(&job, &format!("{HEADER}\n{rows}")).await;
    // As a replica leaves it that died after two rows.
    stage.server.sql("UPDATE user_import_jobs SET status = 'InProgress', done = 2, imported = 2").await;
    let job = stage.ended(&job["JobId"]).await;
    assert_eq!(counts(&job), (5, 0, 0));
    assert_eq!(stage.server.count("users WHERE username LIKE 'user-%'").await, 3);
}

#[tokio::test]
async fn two_replicas_import_each_row_once_and_a_stopped_job_stops() {
    let stage = Stage::new().await;
    let replica = stage.server.replica().await;
    let rows: String = (0..300).map(|n| format!("user-{n},user-{n}@example.com,true,,,,\n")).collect();
    let job = stage.import(&format!("{HEADER}\n{rows}")).await;
    assert_eq!(counts(&job), (300, 0, 0));
    drop(replica);
    let many: String = (0..20_000).map(|n| format!("more-{n},more-{n}@example.com,true,,,,\n")).collect();
    let job = stage.make().await;
    assert_eq!(stage.upload(&job, &format!("{HEADER}\n{many}")).await, 200);
    stage.job("StartUserImportJob", &job["JobId"]).await.ok();
    while stage.server.count("users WHERE username LIKE 'more-%'").await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let stopping = stage.job("StopUserImportJob", &job["JobId"]).await.ok();
    assert_eq!(stopping["UserImportJob"]["Status"], "Stopping");
    let job = stage.ended(&job["JobId"]).await;
    assert_eq!(job["Status"], "Stopped");
    let imported = stage.server.count("users WHERE username LIKE 'more-%'").await;
    assert_eq!(counts(&job), (imported, 0, 0));
    assert!(imported < 20_000);
    assert_eq!(stage.job("StopUserImportJob", &job["JobId"]).await.outcome(), "PreconditionNotMetException");
}

#[tokio::test]
async fn jobs_are_listed_and_ten_may_wait() {
    let stage = Stage::new().await;
    let mut made = Vec::new();
    for _ in 0..10 {
        made.push(stage.make().await["JobId"].clone());
        stage.server.clock.advance(time::Duration::seconds(1));
    }
    let input = json!({"UserPoolId": stage.pool, "JobName": "one more", "CloudWatchLogsRoleArn": ROLE});
    assert_eq!(stage.server.operator("CreateUserImportJob", input.clone()).await.outcome(), "LimitExceededException");
    let stopped = stage.job("StopUserImportJob", &made[0]).await.ok();
    assert_eq!(stopped["UserImportJob"]["Status"], "Stopped");
    stage.server.operator("CreateUserImportJob", input).await.ok();
    let mut page = json!({"UserPoolId": stage.pool, "MaxResults": 4});
    let mut listed = Vec::new();
    loop {
        let answer = stage.server.operator("ListUserImportJobs", page.clone()).await.ok();
        listed.extend(answer["UserImportJobs"].as_array().unwrap().iter().map(|job| job["JobId"].clone()));
        page["PaginationToken"] = answer["PaginationToken"].clone();
        if page["PaginationToken"].is_null() {
            break;
        }
    }
    assert_eq!((listed.len(), &listed[..10]), (11, &made[..]));
}

#[tokio::test]
async fn who_may_only_read_does_not_see_where_the_file_goes() {
    let stage = Stage::new().await;
    let sealing = keystead::sealing::SealingKey::new(&[7; 32]);
    let secret = keystead::secret::Secret::from("another-secret-0123456789".to_owned());
    let now = keystead::clock::Clock::now(&keystead::clock::SystemClock);
    keystead::store::operators::put(&stage.server.db, &sealing, None, "AKREAD", &secret, "read-only", now)
        .await
        .unwrap();
    let job = stage.make().await;
    let named = json!({"UserPoolId": stage.pool, "JobId": job["JobId"]});
    let read =
        stage.server.operator_with("DescribeUserImportJob", named, "AKREAD", "another-secret-0123456789").await.ok();
    assert!(read["UserImportJob"].get("PreSignedUrl").is_none(), "{read}");
    let listed = json!({"UserPoolId": stage.pool, "MaxResults": 10});
    let read =
        stage.server.operator_with("ListUserImportJobs", listed, "AKREAD", "another-secret-0123456789").await.ok();
    assert!(read["UserImportJobs"][0].get("PreSignedUrl").is_none(), "{read}");
    assert_eq!(stage.upload(&job, HEADER).await, 200);
    assert_eq!(stage.server.count("audit_events WHERE event = 'import.uploaded'").await, 1);
    stage.server.clock.advance(time::Duration::minutes(16));
    let late = stage.job("DescribeUserImportJob", &job["JobId"]).await.ok();
    assert!(late["UserImportJob"].get("PreSignedUrl").is_none(), "{late}");
}

#[tokio::test]
async fn a_pool_is_deleted_while_its_users_are_imported() {
    let stage = Stage::new().await;
    let many: String = (0..5_000).map(|n| format!("user-{n},user-{n}@example.com,true,,,,\n")).collect();
    let job = stage.make().await;
    stage.upload(&job, &format!("{HEADER}\n{many}")).await;
    stage.job("StartUserImportJob", &job["JobId"]).await.ok();
    while stage.server.count("users").await < 20 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    stage.server.operator("DeleteUserPool", json!({"UserPoolId": stage.pool})).await.ok();
    assert_eq!(stage.server.count("user_import_jobs").await, 0);
}

#[tokio::test]
async fn a_row_that_met_somebody_elses_lock_is_imported_later() {
    let stage = Stage::new().await;
    let job = stage.make().await;
    stage.upload(&job, &format!("{HEADER}\nada,ada@example.com,true,,,,\n")).await;
    let mut other = stage.server.db.begin().await.unwrap();
    let lock = "SELECT 1 FROM user_pools WHERE user_pool_id = $1 FOR UPDATE";
    sqlx::query(lock).bind(&stage.pool).execute(&mut *other).await.unwrap();
    stage.server.sql("UPDATE user_import_jobs SET status = 'Pending'").await;
    while stage.server.count("user_import_jobs WHERE takes > 0").await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    other.rollback().await.unwrap();
    stage.server.clock.advance(time::Duration::minutes(2));
    let job = stage.ended(&job["JobId"]).await;
    assert_eq!(counts(&job), (1, 0, 0));
}

#[tokio::test]
async fn people_keep_the_passwords_that_another_system_hashed() {
    // With the usual settings of the tests, these hashes would cost too much.
    let stage = Stage::with(&["--password-memory-kib=4096", "--password-iterations=2"]).await;
    for (algorithm, name, hash) in [
        ("BCRYPT", "ada", BCRYPT),
        ("ARGON2ID", "bob", ARGON2ID),
        ("SCRYPT", "cleo", SCRYPT),
        ("PBKDF2_SHA256", "dan", PBKDF2),
    ] {
        let job = stage.import_hashes(algorithm, &[(name, hash)]).await;
        assert_eq!(counts(&job), (1, 0, 0), "{job}");
        assert_eq!(stage.status(name).await, "CONFIRMED");
        let stored = format!("SELECT password_hash FROM users WHERE username = '{name}'");
        assert_eq!(stage.sign_in(name, "wrong-Passw0rd!").await.refused(), WRONG);
        assert_eq!(stage.server.sql_text(&stored).await, hash);
        stage.sign_in(name, PASSWORD).await.ok();
        let replaced = stage.server.sql_text(&stored).await;
        assert!(replaced.starts_with("$argon2id$v=19$m=4096,t=2,p=1$"), "{replaced}");
        stage.sign_in(name, PASSWORD).await.ok();
        assert_eq!(stage.sign_in(name, "wrong-Passw0rd!").await.refused(), WRONG);
    }
}

#[tokio::test]
async fn a_row_whose_hash_is_foul_or_costs_too_much_fails() {
    let stage = Stage::with(&["--password-memory-kib=4096", "--password-iterations=2"]).await;
    let rows = [
        ("ada", ARGON2ID.to_owned()),
        ("slow", ARGON2ID.replace("t=2", "t=33")),
        ("large", ARGON2ID.replace("m=1024,t=2", "m=65537,t=1")),
        ("other", BCRYPT.to_owned()),
        ("plain", PASSWORD.to_owned()),
        ("without", String::new()),
    ];
    let rows: Vec<_> = rows.iter().map(|(name, hash)| (*name, hash.as_str())).collect();
    let job = stage.import_hashes("ARGON2ID", &rows).await;
    assert_eq!((job["Status"].as_str().unwrap(), counts(&job)), ("Succeeded", (2, 0, 4)), "{job}");
    stage.sign_in("ada", PASSWORD).await.ok();
    assert_eq!(stage.status("without").await, "RESET_REQUIRED");
}

#[tokio::test]
async fn hashes_are_taken_only_by_a_job_that_names_their_algorithm() {
    let stage = Stage::new().await;
    let job = stage.import(&format!("{HASHED}\nada,ada@example.com,true,{BCRYPT}\n")).await;
    assert_eq!((&job["Status"], counts(&job)), (&json!("Failed"), (0, 0, 0)), "{job}");
    assert!(job.get("PasswordHashingAlgorithm").is_none(), "{job}");
    let hashed = stage.make_with(json!({"PasswordHashingAlgorithm": "BCRYPT"})).await;
    let job = stage.run(hashed, "cognito:username,email,email_verified\nada,ada@example.com,true\n").await;
    assert_eq!((&job["Status"], counts(&job)), (&json!("Failed"), (0, 0, 0)), "{job}");
    let unknown = json!({"UserPoolId": stage.pool, "JobName": "move", "CloudWatchLogsRoleArn": ROLE, "PasswordHashingAlgorithm": "MD5"});
    let refusal = stage.server.operator("CreateUserImportJob", unknown).await.refused();
    assert!(refusal.contains("[BCRYPT, SCRYPT, ARGON2ID, PBKDF2_SHA256]"), "{refusal}");
}

#[tokio::test]
async fn an_imported_password_is_proved_by_srp_after_it_was_sent_once() {
    let stage = Stage::with(&["--password-memory-kib=4096"]).await;
    let srp = json!({"UserPoolId": stage.pool, "ClientName": "srp",
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]});
    let srp = stage.server.operator("CreateUserPoolClient", srp).await.ok();
    let client = &srp["UserPoolClient"]["ClientId"];
    stage.import_hashes("PBKDF2_SHA256", &[("ada", PBKDF2)]).await;
    let prove = async || {
        let person = srp_client::Client::new();
        let parameters = json!({"USERNAME": "ada", "SRP_A": person.public().to_str_radix(16)});
        let start = support::initiate(client.as_str().unwrap(), "USER_SRP_AUTH", parameters);
        let challenge = stage.server.call("InitiateAuth", start).await.ok();
        let responses = person.answer_of(&stage.pool, PASSWORD, &challenge["ChallengeParameters"]);
        let answer = json!({"ClientId": client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses});
        stage.server.call("RespondToAuthChallenge", answer).await
    };
    assert_eq!(prove().await.refused(), WRONG);
    stage.sign_in("ada", PASSWORD).await.ok();
    prove().await.ok();
}

#[tokio::test]
async fn a_password_that_is_set_meanwhile_is_not_replaced_by_the_imported_one() {
    const ROUNDS: usize = 12;
    const NEW: &str = "N3w-Passw0rd!";
    let stage = Stage::with(&["--password-memory-kib=4096"]).await;
    let names: Vec<_> = (0..ROUNDS).map(|n| format!("user-{n}")).collect();
    let rows: Vec<_> = names.iter().map(|name| (name.as_str(), PBKDF2)).collect();
    assert_eq!(counts(&stage.import_hashes("PBKDF2_SHA256", &rows).await), (i64::try_from(ROUNDS).unwrap(), 0, 0));
    for name in &names {
        let set = json!({"UserPoolId": stage.pool, "Username": name, "Password": NEW, "Permanent": true});
        let (_, changed) =
            tokio::join!(stage.sign_in(name, PASSWORD), stage.server.operator("AdminSetUserPassword", set));
        changed.ok();
        assert_eq!(stage.sign_in(name, PASSWORD).await.refused(), WRONG);
        stage.sign_in(name, NEW).await.ok();
    }
}
