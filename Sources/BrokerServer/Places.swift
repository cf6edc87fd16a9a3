import CeleryCore
import CeleryZMQ
import Synchronization

/// The places of all clients by name.
final class Places: Sendable {
    private let places = Mutex<[String: Place]>([:])

    /// Places of all clients together, and how long an unused one is kept: a waiting client asks again after 30 seconds.
    private static let most = 20_000
    private static let life: Duration = .seconds(600)

    /// The place of a request; `nil` if there is none of this name for this client and connection.
    func place(_ name: String, of caller: Caller) -> Place? {
        guard let place = places.withLock({ $0[name] }), place.owner == caller else { return nil }
        place.used.withLock { $0 = .now }
        return place
    }

    /// The place of this name, which an earlier connection of the same client has left.
    ///
    /// - Throws: `DriverError.noPermission` if it is another client's.
    func earlier(_ name: String, of caller: Caller) throws -> Place? {
        guard let place = places.withLock({ $0[name] }) else { return nil }
        guard place.owner.key == caller.key else { throw DriverError(.noPermission, "the broker knows another client by this name") }
        return place
    }

    /// - Throws: `DriverError.tryAgain` if there are too many.
    func add(_ place: Place, _ name: String) throws {
        let isAdded = places.withLock { places in
            if places.count >= Self.most || places.count.isMultiple(of: 64) {
                places = places.filter { $0.value.used.withLock { $0 } + Self.life > .now }
            }
            guard places.count < Self.most || places[name] != nil else { return false }
            places[name] = place
            return true
        }
        if !isAdded { throw DriverError(.tryAgain, "the broker has too many clients") }
    }

    func remove(_ name: String, _ place: Place) {
        places.withLock { places in if places[name] === place { places[name] = nil } }
    }
}
