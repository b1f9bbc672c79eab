//! ListUsers: lists a pool's users, ordered by subject, optionally with a filter.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html>

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::UserType;
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::{Error, Result},
    flows, page,
    store::{
        self,
        pools::Pool,
        users::{Field, Filter},
    },
};

/// The maximum and default number of users on a page.
const PAGE: i64 = 60;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    #[serde(default)]
    attributes_to_get: Option<Vec<String>>,
    #[serde(default)]
    limit: Option<i64>,
    #[serde(default)]
    pagination_token: Option<String>,
    #[serde(default)]
    filter: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    users: Vec<UserType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let filter = request.filter.as_deref().filter(|text| !text.trim().is_empty()).map(parse).transpose()?;
    let filter = filter.map(|filter| folded(filter, &pool));
    if request.attributes_to_get.iter().flatten().any(|name| !known(&pool, name)) {
        return Err(Error::InvalidParameter("One or more requested attributes do not exist.".into()));
    }
    let limit = match request.limit {
        None | Some(0) => PAGE,
        Some(limit) => limit,
    };
    let list = format!("users of {} by {filter:?}", pool.id);
    let after: Option<Uuid> = page::open(&app.sealing, &list, request.pagination_token.as_deref())?;
    let users =
        store::users::list(&app.db, &pool.id, filter.as_ref(), after.unwrap_or_else(Uuid::nil), limit + 1).await?;
    let (users, pagination_token) = page::cut(&app.sealing, &list, users, limit, |listed| listed.sub);
    let mut users: Vec<_> = users.iter().filter_map(|listed| listed.user.as_ref()).map(UserType::from).collect();
    if let Some(wanted) = request.attributes_to_get.filter(|wanted| !wanted.is_empty()) {
        for user in &mut users {
            user.attributes.retain(|attribute| wanted.contains(&attribute.name));
        }
    }
    Ok(Response { users, pagination_token })
}

fn known(pool: &Pool, name: &str) -> bool {
    pool.settings.schema_attributes.iter().any(|attribute| attribute.name == name)
}

/// Brings a username in the filter into the form in which the pool compares usernames.
fn folded(filter: Filter, pool: &Pool) -> Filter {
    match filter.field {
        Field::Username => Filter { value: pool.username_key(&filter.value), ..filter },
        _ => filter,
    }
}

/// Parses a filter: `name = "value"`, or `name ^= "value"` for a prefix. A quote in the value is written `\"`.
pub fn parse(text: &str) -> Result<Filter> {
    let broken = || Error::InvalidParameter("Error while parsing filter".into());
    let text = text.trim();
    let end = text.find(|c: char| c.is_whitespace() || c == '=' || c == '^').ok_or_else(broken)?;
    let (name, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let (prefix, rest) = match rest.strip_prefix("^=") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix('=').ok_or_else(broken)?),
    };
    let value = quoted(rest.trim()).ok_or_else(broken)?;
    let name = name.trim_matches('"');
    let attributes = ["email", "phone_number", "name", "given_name", "family_name", "preferred_username"];
    let field = match name {
        "username" => Field::Username,
        "sub" => Field::Sub,
        "cognito:user_status" => Field::UserStatus,
        "status" => Field::Enabled,
        other => match attributes.into_iter().find(|attribute| *attribute == other) {
            Some(attribute) => Field::Attribute(attribute),
            None => {
                let shown: String = other.chars().take(64).collect();
                return Err(Error::InvalidParameter(format!("Invalid search attribute: {shown}").into()));
            }
        },
    };
    Ok(Filter { field, prefix, value })
}

/// Returns the value between quotes, with `\"` and `\\` unescaped, or `None` if the input is not exactly one quoted
/// value.
fn quoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"').filter(|_| text.len() >= 2)?;
    let mut value = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_parsed() {
        let ok = |text: &str| parse(text).unwrap();
        assert_eq!(
            ok("email = \"a@b\""),
            Filter { field: Field::Attribute("email"), prefix: false, value: "a@b".into() }
        );
        assert_eq!(ok("username^=\"a\""), Filter { field: Field::Username, prefix: true, value: "a".into() });
        assert_eq!(ok(r#"name = "say \"hi\"""#).value, "say \"hi\"");
        assert_eq!(ok("status = \"Enabled\"").field, Field::Enabled);
        for bad in [
            "",
            "email",
            "email = a",
            "email > \"a\"",
            "email = \"a\" and x = \"b\"",
            "email = \"",
            "= \"a\"",
            "email = \"a\\\"",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert_eq!(parse("custom:x = \"a\"").unwrap_err().to_string(), "Invalid search attribute: custom:x");
    }
}
