//! What wakes zonelink, and where it leads: an event says where to look and nothing else.

pub mod event;
pub mod intent;
pub mod lookup;
pub mod own_calls;
