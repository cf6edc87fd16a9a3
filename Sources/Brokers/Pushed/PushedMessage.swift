/// A message as a server has pushed it, before it is read.
protocol PushedMessage: Sendable {
    /// Whether the server has forgotten the message: it does not return to its queue when the connection ends.
    var isForgotten: Bool { get }
}

extension PushedMessage {
    var isForgotten: Bool { false }
}
