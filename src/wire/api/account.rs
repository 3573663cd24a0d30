//! The bodies of `/account` and `/admin`. What a client sends is refused with a field too many; what it hears may have more
//! fields than it knows.

use serde::{Deserialize, Serialize};

/// An installation that signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeviceBody {
    /// 16 lower-case hexadecimal digits, minted by the device.
    #[cfg_attr(feature = "schema", schema(pattern = "^[0-9a-f]{16}$", example = "0123456789abcdef"))]
    pub device_id: String,
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 60, example = "Mia's phone"))]
    pub name: String,
    /// The person whose rows it holds already, if any: it joins the account.
    pub person: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SignUp {
    pub device: DeviceBody,
    /// What somebody was given who is already here; for the first account, what the server printed when it started.
    pub invite: Option<String>,
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 60, example = "mia"))]
    pub name: String,
    #[cfg_attr(feature = "schema", schema(min_length = 10, max_length = 200))]
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SignIn {
    pub device: DeviceBody,
    #[cfg_attr(feature = "schema", schema(example = "mia"))]
    pub name: String,
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Join {
    pub code: String,
    pub device: DeviceBody,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Reset {
    pub code: String,
    #[cfg_attr(feature = "schema", schema(min_length = 10, max_length = 200))]
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonBody {
    pub person: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NameBody {
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Erase {
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NewPassword {
    #[cfg_attr(feature = "schema", schema(min_length = 10, max_length = 200))]
    pub new_password: String,
    /// The one that holds.
    pub password: String,
}

/// A one-time code. It goes into the part of an address that no server sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OneTime {
    pub code: String,
    pub expires_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Signed {
    /// For clients that are no browser; a browser has a cookie that scripts cannot read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
    /// For a browser: what its requests show beside the cookie, in the header `spotter-device`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub device_secret: Option<String>,
    pub account: Account,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Open {
    /// Nobody was ever here: whoever has the code that the server printed makes the account that administers.
    pub first: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Account {
    pub account_id: String,
    pub name: String,
    pub admin: bool,
    /// In the order they joined; the first is whom new rows are about.
    pub persons: Vec<String>,
    pub devices: Vec<Device>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Device {
    pub device_id: String,
    pub name: String,
    pub made_ms: u64,
    pub seen_ms: u64,
    pub revoked: bool,
    /// The one that asks.
    pub this: bool,
}

// What was asked for has happened, and there is nothing more to say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Done {
    pub done: bool,
}
