//! How much one request takes: the one place that knows AWS's limits per call, and that makes several requests of a
//! list that is too long for one.
//!
//! Whoever builds a request from a set takes it in pieces from here, so no set can grow over what AWS takes. A test of
//! the architecture holds that nothing else cuts lists.

use std::slice::Chunks;

/// What a call takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Values in one filter of an EC2 call
    /// ([Filter](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html),
    /// [user guide](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html)).
    FilterValues,
    /// Endpoints in one `AcceptVpcEndpointConnections` or `RejectVpcEndpointConnections`. AWS documents no number; this
    /// one is ours.
    Connections,
    /// Keys of one `BatchGetItem`
    /// ([API reference](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html)).
    BatchGetKeys,
    /// Actions of one `TransactWriteItems`
    /// ([API reference](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html)).
    TransactItems,
    /// Endpoints, or VPCs, that one intent names. Ours: one Describe call serves them all, and the message stays far
    /// below the 256 KiB that
    /// [SendMessage](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html)
    /// takes.
    IntentSubjects,
    /// Values of one metric in a line of the embedded metric format
    /// ([specification](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html)).
    MetricValues,
}

impl Limit {
    /// The number.
    #[must_use]
    pub const fn most(self) -> usize {
        match self {
            Limit::FilterValues => 200,
            Limit::Connections
            | Limit::BatchGetKeys
            | Limit::TransactItems
            | Limit::IntentSubjects
            | Limit::MetricValues => 100,
        }
    }

    /// The list in pieces, each of which one call takes; none of an empty list.
    pub fn split<T>(self, list: &[T]) -> Chunks<'_, T> {
        list.chunks(self.most())
    }

    /// The same where a call takes some more that is no part of the list.
    pub fn split_beside<T>(self, others: usize, list: &[T]) -> Chunks<'_, T> {
        list.chunks(self.most().saturating_sub(others).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes<T>(pieces: Chunks<'_, T>) -> Vec<usize> {
        pieces.map(<[T]>::len).collect()
    }

    #[test]
    fn no_piece_is_longer_than_a_call_takes_and_nothing_is_lost() {
        let list = [0_u8; 250];
        assert_eq!(sizes(Limit::FilterValues.split(&list)), [200, 50]);
        assert_eq!(sizes(Limit::TransactItems.split(&list)), [100, 100, 50]);
        assert_eq!(sizes(Limit::TransactItems.split_beside(2, &list)), [98, 98, 54]);
        assert_eq!(Limit::IntentSubjects.split::<u8>(&[]).count(), 0);
    }
}
