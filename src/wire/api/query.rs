//! What the queries of the addresses may say, as a server reads them.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct PullQuery {
    /// A checkpoint as JSON; absent means from the beginning.
    #[cfg_attr(feature = "schema", param(example = "{\"epoch\":\"0190\",\"seq\":0,\"view\":\"5f\"}"))]
    pub checkpoint: Option<String>,
    /// Rows of the page, 1 to 1,000.
    #[cfg_attr(feature = "schema", param(minimum = 1, maximum = 1000, example = 100))]
    pub batch_size: Option<usize>,
    /// One scope of those that the account reads.
    pub scope: Option<String>,
    /// Part of one chain instead, whatever the checkpoint: `scope/device/lane`, with `from` and `to`.
    pub chain: Option<String>,
    #[cfg_attr(feature = "schema", param(maximum = 9007199254740992_u64))]
    pub from: Option<u64>,
    #[cfg_attr(feature = "schema", param(maximum = 9007199254740992_u64))]
    pub to: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct DigestQuery {
    pub scope: Option<String>,
    /// One chain in blocks of 512 places instead: `scope/device/lane`.
    pub chain: Option<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct SegmentQuery {
    pub scope: String,
    #[cfg_attr(feature = "schema", param(maximum = 9007199254740992_u64))]
    pub from: u64,
    #[cfg_attr(feature = "schema", param(maximum = 9007199254740992_u64))]
    pub to: u64,
}

#[derive(Debug, Deserialize)]
pub struct StreamQuery {
    pub checkpoint: Option<String>,
}
