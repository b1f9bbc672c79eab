//! Settings that would protect users, if Keystead judged the risk of sign-ins. It does not, so these settings are refused
//! unless the server's operator has accepted that they have no effect (`accept-unenforced-protection`).

use serde_json::Value;

use crate::{
    config::Config,
    error::{Error, Result},
};

/// Returns the first member of `UserPoolAddOns` that would protect users.
pub fn of_add_ons(add_ons: &Value) -> Option<String> {
    let members = [
        ("AdvancedSecurityMode", &add_ons["AdvancedSecurityMode"]),
        (
            "AdvancedSecurityAdditionalFlows.CustomAuthMode",
            &add_ons["AdvancedSecurityAdditionalFlows"]["CustomAuthMode"],
        ),
    ];
    let found = members.into_iter().find(|(_, value)| *value == "ENFORCED");
    found.map(|(member, _)| format!("UserPoolAddOns.{member}: ENFORCED"))
}

/// Returns the first member of a risk configuration that would protect users, apart from the lists of addresses.
pub fn of_risk_configuration(configuration: &Value) -> Option<String> {
    let credentials = &configuration["CompromisedCredentialsRiskConfiguration"]["Actions"]["EventAction"];
    if *credentials == "BLOCK" {
        return Some("CompromisedCredentialsRiskConfiguration.Actions.EventAction: BLOCK".into());
    }
    let actions = &configuration["AccountTakeoverRiskConfiguration"]["Actions"];
    ["LowAction", "MediumAction", "HighAction"].into_iter().find_map(|level| {
        let member = format!("AccountTakeoverRiskConfiguration.Actions.{level}");
        match actions[level]["EventAction"].as_str() {
            None | Some("NO_ACTION") if actions[level]["Notify"] == true => Some(format!("{member}.Notify: true")),
            None | Some("NO_ACTION") => None,
            Some(action) => Some(format!("{member}.EventAction: {action}")),
        }
    })
}

/// Refuses a setting that would protect users, unless the server's settings accept it.
pub fn refuse(config: &Config, setting: Option<String>) -> Result<()> {
    match setting {
        Some(setting) if !config.accept_unenforced_protection => Err(Error::InvalidParameter(
            format!(
                "{setting} is not supported by Keystead, which does not judge the risk of sign-ins: leave it out, or let \
                 the server's operator set accept-unenforced-protection, with which it is stored and has no effect."
            )
            .into(),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_would_protect_is_named() {
        let action = |action: &str, notify: bool| json!({"EventAction": action, "Notify": notify});
        let takeover =
            |actions: Value| of_risk_configuration(&json!({"AccountTakeoverRiskConfiguration": {"Actions": actions}}));
        assert_eq!(takeover(json!({"LowAction": action("NO_ACTION", false)})), None);
        let named =
            takeover(json!({"LowAction": action("NO_ACTION", false), "HighAction": action("MFA_REQUIRED", false)}));
        assert_eq!(
            named.as_deref(),
            Some("AccountTakeoverRiskConfiguration.Actions.HighAction.EventAction: MFA_REQUIRED")
        );
        let named = takeover(json!({"MediumAction": action("NO_ACTION", true)}));
        assert_eq!(named.as_deref(), Some("AccountTakeoverRiskConfiguration.Actions.MediumAction.Notify: true"));
        let credentials =
            |action: &str| json!({"CompromisedCredentialsRiskConfiguration": {"Actions": {"EventAction": action}}});
        assert!(of_risk_configuration(&credentials("BLOCK")).is_some());
        assert!(of_risk_configuration(&credentials("NO_ACTION")).is_none());
        assert!(
            of_risk_configuration(&json!({"RiskExceptionConfiguration": {"BlockedIPRangeList": ["10.0.0.0/8"]}}))
                .is_none()
        );
        assert!(of_add_ons(&json!({"AdvancedSecurityMode": "ENFORCED"})).is_some());
        let custom =
            json!({"AdvancedSecurityMode": "AUDIT", "AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "ENFORCED"}});
        assert!(of_add_ons(&custom).is_some());
        assert!(of_add_ons(&json!({"AdvancedSecurityMode": "AUDIT"})).is_none());
    }
}
