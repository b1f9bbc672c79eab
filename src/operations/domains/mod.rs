//! Domains of user pools.

pub(crate) mod create_user_pool_domain;
pub(crate) mod delete_user_pool_domain;
pub(crate) mod describe_user_pool_domain;
pub(crate) mod update_user_pool_domain;

use serde::{Deserialize, Serialize};

use crate::store::domains::Domain;

/// What CreateUserPoolDomain and UpdateUserPoolDomain say of a domain.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DomainInput {
    domain: String,
    user_pool_id: String,
    #[serde(default)]
    managed_login_version: Option<i32>,
    #[serde(default)]
    custom_domain_config: Option<CustomDomainConfig>,
}

/// `CustomDomainConfigType`. The certificate's name is kept and given back: TLS is the reverse proxy's.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomDomainConfig {
    certificate_arn: String,
}

impl DomainInput {
    /// The domain. A prefix is one label before this server's host, and only a name with a certificate is more.
    fn domain(self) -> Domain {
        Domain {
            pool_id: self.user_pool_id,
            domain: self.domain,
            certificate_arn: self.custom_domain_config.map(|config| config.certificate_arn),
            managed_login_version: self.managed_login_version.unwrap_or(1),
        }
    }
}

/// What making and changing a domain answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DomainOutput {
    managed_login_version: i32,
    /// Of a custom domain: the name that the DNS entry points at. Here the domain itself: nothing stands in between.
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_front_domain: Option<String>,
}

impl DomainOutput {
    fn of(domain: Domain) -> Self {
        Self {
            managed_login_version: domain.managed_login_version,
            cloud_front_domain: domain.certificate_arn.is_some().then_some(domain.domain),
        }
    }
}
