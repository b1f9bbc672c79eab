//! Importing users from a file.

use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, TestServer, initiate, pool_with};

const ROLE: &str = "arn:aws:iam::123456789012:role/import";
const HEADER: &str =
    "cognito:username,email,email_verified,phone_number,phone_number_verified,cognito:mfa_enabled,custom:plan";

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
        let input = json!({"UserPoolId": self.pool, "JobName": "move", "CloudWatchLogsRoleArn": ROLE});
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
