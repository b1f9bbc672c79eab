//! The account page's forms for a person's email address and phone number: entering, changing and verifying them.

use std::borrow::Cow;

use actix_web::HttpResponse;
use askama::Template;
use serde_json::{Value, json};

use super::{Account, Shows};
use crate::{
    error::{Error, Result},
    factor::{AddressAttribute, Factor, SecondFactor},
    flows::accounts::attributes::may_write,
    http::pages::{
        Notice, PageLayout, attribute_input::plain_phone, code_input, inbox, page, purpose::account_path, see_other,
        words,
    },
};

/// A kind of address on the page: its attribute, its form field, the type of the field's input, the message IDs of the
/// link that leads to the form (`change`) and of the button that begins a verification (`verify`), and the values of the
/// parameter `done` that report that the address was saved or verified.
pub(super) struct AddressKind {
    pub(super) attribute: AddressAttribute,
    pub(super) field: &'static str,
    pub(super) input: &'static str,
    pub(super) change: &'static str,
    pub(super) verify: &'static str,
    pub(super) saved: &'static str,
    pub(super) verified: &'static str,
}

pub(super) const ADDRESSES: [AddressKind; 2] = [
    AddressKind {
        attribute: AddressAttribute::Email,
        field: "email",
        input: "email",
        change: "change-email",
        verify: "verify-email",
        saved: "email-saved",
        verified: "email-verified",
    },
    AddressKind {
        attribute: AddressAttribute::PhoneNumber,
        field: "phone",
        input: "tel",
        change: "change-phone",
        verify: "verify-phone",
        saved: "phone-saved",
        verified: "phone-verified",
    },
];

pub(super) struct AddressRow<'a> {
    pub(super) kind: &'static AddressKind,
    pub(super) value: &'a str,
    pub(super) verified: bool,
    /// The address of the page that changes it, if people can change it through the app client.
    pub(super) change: Option<String>,
}

#[derive(Template)]
#[template(path = "account_address.html")]
struct AddressPage<'a> {
    f: PageLayout,
    kind: &'static AddressKind,
    value: &'a str,
}

#[derive(Template)]
#[template(path = "account_code.html")]
struct CodePage<'a> {
    f: PageLayout,
    /// The step that the form leads to: `email_code` or `phone_code`.
    step: String,
    to: &'a str,
    sent: Cow<'static, str>,
    /// The step that sends another code. It is the same step that sent the present code. If that step saved a new
    /// address, the form sends the address again.
    again: String,
    field: &'static str,
    entered: &'a str,
}

