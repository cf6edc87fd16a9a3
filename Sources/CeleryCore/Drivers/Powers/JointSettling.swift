/// Storing results together with the acknowledgement of their deliveries, where broker and result store are one server.
///
/// Unlike `AtomicSettling`, only for outcomes between whose steps nothing else is to be done; others are settled step by step.
public protocol JointSettling: BrokerConsumer {
    /// Whether results go to `store` by this subscription's own server.
    func sharesServer(with store: any ResultStore) -> Bool

    /// Publishes follow-ups, stores results and acknowledges the deliveries, in one step for all.
    ///
    /// - Returns: For each outcome, whether it counted; `nil` if a stored result must be looked at first, so that nothing was done.
    /// - Throws: `DriverError`; the outcome is unknown unless it is about the request, and the call may be repeated.
    func settleJointly(_ outcomes: [Outcome], in store: any ResultStore) async throws -> [Bool]?
}
