//! Risk configurations of pools and app clients. One of a client takes the place of its pool's.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;

use super::{Connection, Connections};

/// `RiskExceptionConfiguration`: networks whose sign-ins are always refused, and networks that are excepted from that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RiskExceptions {
    #[serde(rename = "BlockedIPRangeList", skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<IpNet>,
    #[serde(rename = "SkippedIPRangeList", skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<IpNet>,
}

impl RiskExceptions {
    /// Whether requests from this address are refused. If both lists have networks with the address, the smaller
    /// network counts, and of two equal ones the blocked one.
    pub fn block(&self, address: IpAddr) -> bool {
        let smallest = |networks: &[IpNet]| {
            networks.iter().filter(|network| network.contains(&address)).map(IpNet::prefix_len).max()
        };
        let (blocked, skipped) = (smallest(&self.blocked), smallest(&self.skipped));
        blocked.is_some() && blocked >= skipped
    }
}

/// Finds the configuration of a pool (`client_id` is `None`) or a client. Returns `None` if there is no such pool or
/// client, and `Some(None)` if it has no configuration.
pub async fn find(db: &Connections, pool_id: &str, client_id: Option<&str>) -> sqlx::Result<Option<Option<Value>>> {
    sqlx::query_scalar!(
        r#"SELECT CASE WHEN $2::text IS NULL THEN p.risk_configuration ELSE c.risk_configuration END AS configuration
           FROM user_pools p LEFT JOIN app_clients c ON c.user_pool_id = p.user_pool_id AND c.client_id = $2
           WHERE p.user_pool_id = $1 AND p.deleted_at IS NULL AND ($2::text IS NULL OR c.client_id IS NOT NULL)"#,
        pool_id,
        client_id
    )
    .fetch_optional(db)
    .await
}

/// Locks a pool (`client_id` is `None`) or a client until the transaction ends, and returns its configuration. Returns
/// `None` if there is no such pool or client, and `Some(None)` if it has no configuration.
pub async fn lock(db: &mut Connection, pool_id: &str, client_id: Option<&str>) -> sqlx::Result<Option<Option<Value>>> {
    match client_id {
        None => {
            let found = sqlx::query_scalar!(
                "SELECT risk_configuration FROM user_pools WHERE user_pool_id = $1 AND deleted_at IS NULL FOR UPDATE",
                pool_id
            );
            found.fetch_optional(db).await
        }
        Some(client_id) => {
            let found = sqlx::query_scalar!(
                "SELECT risk_configuration FROM app_clients WHERE user_pool_id = $1 AND client_id = $2 FOR UPDATE",
                pool_id,
                client_id
            );
            found.fetch_optional(db).await
        }
    }
}

/// Writes the configuration of a pool or client that the caller has locked.
pub async fn update(
    db: &mut Connection,
    pool_id: &str,
    client_id: Option<&str>,
    configuration: Option<&Value>,
) -> sqlx::Result<()> {
    let configuration = configuration.map(Json);
    match client_id {
        None => {
            sqlx::query!(
                "UPDATE user_pools SET risk_configuration = $2 WHERE user_pool_id = $1",
                pool_id,
                configuration as _
            )
            .execute(db)
            .await?;
        }
        Some(client_id) => {
            sqlx::query!(
                "UPDATE app_clients SET risk_configuration = $3 WHERE user_pool_id = $1 AND client_id = $2",
                pool_id,
                client_id,
                configuration as _
            )
            .execute(db)
            .await?;
        }
    }
    Ok(())
}

/// Lists the configurations of a pool and its clients, each with the client's ID.
pub async fn list(db: &Connections, pool_id: &str) -> sqlx::Result<Vec<(Option<String>, Value)>> {
    let rows = sqlx::query!(
        r#"SELECT NULL::text AS client_id, risk_configuration AS "configuration!" FROM user_pools
           WHERE user_pool_id = $1 AND risk_configuration IS NOT NULL
           UNION ALL SELECT client_id, risk_configuration FROM app_clients
           WHERE user_pool_id = $1 AND risk_configuration IS NOT NULL"#,
        pool_id
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.client_id, row.configuration)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_network_counts() {
        let networks = |all: &[&str]| all.iter().map(|one| one.parse().unwrap()).collect();
        let exceptions = RiskExceptions {
            blocked: networks(&["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]),
            skipped: networks(&["10.1.0.0/16", "192.0.2.7/32", "0.0.0.0/0"]),
        };
        let blocks = |address: &str| exceptions.block(address.parse().unwrap());
        assert!(blocks("10.2.0.1") && blocks("192.0.2.7") && blocks("2001:db8::1"));
        assert!(!blocks("10.1.0.1") && !blocks("11.0.0.1") && !blocks("2001:db9::1"));
        assert!(!RiskExceptions::default().block("10.0.0.1".parse().unwrap()));
    }
}
