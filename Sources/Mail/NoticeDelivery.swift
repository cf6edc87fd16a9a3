package import HTTP

/// Hands notices for the administrators to somebody who passes them on: a mail server, or a server of a chat. Blocks.
package protocol NoticeDelivery: Sendable {
    /// Where they go, for messages.
    var place: String { get }

    /// - Parameter name: Tells this notice from all others, however often it is offered.
    /// - Returns: `nil` when it was taken.
    func send(_ notice: [UInt8], named name: String) -> SMTPClient.Failure?
}

extension MailDelivery: NoticeDelivery {
    package func send(_ notice: [UInt8], named name: String) -> SMTPClient.Failure? { send(notice) }
}
