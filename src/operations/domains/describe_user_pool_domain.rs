//! DescribeUserPoolDomain. An unknown domain is not an error: its description is empty.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPoolDomain.html>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{app::App, caller::Operator, context::Context, error::Result, operations::pools::ACCOUNT_ID, store};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    domain: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    domain_description: Value,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let Some(found) = store::domains::find(&app.db, &request.domain).await? else {
        return Ok(Response { domain_description: json!({}) });
    };
    let custom = match &found.certificate_arn {
        Some(arn) => json!({"CertificateArn": arn}),
        None => json!({}),
    };
    Ok(Response {
        domain_description: json!({
            "UserPoolId": found.pool_id,
            "AWSAccountId": ACCOUNT_ID,
            "Domain": found.domain,
            "Version": "1",
            "Status": "ACTIVE",
            "CloudFrontDistribution": found.domain,
            "CustomDomainConfig": custom,
            "ManagedLoginVersion": found.managed_login_version,
        }),
    })
}
