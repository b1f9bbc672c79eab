//! Domains of user pools.

pub(crate) mod create_user_pool_domain;
pub(crate) mod delete_user_pool_domain;
pub(crate) mod describe_user_pool_domain;
pub(crate) mod update_user_pool_domain;

use serde::{Deserialize, Serialize};

use crate::{error::Result, operations::members, store::domains::Domain};

/// The input of CreateUserPoolDomain and UpdateUserPoolDomain.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DomainInput {
    domain: String,
    user_pool_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    managed_login_version: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    custom_domain_config: Option<CustomDomainConfig>,
}

/// A domain's settings, complete.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    managed_login_version: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    custom_domain_config: Option<CustomDomainConfig>,
}

/// The service model's `CustomDomainConfigType`. The certificate's ARN is only stored and returned, because the reverse
/// proxy handles TLS.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomDomainConfig {
    certificate_arn: String,
}

impl DomainInput {
    /// Returns the domain that the request describes. With a certificate, it is a custom domain. Without a certificate,
    /// it is a prefix: one label in front of this server's host name. `before` is the domain that the request updates,
    /// or `None` if the domain is new.
    fn domain(self, before: Option<&Domain>) -> Result<Domain> {
        let settings: Settings = match before {
            Some(before) => members::DOMAIN.updated(&Settings::of(before), &self)?,
            None => members::DOMAIN.created(&self)?,
        };
        Ok(Domain {
            pool_id: self.user_pool_id,
            domain: self.domain,
            certificate_arn: settings.custom_domain_config.map(|config| config.certificate_arn),
            managed_login_version: settings.managed_login_version,
        })
    }
}

impl Settings {
    fn of(domain: &Domain) -> Self {
        let certificate = domain.certificate_arn.clone();
        Self {
            managed_login_version: domain.managed_login_version,
            custom_domain_config: certificate.map(|certificate_arn| CustomDomainConfig { certificate_arn }),
        }
    }
}

/// The output of CreateUserPoolDomain and UpdateUserPoolDomain.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DomainOutput {
    managed_login_version: i32,
    /// The name that the DNS entry of a custom domain should point to. It is the domain itself, because Keystead has no
    /// CloudFront distribution in front of it.
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