impl Account<'_> {
    /// Returns the rows of the person's addresses: the email address, and the phone number if the pool has a use for it
    /// or the person has one.
    pub(super) fn addresses(&self) -> Vec<AddressRow<'_>> {
        let (pool, client, attributes) = (&self.named.pool, &self.client.client, &self.browser.user.attributes);
        let value = |name: &str| attributes.get(name).and_then(Value::as_str).unwrap_or_default();
        let settings = &pool.settings;
        let lists = [&settings.auto_verified_attributes, &settings.alias_attributes, &settings.username_attributes];
        let phone = AddressAttribute::PhoneNumber.name();
        let phones = pool.has_mfa(SecondFactor::SmsMfa)
            || pool.allows_factor(Factor::SmsOtp)
            || !value(phone).is_empty()
            || lists.iter().any(|list| list.iter().any(|one| one == phone));
        let wanted = |kind: &&AddressKind| kind.attribute == AddressAttribute::Email || phones;
        let row = |kind: &'static AddressKind| AddressRow {
            kind,
            value: value(kind.attribute.name()),
            verified: value(kind.attribute.verified()) == "true",
            change: settings
                .schema_attributes
                .iter()
                .any(|known| known.name == kind.attribute.name() && known.mutable && may_write(client, known))
                .then(|| account_path(self.visit, &[("change", kind.field)])),
        };
        ADDRESSES.iter().filter(wanted).map(row).collect()
    }

    /// Shows the form for the kind of address with this field, or the account page if the person cannot change it.
    pub(super) async fn ask_address(&self, field: &str) -> Result<HttpResponse> {
        let addresses = self.addresses();
        match addresses.iter().find(|one| one.kind.field == field && one.change.is_some()) {
            None => self.page(200, Notice::None).await,
            Some(one) => match self.step_up(Some(("change", field))) {
                Some(response) => Ok(response),
                None => self.address_page(200, one.kind, one.value, Notice::None),
            },
        }
    }

    fn address_page(
        &self,
        status: u16,
        kind: &'static AddressKind,
        value: &str,
        notice: Notice,
    ) -> Result<HttpResponse> {
        let template = AddressPage { f: self.frame(notice), kind, value };
        page(self.visit, status, &template.f, &template)
    }

    pub(super) async fn save_address(&self, kind: &'static AddressKind) -> Result<HttpResponse> {
        let entered = self.field(kind.field).trim();
        let value = match kind.attribute {
            AddressAttribute::Email => entered.to_owned(),
            AddressAttribute::PhoneNumber => plain_phone(entered),
        };
        let attribute = json!({"Name": kind.attribute, "Value": value});
        match self.call("UpdateUserAttributes", json!({"UserAttributes": [attribute]})).await {
            Ok(answer) => match answer["CodeDeliveryDetailsList"][0]["Destination"].as_str() {
                Some(to) => self.lead_to(self.waits_for_code(kind, to), Notice::None).await,
                None => Ok(see_other(&account_path(self.visit, &[("done", kind.saved)]))),
            },
            Err(error) => self.address_page(400, kind, entered, self.problem(error)?),
        }
    }

    pub(super) async fn verify_address(&self, kind: &'static AddressKind) -> Result<HttpResponse> {
        match self.call("GetUserAttributeVerificationCode", json!({"AttributeName": kind.attribute})).await {
            Ok(answer) => {
                let to = answer["CodeDeliveryDetails"]["Destination"].as_str().unwrap_or_default();
                self.lead_to(self.waits_for_code(kind, to), Notice::None).await
            }
            Err(error) => self.said(error).await,
        }
    }

    /// Returns the page that waits for a code. It repeats the address that was entered, if it was one that is new.
    fn waits_for_code(&self, kind: &AddressKind, to: &str) -> Shows {
        let entered = self.field(kind.field).trim().to_owned();
        Shows::Code { field: kind.field.to_owned(), to: to.to_owned(), entered }
    }

    pub(super) fn code_page(
        &self,
        status: u16,
        kind: &AddressKind,
        (to, entered): (&str, &str),
        mut f: PageLayout,
    ) -> Result<HttpResponse> {
        f.inbox = inbox::link(self.visit);
        let template = CodePage {
            step: format!("{}_code", kind.field),
            to,
            sent: f.say1("code-sent-to", "to", if entered.is_empty() { to } else { entered }),
            again: if entered.is_empty() { format!("verify_{}", kind.field) } else { kind.field.to_owned() },
            field: kind.field,
            entered,
            f,
        };
        page(self.visit, status, &template.f, &template)
    }

    pub(super) async fn address_code(&self, kind: &'static AddressKind) -> Result<HttpResponse> {
        let input = json!({"AttributeName": kind.attribute, "Code": code_input::code(self.field("code"))});
        match self.call("VerifyUserAttribute", input).await {
            Ok(_) => Ok(see_other(&account_path(self.visit, &[("done", kind.verified)]))),
            Err(error) => {
                let error = words::refuse_internal(error)?;
                let texts = PageLayout::new(self.visit, None).texts;
                let text = match error {
                    Error::InvalidParameter(_) => texts.say("error-code"),
                    other => words::explaining(&texts, &other),
                };
                self.lead_to(self.waits_for_code(kind, self.field("to")), Notice::Problem(text)).await
            }
        }
    }
}
