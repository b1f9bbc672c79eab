//! Domains of user pools.

pub(crate) mod create_user_pool_domain;
pub(crate) mod delete_user_pool_domain;
pub(crate) mod describe_user_pool_domain;
pub(crate) mod update_user_pool_domain;

use serde::{Deserialize, Serialize};

use crate::store::domains::Domain;

/// The input of CreateUserPoolDomain and UpdateUserPoolDomain.
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

/// `CustomDomainConfigType`. The certificate's name is only stored and returned, because the reverse proxy handles TLS.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomDomainConfig {
    certificate_arn: String,
}

impl DomainInput {
    /// The domain. Without a certificate it is a prefix, one label in front of this server's host; with one it is a
    /// custom domain.
    fn domain(self) -> Domain {
        Domain {
            pool_id: self.user_pool_id,
            domain: self.domain,
            certificate_arn: self.custom_domain_config.map(|config| config.certificate_arn),
            managed_login_version: self.managed_login_version.unwrap_or(1),
        }
    }
}

/// The output of creating and updating a domain.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DomainOutput {
    managed_login_version: i32,
    /// For a custom domain, the name that the DNS entry points at. Here that is the domain itself, because nothing is
    /// in between.
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
