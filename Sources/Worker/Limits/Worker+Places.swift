import CeleryCore

// Most places end with their delivery. Those of tasks that are acknowledged before they run, and those that are kept in a
// result store beside a broker that keeps none, are left when their tasks are not with the pool any more.
extension Worker {
    /// What is known of a place.
    enum PlaceState {
        /// Its task is on its way to the pool.
        case admitting
        /// Its task is with the pool, or has ended.
        case admitted
    }

    /// A worker that is gone keeps places for so long. Renewed about three times as often.
    private static let placeLease: Duration = .seconds(15)
    /// Others are asked so often for a place, in seconds.
    private static let placeLook = 0.5
    /// Seconds until the next try when they cannot be asked.
    private static let placePause = 5.0

    /// Keeps the places of tasks for a broker that keeps none; `nil` where each worker counts by itself.
    private func placeKeeper(beside consumer: (any BrokerConsumer)?) -> (any PlaceKeeping)? {
        consumer is any LimitKeeping ? nil : store as? any PlaceKeeping
    }

    /// Those of the deliveries for which others that keep results with this worker leave a place. The others wait on.
    func withPlaces(_ deliveries: [Delivery], _ consumer: any BrokerConsumer) async -> [Delivery] {
        guard !deliveries.isEmpty, let keeper = placeKeeper(beside: consumer) else { return deliveries }
        let now = self.now()
        let asked = deliveries.compactMap { delivery -> (delivery: Delivery, limit: TaskLimit)? in
            limit(of: delivery.message, now).flatMap { $0.places == nil ? nil : (delivery: delivery, limit: $0) }
        }
        guard !asked.isEmpty else { return deliveries }
        let claims = asked.map { delivery, limit in
            PlaceClaim(
                holder: Self.holder(delivery.handle), id: delivery.message.id, task: limit.task, key: limit.key,
                places: limit.places ?? 1)
        }
        var answers = claims.map { _ in false }
        var look = Self.placeLook
        do {
            answers = try await keeper.claim(claims, by: configuration.identity.id, for: Self.placeLease)
        } catch {
            log.brokerTrouble("cannot ask for places of tasks", error)
            look = Self.placePause
        }
        let refused = zip(asked, answers).compactMap { $1 ? nil : $0 }
        for (delivery, _) in zip(asked, answers).compactMap({ $1 ? $0 : nil }) { places[delivery.handle] = .admitting }
        limits.putBack(refused, until: Timestamp(seconds: now.seconds + look), now: now)
        let away = Set(refused.map(\.delivery.handle))
        return away.isEmpty ? deliveries : deliveries.filter { !away.contains($0.handle) }
    }

    /// Who has the places of a line, here and with others; `nil` where each worker counts by itself.
    func placeHolders(of limit: TaskLimit) async -> [TaskID]? {
        try? await placeKeeper(beside: consumer)?.holders(of: limit.task, key: limit.key)
    }

    private static func holder(_ handle: DeliveryHandle) -> String { "\(handle.tag).\(handle.attempt)" }

    /// Frees the places whose tasks have ended. What goes wrong is tried again after the next end, or a while.
    ///
    /// - Parameter haveAdmitted: whether all that was on its way has arrived.
    func leavePlaces(haveAdmitted: Bool = false) async {
        guard !places.isEmpty else { return }
        if haveAdmitted { places = places.mapValues { _ in .admitted } }
        let running = Set(inFlight.values.compactMap(\.place))
        let left = places.filter { $0.value == .admitted && !running.contains($0.key) }.map(\.key)
        guard !left.isEmpty else { return }
        for handle in left { places[handle] = nil }
        do {
            if let keeper = consumer as? any LimitKeeping {
                try await keeper.leavePlaces(left)
            } else if let keeper = placeKeeper(beside: consumer) {
                try await keeper.leavePlaces(left.map(Self.holder), of: configuration.identity.id)
                limits.notePlaceLeft()
                waiting?.cancel()
            }
        } catch {
            log.brokerTrouble("cannot free places of tasks", error)
            for handle in left { places[handle] = .admitted }
        }
    }

    /// Renews the lease of the places, and frees those that could not be freed before.
    func keepPlaces() async {
        guard !places.isEmpty else { return }
        await leavePlaces()
        guard let keeper = placeKeeper(beside: consumer) else { return }
        do {
            try await keeper.renewPlaces(of: configuration.identity.id, for: Self.placeLease)
        } catch {
            if !Task.isCancelled { log.brokerTrouble("cannot keep the places of tasks", error) }
        }
    }

    /// Frees what is left, when the worker ends.
    func leaveAllPlaces() async {
        guard !places.isEmpty, let keeper = placeKeeper(beside: consumer) else { return }
        try? await keeper.leavePlaces(nil, of: configuration.identity.id)
    }
}
