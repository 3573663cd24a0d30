//! Shared by the journeys
