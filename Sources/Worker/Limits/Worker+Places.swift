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
            }
        } catch {
            log.brokerTrouble("cannot free places of tasks", error)
            for handle in left { places[handle] = .admitted }
        }
    }

    /// Frees the places that could not be freed before.
    func keepPlaces() async { await leavePlaces() }
}
