/// A message handed to a worker, with the handle to settle it.
public struct Delivery: Sendable {
    public var handle: DeliveryHandle
    public var message: Message

    public init(handle: DeliveryHandle, message: Message) {
        self.handle = handle
        self.message = message
    }
}

/// What a broker needs to recognise a delivery again.
public struct DeliveryHandle: Sendable, Hashable {
    /// The broker's own number for it.
    public var tag: Int64
    /// Which execution this is, counted from 1; the fence against late writers.
    public var attempt: Int
    public var redelivered: Bool { attempt > 1 }

    public init(tag: Int64, attempt: Int) {
        self.tag = tag
        self.attempt = attempt
    }
}
