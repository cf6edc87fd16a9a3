import CeleryCore
import HeapModule

/// What a subscription has of a server that pushes: what has come and was not read, and the book of what was. A lock guards it.
protocol PushedDeliveries {
    associatedtype Arrived: PushedMessage
    var book: DeliveryBook<Arrived> { get set }

    /// Takes the next of what has come.
    mutating func popArrived() -> Arrived?
}

extension PushedDeliveries {
    typealias Entry = PushedDelivery<Arrived>

    var generation: Int { book.generation }
    var scheduled: Heap<Entry> { book.scheduled }
    var nextDue: Timestamp? { book.scheduled.min?.eta }

    /// Takes what may begin: first what was held until now, then what has come. The rest of that is held here, or set aside for
    /// the consumer to move it to where it waits without a worker.
    ///
    /// - Parameters:
    ///   - maximum: The number of deliveries to take.
    ///   - read: Reads what has come; the number is for its handle.
    ///   - isDistant: Whether a delivery is to be moved.
    mutating func take(
        _ maximum: Int, now: Timestamp, read: (_ arrived: Arrived, _ number: Int64) -> Entry, isDistant: (Entry) -> Bool
    ) -> (deliveries: [Delivery], distant: [Entry]) {
        var deliveries: [Delivery] = []
        var distant: [Entry] = []
        while deliveries.count < maximum {
            if let due = book.popDue(now) {
                deliveries.append(book.hand(due))
                continue
            }
            guard let arrived = popArrived() else { break }
            let entry = read(arrived, book.nextNumber())
            if entry.mayBegin(at: now) {
                deliveries.append(book.hand(entry))
            } else if isDistant(entry) {
                book.setAside()
                distant.append(entry)
            } else {
                book.schedule(entry)
            }
        }
        return (deliveries, distant)
    }

    /// The delivery behind a handle, if the worker may still settle it.
    func held(_ handle: DeliveryHandle) -> Entry? { book.held(handle) }

    /// Removes a delivery that the worker is done with.
    ///
    /// - Returns: The delivery, if it was still the worker's.
    mutating func release(_ handle: DeliveryHandle) -> Entry? { book.release(handle) }

    /// The messages of deliveries that wait for their ETA, the next first. Takes its time, so not under the lock.
    static func messages(of entries: Heap<Entry>, upTo most: Int) -> [Message] { entries.unordered.sorted().prefix(most).map(\.message) }
}
